"""Runs Backstory beside its peer and prints what each took.

In: a repository and the programs to compare. Out: a table of CPU-seconds
(children included), peak memory, counts and ratios. Both read the same newest
commits, in the order A B A B, and their counts are compared in the same run: a
ratio without agreement is not printed.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Counts = dict[str, float]
ROUNDS = 2
AGREEMENT = 0.01


@dataclass(frozen=True)
class Measured:
    """What one run of one program printed and took."""

    counts: Counts
    cpu_seconds: float
    peak_mb: float


def measure(command: Sequence[str]) -> Measured:
    """Runs a program that ends with one JSON object on stdout, and measures it."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = process.stdout.read().strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"error: `{command[0]}` failed with {process.returncode}")
    seconds = usage.ru_utime + usage.ru_stime
    return Measured(json.loads(lines[-1]), seconds, usage.ru_maxrss / 1024)


def cloned(repo: Path, out: Path) -> Path:
    """Returns a clone with a work tree, which the peer needs, sharing all objects."""
    clone = out / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    command = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(repo), str(clone)]
    subprocess.run(command, check=True)
    return clone


def agrees(ours: Counts, theirs: Counts, key: str) -> bool:
    """Returns whether both counted the same, within the stated share."""
    return abs(ours[key] - theirs[key]) <= AGREEMENT * max(theirs[key], 1)


def print_history(ours: list[Measured], theirs: list[Measured]) -> None:
    """Prints the comparison of reading a history."""
    print("\n## History: changed files, line diffs, both contents\n")
    print("| reader | commits | changes | MB | CPU-s | commits/CPU-s | MB/CPU-s | peak MB |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, runs in (("PyDriller", theirs), ("Backstory", ours)):
        for run in runs:
            counts, seconds = run.counts, max(run.cpu_seconds, 1e-3)
            mb = counts["blob_mb"]
            print(
                f"| {name} | {counts['commits']:.0f} | {counts['changes']:.0f} | {mb:.1f} "
                f"| {run.cpu_seconds:.2f} | {counts['commits'] / seconds:.0f} "
                f"| {mb / seconds:.1f} | {run.peak_mb:.0f} |"
            )
    mine, peer = ours[0].counts, theirs[0].counts
    differing = [key for key in ("commits", "changes", "blob_mb") if not agrees(mine, peer, key)]
    if differing:
        print(f"\nno ratio: {', '.join(differing)} differ by more than {AGREEMENT:.0%}")
        return
    ratio = sum(run.cpu_seconds for run in theirs) / sum(run.cpu_seconds for run in ours)
    print(f"\nratio: {ratio:.1f}x less CPU time; counts agree within {AGREEMENT:.0%}")


def print_build(backstory: str, repo: Path, out: Path, name: str) -> None:
    """Prints the cost of a whole build and of building again without a change."""
    run = out / "run"
    shutil.rmtree(run, ignore_errors=True)
    command = [backstory, "build", str(repo), "--repo-name", name, "-o", str(run), "--json"]
    first, again = measure(command), measure(command)
    units = first.counts["units_found"]
    print("\n## Build: every unit of the mainline, no execution\n")
    print(f"{units:.0f} units, {first.counts['accepted']:.0f} accepted")
    print(f"{first.cpu_seconds:.2f} CPU-s, {units / first.cpu_seconds:.0f} units/CPU-s, ", end="")
    print(f"peak {first.peak_mb:.0f} MB")
    share = again.cpu_seconds / first.cpu_seconds
    print(f"unchanged build again: {again.cpu_seconds:.2f} CPU-s, {share:.1%} of the first")


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--name", default="bench/repository", help="OWNER/NAME for the build")
    parser.add_argument("--commits", default="1500")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--history", required=True)
    parser.add_argument("--backstory", required=True)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--history-only", action="store_true", help="leave the build out")
    return parser.parse_args()


def main() -> None:
    """Measures everything and prints it."""
    given = arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    clone = cloned(given.repo, given.out)
    peer = [given.peer_python, str(Path(__file__).parent / "peer_history.py")]
    ours: list[Measured] = []
    theirs: list[Measured] = []
    for _ in range(ROUNDS):
        theirs.append(measure([*peer, str(clone), given.commits]))
        ours.append(measure([given.history, "--repo", str(given.repo), "--commits", given.commits]))
    head = subprocess.run(
        ["git", "-C", str(clone), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"repository at {head.stdout.strip()}, newest {given.commits} commits without merges")
    print_history(ours, theirs)
    if not given.history_only:
        print_build(given.backstory, given.repo, given.out, given.name)


if __name__ == "__main__":
    main()
