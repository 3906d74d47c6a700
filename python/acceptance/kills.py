"""Kills a build at random moments and checks that it resumes to equal bytes.

usage: kills.py BACKSTORY REPO OUT [KILLS] [SEED]

Every kill is sent to a process that is proven to be alive; a build that ends
before its moment comes is started again from nothing with a shorter wait.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from runs import digests, first_difference, run


def killed_once(command: list[str], wait: float) -> bool:
    """Starts the build, waits, and kills it; returns False when it ended by itself."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(wait)
    if process.poll() is not None:
        return False
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def main(arguments: list[str]) -> int:
    """Runs the kills, resumes, and compares with an undisturbed build."""
    binary, repo, out, *rest = arguments
    kills = int(rest[0]) if rest else 30
    seed = int(rest[1]) if len(rest) > 1 else 2026
    chance = random.Random(seed)
    undisturbed, disturbed = Path(out) / "undisturbed", Path(out) / "disturbed"
    for directory in (undisturbed, disturbed):
        shutil.rmtree(directory, ignore_errors=True)
    Path(out).mkdir(parents=True, exist_ok=True)
    reference = run([binary, "build", repo, "-o", str(undisturbed), "--json"])
    if reference.code != 0:
        print(reference.stderr)
        return 2
    expected = digests(undisturbed)
    command = [binary, "build", repo, "-o", str(disturbed), "--json"]
    done = 0
    rounds = 0
    while done < kills:
        shutil.rmtree(disturbed, ignore_errors=True)
        rounds += 1
        while done < kills and killed_once(command, chance.uniform(0.01, reference.wall_seconds * 0.25)):
            done += 1
        final = run(command)
        difference = first_difference(expected, digests(disturbed))
        if final.code != 0 or difference:
            print(f"after kill {done}: exit {final.code}, {difference}\n{final.stderr[-600:]}")
            return 1
    print(f"{done} kills of live builds (seed {seed}) in {rounds} rounds; every resumed run equals the undisturbed one in {len(expected)} files")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
