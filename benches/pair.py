"""Runs one unit before and after its change by hand, and as Backstory does.

In: a bare mirror, a run in which the unit was executed, and the program. Out: the
CPU-seconds of both, children included, in the order A B A B. By hand: clone,
checkout, venv, pip, test patch, tests, gold patch, tests. Backstory: its lines for
`base_with_tests/file/1` and `head/file/1`, with a cached environment. No ratio is
printed unless both sides pass the same number of tests in both states.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROUNDS = 2
LINE = re.compile(r"^(base_with_tests|head)/file/1 .*?(\d+) passed.*· ([0-9.]+) s CPU, ([0-9.]+)")


def run(command: Sequence[str], **more: object) -> str:
    """Runs a command that has to succeed, and returns what it printed."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload]
    return str(done.stdout)


def cpu() -> float:
    """Returns the CPU-seconds of all ended children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def passed(python: Path, work: Path, files: Sequence[str]) -> int:
    """Runs the tests of these files and returns how many pass."""
    command = [str(python), "-m", "pytest", "-q", "-o", "addopts=", *files]
    done = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, text=True)
    found = re.search(r"(\d+) passed", done.stdout)
    return int(found.group(1)) if found else 0


def by_hand(mirror: Path, python: str, unit: dict[str, object]) -> tuple[float, list[int]]:
    """Does what one does without Backstory, from nothing."""
    before = cpu()
    with tempfile.TemporaryDirectory() as folder:
        work, env = Path(folder, "work"), Path(folder, "env")
        run(["git", "clone", "--quiet", "--no-checkout", str(mirror), str(work)])
        git = ["git", "-C", str(work)]
        base, head = str(unit["base"]), str(unit["head"])
        files = [str(file) for file in unit["files"]]  # type: ignore[attr-defined]
        run([*git, "checkout", "--quiet", base])
        run([python, "-m", "venv", str(env)])
        inside = env / "bin/python"
        run([str(inside), "-m", "pip", "install", "--quiet", "-e", str(work), "pytest"])
        run([*git, "checkout", "--quiet", head, "--", *files])
        first = passed(inside, work, files)
        run([*git, "checkout", "--quiet", head, "--", "."])
        second = passed(inside, work, files)
    return cpu() - before, [first, second]


def backstory(program: str, args: argparse.Namespace) -> tuple[float, list[int]]:
    """Executes the unit again and adds up the two runs and what was around them."""
    command = [program, "execute", str(args.run), args.unit, "--cache", str(args.cache)]
    said = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True).stderr
    found = {match[1]: match for match in map(LINE.match, said.splitlines()) if match}
    pair = [found["base_with_tests"], found["head"]]
    return sum(float(m[3]) + float(m[4]) for m in pair), [int(m[2]) for m in pair]


def described(program: str, args: argparse.Namespace) -> dict[str, object]:
    """Returns base, head and test files of the unit, from the run."""
    show = [program, "show", str(args.run), args.unit]
    unit = json.loads(run([*show, "--json"]))["unit"]
    instance = json.loads(run([*show, "--execution"]))["instance"]
    return {"base": unit["base"], "head": unit["head"], "files": instance["test_files"]}


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--backstory", "--unit", "--python"):
        parser.add_argument(name, required=True)
    for name in ("--mirror", "--run", "--cache"):
        parser.add_argument(name, required=True, type=Path)
    args = parser.parse_args()
    program = os.path.abspath(args.backstory)
    unit = described(program, args)
    rounds = []
    for _ in range(ROUNDS):
        rounds.append((by_hand(args.mirror, args.python, unit), backstory(program, args)))
    print("| round | by hand CPU-s | Backstory CPU-s | passed before, after |")
    print("|--:|--:|--:|---|")
    for number, ((theirs, seen), (ours, told)) in enumerate(rounds, 1):
        if seen != told:
            sys.exit(f"error: by hand {seen} tests pass, in Backstory {told}")
        print(f"| {number} | {theirs:.2f} | {ours:.2f} | {seen[0]}, {seen[1]} |")
    ratio = sum(hand for (hand, _), _ in rounds) / sum(ours for _, (ours, _) in rounds)
    print(f"\nratio: {ratio:.0f}x less CPU time for a pair with a cached environment")


if __name__ == "__main__":
    main()
