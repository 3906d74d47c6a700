"""What is asked about the functions of a benchmark?

usage: given_programs.py FILE OUT [--inputs N]

FILE holds JSON lines with `code`, `entry_point` and `inputs`, each input a tuple of arguments
as Python writes it: the shape of REval. Rows with a `test` are classes and are left out. OUT
gets `programs.jsonl`, a program for each of the first N (5) inputs of a row, which
`backstory questions --from OUT` traces and `answers.py OUT QUESTIONS` checks. Such a file is a
benchmark: questions about it are for tests of this project alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path


def programs(row: dict, most: int) -> list[dict]:
    """Returns the programs of one row."""
    source = row["code"].rstrip() + "\n"
    family = hashlib.sha256(source.encode()).hexdigest()[:16]
    made = []
    for given in row["inputs"][:most]:
        call = row["entry_point"] + given
        name = hashlib.sha256(f"{source}\n{call}".encode()).hexdigest()[:16]
        made.append(
            {
                "program_id": name,
                "family_id": family,
                "entry": row["entry_point"],
                "source": source,
                "call": call,
                "origin": "given",
            }
        )
    return made


def main() -> None:
    """Writes the programs of a file, none twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--inputs", type=int, default=5)
    given = parser.parse_args()
    rows = [json.loads(line) for line in given.file.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row.get("test") is None]
    made = {one["program_id"]: one for row in rows for one in programs(row, given.inputs)}
    given.out.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made.values())
    (given.out / "programs.jsonl").write_text(text, encoding="utf-8")
    print(f"{len(rows)} functions, {len(made)} calls")


if __name__ == "__main__":
    main()
