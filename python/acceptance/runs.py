"""Starts the `backstory` binary and compares run directories."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

UNCOVERED = ("state.sqlite", ".lock")
"""Parts of names that mark files outside the promise of equal bytes."""


@dataclass(frozen=True)
class Finished:
    """One finished command: its exit code, output and cost."""

    code: int
    stdout: str
    stderr: str
    cpu_seconds: float
    wall_seconds: float


def run(command: list[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> Finished:
    """Runs a command to its end and measures the CPU-seconds of it and its children."""
    before = os.times()
    started = time.monotonic()
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **(env or {})}, cwd=cwd, check=False
    )
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Finished(done.returncode, done.stdout, done.stderr, cpu, time.monotonic() - started)


def closing_object(stdout: str) -> dict[str, object]:
    """Reads the JSON object a `build --json` ends with."""
    return json.loads(stdout.strip().splitlines()[-1])


def digests(directory: Path) -> dict[str, str]:
    """Returns the SHA-256 of every covered file of a run, by its path inside it."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if path.is_file() and not any(mark in path.name for mark in UNCOVERED):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def first_difference(one: dict[str, str], other: dict[str, str]) -> str | None:
    """Names the first file in which two runs differ, or returns None."""
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            return f"{name}: {one.get(name, 'absent')} against {other.get(name, 'absent')}"
    return None
