"""Does the SWE-bench grader give the verdicts we give?

In: an export with `swe-bench`, and a folder of logs `ID/gold.log`, `ID/none.log`,
`ID/reverted.log` and `ID/mutant.log`, each what `eval.sh` printed. The gold patch
must be resolved, the others must not; an instance none of whose mutants fails has
no mutant log. Out: one line with the counts; on a disagreement, the log, and exit
code 1. With `--space`, at least one resolved instance must have a test whose id
holds a space. A log with one verdict turned around shows first that the grader can
disagree. Where the export has `harbor` too, its reward must be the same.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from swebench.harness.grading import get_eval_report
from swebench.harness.utils import make_test_spec

Row = dict[str, Any]
WANTED = {"gold": True, "none": False, "reverted": False, "mutant": False}


def tests_of(row: Row) -> dict[str, list[str]]:
    """Returns the lists of tests of a row."""
    return {name: json.loads(row[name]) for name in ("FAIL_TO_PASS", "PASS_TO_PASS")}


def resolved(row: Row, log: Path) -> bool:
    """Returns the verdict of the grader on one log."""
    name = row["instance_id"]
    prediction = {"instance_id": name, "model_name_or_path": "any", "model_patch": row["patch"]}
    report = get_eval_report(make_test_spec(row), prediction, str(log), True)
    return bool(report[name]["resolved"])


def disagrees_with_a_planted_verdict(row: Row, log: Path) -> bool:
    """Returns whether the grader refuses a gold log in which one test fails."""
    test = tests_of(row)["FAIL_TO_PASS"][0]
    text = log.read_text(encoding="utf-8")
    planted = text.replace(f"[PASSED] {test}\n", f"[FAILED] {test}\n")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "gold.log"
        copy.write_text(planted, encoding="utf-8")
        return planted != text and not resolved(row, copy)


def harbor_reward(export: Path, row: Row, log: Path) -> float | None:
    """Returns the reward of the Harbor task on the same log, where there is one."""
    script = export / "harbor" / "tasks" / row["instance_id"] / "tests" / "reward.py"
    if not script.is_file():
        return None
    reward = runpy.run_path(str(script))["reward"]
    return reward(tests_of(row), log.read_text(encoding="utf-8", errors="replace"))


def disagreements(export: Path, row: Row, logs: Path) -> Iterator[str]:
    """Yields every log of one instance on which a verdict is not ours."""
    for kind, wanted in WANTED.items():
        log = logs / row["instance_id"] / f"{kind}.log"
        if not log.is_file():
            if kind != "mutant":
                yield f"{log}: is missing"
            continue
        verdict = resolved(row, log)
        if verdict != wanted:
            yield f"{log}: {'resolved' if verdict else 'not resolved'}"
        reward = harbor_reward(export, row, log)
        if reward not in (None, float(verdict)):
            yield f"{log}: the reward is {reward}"


def planted(rows: list[Row], logs: Path) -> str | None:
    """Returns what is wrong with the grader, or nothing."""
    for row in rows:
        log = logs / row["instance_id"] / "gold.log"
        if log.is_file():
            agrees = not disagrees_with_a_planted_verdict(row, log)
            return "grade: the grader agrees with a planted verdict" if agrees else None
    return f"grade: no gold log below {logs}"


def main() -> int:
    """Grades every log and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, help="the folder of an export")
    parser.add_argument("logs", type=Path, help="the folder of logs")
    parser.add_argument("--space", action="store_true", help="demand an id that holds a space")
    given = parser.parse_args()
    paths = sorted((given.export / "swe-bench" / "data").glob("*.jsonl"))
    rows = [json.loads(line) for path in paths for line in path.open(encoding="utf-8")]
    if not rows:
        print(f"grade: no row below {given.export}")
        return 1
    wrong = planted(rows, given.logs)
    found = [wrong] if wrong else []
    found += [what for row in rows for what in disagreements(given.export, row, given.logs)]
    ids = [test for row in rows for tests in tests_of(row).values() for test in tests]
    spaces = sum(" " in test for test in ids)
    if given.space and not spaces:
        found.append("grade: no id holds a space")
    count = {kind: len(list(given.logs.glob(f"*/{kind}.log"))) for kind in WANTED}
    said = ", ".join(f"{number} {kind}" for kind, number in count.items())
    agreed = f"grade: the grader agrees on {len(rows)} instances ({said} logs), {spaces} of {len(ids)} ids hold a space"
    print("\n".join(found) or agreed)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
