"""Does Harbor's own validator accept every exported ATIF file?

In: the folder `atif` of an export. Out: one line; on a finding, the file and
what the validator says, and exit code 1. A file with a planted fault shows
first that the validator can refuse.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from harbor.utils.trajectory_validator import TrajectoryValidator


def findings(path: Path) -> list[str]:
    """Returns what the validator says about one file."""
    validator = TrajectoryValidator()
    validator.validate(path)
    return [f"{path}: {error}" for error in validator.get_errors()]


def refuses_a_planted_fault(path: Path) -> bool:
    """Returns whether the validator refuses the file once a key is misspelled."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["steps"][0]["mesage"] = document["steps"][0].pop("message")
    return not TrajectoryValidator().validate(document)


def main(folder: Path) -> int:
    """Validates every file and returns the exit code."""
    files = sorted(folder.glob("*.json"))
    if not files:
        print(f"atif: no file below {folder}")
        return 1
    if not refuses_a_planted_fault(files[0]):
        print("atif: the validator accepts a misspelled key")
        return 1
    found = [error for path in files for error in findings(path)]
    print("\n".join(found) or f"atif: harbor accepts {len(files)} of {len(files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
