"""Builds the same input under different circumstances and compares the bytes.

usage: same_bytes.py BACKSTORY OUT REPO [REPO ...]
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from runs import digests, first_difference, run

CIRCUMSTANCES: tuple[tuple[str, list[str], dict[str, str], bool], ...] = (
    ("one worker", ["--jobs", "1"], {"TZ": "UTC", "LC_ALL": "C"}, False),
    ("two workers", ["--jobs", "2"], {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"}, False),
    ("shuffled input", ["--jobs", "2"], {"TZ": "America/St_Johns", "LANG": "de_DE.UTF-8"}, True),
    ("another umask and home", ["--jobs", "2"], {"HOME": "/nonexistent"}, False),
)
"""Name, extra flags, environment, and whether the repositories are given in reverse."""


def main(arguments: list[str]) -> int:
    """Builds under every circumstance and compares with the first."""
    binary, out, *repositories = arguments
    expected: dict[str, str] | None = None
    for number, (name, flags, env, reverse) in enumerate(CIRCUMSTANCES):
        directory = Path(out) / ("deep/" * number) / f"run-{number}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.parent.mkdir(parents=True, exist_ok=True)
        given = list(reversed(repositories)) if reverse else repositories
        os.umask(0o077 if "umask" in name else 0o022)
        built = run(
            [binary, "build", *(str(Path(repo).resolve()) for repo in given), "-o", str(directory.resolve()), *flags],
            env=env,
            cwd=directory.parent,
        )
        if built.code != 0:
            print(f"{name}: exit {built.code}\n{built.stderr[-600:]}")
            return 2
        found = digests(directory)
        difference = None if expected is None else first_difference(expected, found)
        if difference:
            print(f"{name} differs from one worker: {difference}")
            return 1
        expected = expected or found
        print(f"{name}: {len(found)} files, equal")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
