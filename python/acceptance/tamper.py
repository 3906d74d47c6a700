"""Changes single bytes of a stored run and checks that the audit sees each one.

usage: tamper.py BACKSTORY RUN CHANGES AUDIT_ARGUMENT [AUDIT_ARGUMENT ...]

Every change replaces one random byte of one random covered file by another
value, is audited, and is undone. The audit must be clean before and after.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from runs import UNCOVERED, run

SEED = 2026


def covered(directory: Path) -> list[Path]:
    """Lists the files of a run that hold bytes and fall under the promise."""
    files = sorted(path for path in directory.rglob("*") if path.is_file() and path.stat().st_size)
    return [path for path in files if not any(mark in path.name for mark in UNCOVERED)]


def change_one_byte(path: Path, chance: random.Random) -> tuple[bytes, int]:
    """Replaces one byte and returns the content as it was and the offset."""
    content = path.read_bytes()
    at = chance.randrange(len(content))
    other = (content[at] + chance.randrange(1, 256)) % 256
    path.write_bytes(content[:at] + bytes([other]) + content[at + 1 :])
    return content, at


def main(arguments: list[str]) -> int:
    """Plants the changes and counts those the audit reports."""
    binary, directory, changes, *audit_arguments = arguments
    audit = [binary, "audit", directory, *audit_arguments]
    if run(audit).code != 0:
        print("the untouched run does not pass the audit")
        return 2
    chance = random.Random(SEED)
    files = covered(Path(directory))
    missed = []
    for _ in range(int(changes)):
        path = chance.choice(files)
        content, at = change_one_byte(path, chance)
        if run(audit).code == 0:
            missed.append(f"{path.relative_to(directory)} at {at}")
        path.write_bytes(content)
    clean = run(audit).code == 0
    print(f"{int(changes) - len(missed)} of {changes} single-byte changes in {len(files)} files reported (seed {SEED}); clean afterwards: {clean}")
    print("\n".join(missed))
    return 1 if missed or not clean else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
