"""Does the SWE-bench package accept the task repository, and does it build our rows?

In: the folder `swe-bench` of an export. Out: one line; on a finding, what differs,
and exit code 1. A task without its test lists shows first that the check can refuse.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
from swebench.harness.utils import get_predictions_from_file, make_test_spec
from swebench.task.checks import check_task_repo
from swebench.task.publish import write_parquets

Row = dict[str, Any]
LISTS = ("FAIL_TO_PASS", "PASS_TO_PASS")


def rows_of(path: Path) -> dict[str, Row]:
    """Reads a table by instance, the lists of tests as lists."""
    rows = pyarrow.parquet.read_table(path).to_pylist()
    for row in rows:
        for name in LISTS:
            row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
    return {row["instance_id"]: row for row in rows}


def written(folder: Path) -> dict[str, Row]:
    """Reads the tables of the export."""
    tables = sorted((folder / "data").glob("*.parquet"))
    return {name: row for path in tables for name, row in rows_of(path).items()}


def differences(folder: Path) -> Iterator[str]:
    """Builds the dataset with the package and yields where it differs from ours."""
    ours = written(folder)
    lines = [line for path in (folder / "data").glob("*.jsonl") for line in path.open(encoding="utf-8")]
    twins = {row["instance_id"]: row for row in map(json.loads, lines)}
    with tempfile.TemporaryDirectory() as scratch:
        built = [path for path in write_parquets(folder, scratch).values() if path.suffix == ".parquet"]
        theirs = {name: row for path in built for name, row in rows_of(path).items()}
    if not ours or ours.keys() != theirs.keys() or ours.keys() != twins.keys():
        yield f"{len(ours)} rows, {len(twins)} lines, {len(theirs)} tasks"
        return
    for name, row in ours.items():
        for column, value in theirs[name].items():
            mine = "" if row[column] is None else row[column]
            if mine != value:
                yield f"{name}: `{column}` of the row is not that of the task directory"
        for column in row.keys() - set(LISTS):
            if row[column] != twins[name][column]:
                yield f"{name}: `{column}` of the row is not that of the line"
        if make_test_spec(twins[name]).FAIL_TO_PASS != row["FAIL_TO_PASS"]:
            yield f"{name}: the harness reads other tests"


def wrong_predictions(folder: Path) -> Iterator[str]:
    """Yields the gold predictions that are not the patch of their row."""
    patches = {name: row["patch"] for name, row in written(folder).items()}
    path = str(folder / "predictions" / "gold.jsonl")
    read = {one["instance_id"]: one["model_patch"] for one in get_predictions_from_file(path, "", "")}
    if read != patches:
        yield "the gold predictions are not the gold patches"


def refuses_a_planted_fault(folder: Path) -> bool:
    """Returns whether the check refuses a task whose list of tests is empty."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "repository"
        shutil.copytree(folder, copy)
        tests = next(iter(sorted(copy.glob("tasks/*/tests.json"))))
        tests.write_text(json.dumps(dict.fromkeys(LISTS, [])), encoding="utf-8")
        return bool(check_task_repo(copy))


def main(folder: Path) -> int:
    """Runs every check and returns the exit code."""
    count = len(list(folder.glob("tasks/*/task.yaml")))
    if count == 0:
        print(f"swe-bench: no task below {folder}")
        return 1
    if not refuses_a_planted_fault(folder):
        print("swe-bench: the check accepts a task that nothing grades")
        return 1
    found = [str(problem) for problem in check_task_repo(folder)]
    found += found or [*differences(folder), *wrong_predictions(folder)]
    print("\n".join(found) or f"swe-bench: the package checks and builds {count} tasks as we wrote them")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
