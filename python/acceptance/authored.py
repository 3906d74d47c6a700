"""Counts red states and fixing commits of pull requests with several commits.

usage: authored.py BACKSTORY MIRRORS OUT [OWNER/NAME ...] [--cache DIR] [--count N] [--jobs N]

Takes the newest units with several authored commits that touch test code and
source code, executes them, and prints how many have an authored state in which a
test fails that passes at the head, and how many a commit after which it passes.
The table goes to stdout as Markdown.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from runs import run

REPOSITORIES = ["pallets/click", "andialbrecht/sqlparse", "python-attrs/attrs", "pytest-dev/pluggy", "jd/tenacity"]
RULES = ("run/reproduce", "run/recheck")


def shown(binary: str, place: Path, unit: str) -> dict[str, object]:
    """Returns the trajectory of a unit."""
    return json.loads(run([binary, "show", str(place), unit, "--json"]).stdout)


def several(binary: str, mirror: Path, place: Path, count: int) -> list[str]:
    """Returns the newest units with tests, source and more than one authored commit."""
    shutil.rmtree(place, ignore_errors=True)
    built = run([binary, "build", str(mirror), "--limit", str(count * 25), "-o", str(place)])
    if built.code != 0:
        sys.exit(built.stderr[-400:])
    units = [json.loads(path.read_text())["disposition"] for path in place.glob("units/*/*/result.json")]
    both = [unit for unit in units if unit["labels"] and unit["labels"]["test_source"]]
    both.sort(key=lambda unit: -unit["work"]["position"])
    chosen = []
    for unit in both:
        if len(chosen) == count:
            break
        name = unit["work"]["unit"]
        if len(shown(binary, place, name)["unit"]["states"]) > 1:
            chosen.append(name)
    return chosen


def rules_of(trajectory: dict[str, object]) -> list[tuple[str, int]]:
    """Returns the rule and exit status of every executed run of tests."""
    found = []
    for step in trajectory["steps"]:
        if step["action"]["kind"] == "run_tests":
            found.append((step["choice"]["rule"], step["observation"]["content"]["status"]))
    return found


def main() -> int:
    """Executes the chosen units and prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("repositories", nargs="*", default=REPOSITORIES)
    parser.add_argument("--cache", type=Path, default=Path("out/cache"))
    parser.add_argument("--count", type=int, default=15)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print("| repository | pull requests | with a stable head | red authored state | commit that fixes it |")
    print("|---|--:|--:|--:|--:|")
    total = [0, 0, 0, 0]
    for repo in options.repositories:
        mirror = options.mirrors / repo.replace("/", "+") / "repo"
        flat = repo.replace("/", "__")
        units = several(options.binary, mirror, options.out / "plain" / flat, options.count)
        place = options.out / "authored" / flat
        named = [word for unit in units for word in ("--unit", unit)]
        command = [options.binary, "build", str(mirror), *named, "--execute", "--repeats", "2", "--mutants", "0"]
        command += ["-o", str(place), "--jobs", str(options.jobs), "--cache", str(options.cache)]
        if units and run(command).code != 0:
            sys.exit(f"{repo}: the build failed")
        stories = [rules_of(shown(options.binary, place, unit)) for unit in units]
        stable = [story for story in stories if any(rule == "run/validate" for rule, _ in story)]
        red = [story for story in stable if any(rule == RULES[0] for rule, _ in story)]
        # The head is a state too: what fails before the last commit and passes at
        # the end was fixed by one of the commits in between.
        fixed = [story for story in red if story[-1] == ("run/validate", 0)]
        row = [len(units), len(stable), len(red), len(fixed)]
        total = [one + other for one, other in zip(total, row, strict=True)]
        print(f"| {repo} | " + " | ".join(map(str, row)) + " |", flush=True)
    print("| all | " + " | ".join(map(str, total)) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
