"""Does Backstory's forest learn what lambdarank of LightGBM learns?

usage: lambdamart.py TRAINER OUT [--table FILE] [--environments DIR]

TRAINER is the example `train_table` of the crate `backstory-learn`. Makes queries with
a known answer, writes them as feature tables below OUT, trains both and compares:

1. without sampling and with 7 leaves, on values of few bins, both must give the rows
   that they saw the same scores: then the gradients, their normalization, the gains
   and the order of growth are the same;
2. with sampling, over five seeds, the NDCG@10 of unseen queries must agree within
   noise (two standard errors of the paired difference), and both must beat the best
   single feature by far.

`--table` does the second comparison on a table of `backstory learn features` as well;
every third query is held out, and of each query all gold and 60 other rows are taken,
half of them the first by the feature `content`. Prints one Markdown table; exit code 1
when a comparison fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from run import Environment

if TYPE_CHECKING:
    import numpy as np

SEEDS = range(5)
RATE = 0.05
ROWS = 20
CLOSE = 1e-4


@dataclass(frozen=True)
class Shape:
    """How a forest is grown: its size and which part of rows and columns a tree sees."""

    trees: int
    leaves: int
    share: float


WHOLE = Shape(trees=30, leaves=7, share=1.0)
SAMPLED = Shape(trees=100, leaves=15, share=0.8)


@dataclass(frozen=True)
class Table:
    """Queries: the features of all rows, their gold, and the size of each query."""

    names: list[str]
    features: np.ndarray
    gold: np.ndarray
    sizes: np.ndarray

    def write(self, path: Path) -> Path:
        """Writes the table as Parquet and returns its path."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        groups = np.repeat(np.arange(len(self.sizes), dtype=np.int64), self.sizes)
        columns = {name: self.features[:, at] for at, name in enumerate(self.names)}
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"group": groups, "gold": self.gold.astype(bool), **columns}), path)
        return path

    def queries(self) -> list[slice]:
        """Returns the rows of each query."""
        ends = self.sizes.cumsum()
        return [slice(end - size, end) for size, end in zip(self.sizes, ends, strict=True)]


def synthetic(seed: int, queries: int, bins: int | None) -> Table:
    """Makes queries of 40 rows whose gold is the row of the highest hidden worth."""
    import numpy as np

    stream = np.random.default_rng(seed)
    features = stream.random((queries * 40, 12), dtype=np.float32)
    if bins:
        features = np.floor(features * bins, dtype=np.float32)
    unit = features / (bins or 1)
    worth = 1.5 * unit[:, 0] + 2 * unit[:, 1] * unit[:, 2] + 0.8 * (unit[:, 3] > 0.7) - unit[:, 4]
    worth = (worth + 0.6 * stream.random(len(worth))).reshape(queries, 40)
    gold = np.zeros((queries, 40), dtype=bool)
    order = np.argsort(-worth, axis=1)
    gold[np.arange(queries), order[:, 0]] = True
    gold[::4][np.arange(len(gold[::4])), order[::4, 1]] = True
    names = [f"f{at}" for at in range(12)]
    return Table(names, features, gold.ravel(), np.full(queries, 40))


def halves(path: Path) -> tuple[Table, Table]:
    """Reads a table of features; every third query is held out."""
    import numpy as np
    import pyarrow.parquet as pq

    rows = pq.read_table(path)
    keys = {"query", "group", "repo", "path", "gold"}
    names = [name for name in rows.column_names if name not in keys]
    features = np.column_stack([rows[name].to_numpy().astype(np.float32) for name in names])
    group, gold = rows["group"].to_numpy(), rows["gold"].to_numpy(zero_copy_only=False)
    content = features[:, names.index("content")]
    parts: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for number, one in enumerate(np.unique(group)):
        places = np.flatnonzero(group == one)
        others = places[~gold[places]]
        others = others[np.argsort(-content[others], kind="stable")]
        rest = others[30:]
        drawn = np.random.default_rng(number).permutation(rest)[:30]
        taken = np.sort(np.concatenate([places[gold[places]], others[:30], drawn]))
        parts[number % 3 == 0].append(taken)
    cut = [np.concatenate(part) for part in parts]
    sizes = [np.array([len(taken) for taken in part]) for part in parts]
    seen, unseen = (
        Table(names, features[rows], gold[rows], size) for rows, size in zip(cut, sizes, strict=True)
    )
    return seen, unseen


def lightgbm_scores(seen: Table, unseen: Table, shape: Shape, seed: int) -> np.ndarray:
    """Trains LightGBM with the options of the protocol."""
    import lightgbm

    options = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 10,
        "num_leaves": shape.leaves,
        "learning_rate": RATE,
        "min_data_in_leaf": ROWS,
        "bagging_fraction": shape.share,
        "bagging_freq": 1 if shape.share < 1 else 0,
        "feature_fraction": shape.share,
        "max_bin": 255,
        "min_data_in_bin": 1,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 2,
        "verbosity": -1,
    }
    rows = lightgbm.Dataset(seen.features, label=seen.gold.astype(int), group=seen.sizes)
    return lightgbm.train(options, rows, num_boost_round=shape.trees).predict(unseen.features)


def own_scores(trainer: Path, tables: tuple[Path, Path], shape: Shape, seed: int) -> np.ndarray:
    """Trains Backstory's forest with the same options."""
    import numpy as np

    numbers = [str(number) for number in (shape.trees, shape.leaves, RATE, shape.share, ROWS, seed)]
    done = subprocess.run([trainer, *tables, *numbers], check=True, capture_output=True, text=True)
    return np.array([float(line) for line in done.stdout.split()])


def ndcg(table: Table, scores: np.ndarray) -> np.ndarray:
    """Returns NDCG@10 of each query; equal scores stay in the order of the rows."""
    import numpy as np

    discounts = 1 / np.log2(np.arange(10) + 2)
    found = []
    for rows in table.queries():
        gold = table.gold[rows][np.argsort(-scores[rows], kind="stable")][:10]
        best = discounts[: min(10, int(table.gold[rows].sum()))].sum()
        found.append((gold * discounts[: len(gold)]).sum() / best)
    return np.array(found)


def same_scores(trainer: Path, out: Path) -> tuple[bool, str]:
    """Compares the scores of forests that saw the same rows and columns."""
    import numpy as np

    seen = synthetic(1, 150, bins=40)
    path = seen.write(out / "same" / "train.parquet")
    ours = own_scores(trainer, (path, path), WHOLE, 0)
    theirs = lightgbm_scores(seen, seen, WHOLE, 0)
    gap = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    line = f"| same scores, 30 trees | | | greatest gap {gap:.1e} of the highest score |"
    return gap < CLOSE, line


def same_quality(
    name: str, trainer: Path, out: Path, seen: Table, unseen: Table, *, beats_features: bool
) -> tuple[bool, str]:
    """Compares NDCG@10 on unseen queries over five seeds."""
    import numpy as np

    tables = (seen.write(out / "train.parquet"), unseen.write(out / "test.parquet"))
    ours = np.array([ndcg(unseen, own_scores(trainer, tables, SAMPLED, seed)) for seed in SEEDS])
    theirs = np.array([ndcg(unseen, lightgbm_scores(seen, unseen, SAMPLED, seed)) for seed in SEEDS])
    single = max(ndcg(unseen, unseen.features[:, at]).mean() for at in range(len(unseen.names)))
    apart = ours.mean(axis=0) - theirs.mean(axis=0)
    noise = 2 * apart.std(ddof=1) / np.sqrt(len(apart))
    good = abs(apart.mean()) <= max(noise, 0.002)
    learned = not beats_features or min(ours.mean(), theirs.mean()) > single + 0.1
    line = (
        f"| {name}, {len(seen.sizes)} and {len(unseen.sizes)} queries | {ours.mean():.4f} ± {ours.mean(axis=1).std():.4f} "
        f"| {theirs.mean():.4f} ± {theirs.mean(axis=1).std():.4f} "
        f"| {apart.mean():+.4f}, noise {noise:.4f}; best feature {single:.4f} |"
    )
    return bool(good and learned), line


def compare(trainer: Path, out: Path, table: Path | None) -> int:
    """Runs every comparison, prints the table and returns the exit code."""
    results = [same_scores(trainer, out)]
    seen, unseen = synthetic(3, 200, bins=None), synthetic(4, 200, bins=None)
    results.append(same_quality("made", trainer, out / "made", seen, unseen, beats_features=True))
    if table:
        seen, unseen = halves(table)
        results.append(same_quality("exported", trainer, out / "exported", seen, unseen, beats_features=False))
    print("| data | NDCG@10 of Backstory | NDCG@10 of LightGBM | difference |\n|---|--:|--:|---|")
    for good, line in results:
        print(line if good else f"{line} **differs**")
    return 0 if all(good for good, _ in results) else 1


def main() -> int:
    """Runs the comparisons where LightGBM is installed, building an environment if needed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trainer", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--environments", type=Path, default=Path(".venv-conformance"))
    given = parser.parse_args()
    try:
        import lightgbm  # noqa: F401
    except ImportError:
        folder = given.environments.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        interpreter = Environment("ranker").install(folder)
        return subprocess.run([interpreter, __file__, *sys.argv[1:]], check=False).returncode
    return compare(given.trainer.resolve(), given.out.resolve(), given.table)


if __name__ == "__main__":
    sys.exit(main())
