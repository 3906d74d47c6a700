"""Do stage tasks hold on a checkout, seen with git and Python's own parser?

usage: check_stages.py STAGES REPOSITORY

In: the folder `stages` of an export, and the repository it is about. Prepares the files of
each task as the row says and checks the right answer there: a function begins and ends at its
lines, an edit stands in its file once and changes it, a file that will be imported is there
and the one about to be written is not. Taking a docstring away changes nothing else. Out: one
line; on a finding, the task and what is wrong, and exit code 1. A planted answer shows first
that the check can fail.
"""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Checkout:
    """The files of a repository at a commit, as a task prepares them."""

    def __init__(self, repository: Path, row: Row) -> None:
        self.repository, self.row = repository, row
        self.files: dict[str, str] = {}
        self.gone: set[str] = set(row["prepared"].get("absent", []))
        for edit in row["prepared"].get("edits", []):
            self.edit(edit)

    def git(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """Runs git in the repository."""
        return subprocess.run(["git", "-C", self.repository, *command], capture_output=True, check=False)

    def has(self, path: str) -> bool:
        """Says whether a file is there."""
        if path in self.files or path in self.gone:
            return path in self.files
        return self.git("cat-file", "-e", f"{self.row['commit']}:{path}").returncode == 0

    def text(self, path: str) -> str:
        """Returns the text of a file."""
        if path in self.files:
            return self.files[path]
        return self.git("show", f"{self.row['commit']}:{path}").stdout.decode()

    def edit(self, edit: Row) -> None:
        """Makes one edit."""
        path = edit["path"]
        if edit.get("delete"):
            self.files.pop(path, None)
            self.gone.add(path)
        elif "content" in edit:
            self.gone.discard(path)
            self.files[path] = edit["content"]
        elif "remove_lines" in edit:
            first, last = edit["remove_lines"]
            lines = self.text(path).splitlines(keepends=True)
            self.files[path] = "".join(lines[: first - 1] + lines[last:])
        else:
            assert self.text(path).count(edit["old"]) == 1, f"`old` does not stand once in {path}"
            self.files[path] = self.text(path).replace(edit["old"], edit["new"])


def functions(tree: ast.Module) -> Iterator[tuple[str, int, Any]]:
    """Yields every function: its qualified name, its first line, and its node."""

    def visit(node: ast.AST, around: str) -> Iterator[tuple[str, int, Any]]:
        for inner in ast.iter_child_nodes(node):
            inside = around
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                start = min([inner.lineno, *(one.lineno for one in inner.decorator_list)])
                yield around + inner.name, start, inner
                inside = f"{around}{inner.name}.<locals>."
            elif isinstance(inner, ast.ClassDef):
                inside = f"{around}{inner.name}."
            yield from visit(inner, inside)

    yield from visit(tree, "")


def at(tree: ast.Module, place: Row) -> Any:
    """Returns the function that begins at a place."""
    wanted = (place["function"], place["start"])
    return next(node for name, start, node in functions(tree) if (name, start) == wanted)


def ends_there(text: str, node: Any, last: int) -> bool:
    """Says whether a function ends at a line; Python counts no comments at its end."""
    rest = [line.strip() for line in text.splitlines()[node.end_lineno : last]]
    return node.end_lineno <= last and all(not line or line.startswith("#") for line in rest)


def wrong(row: Row, repository: Path) -> str | None:
    """Returns what is wrong with a task, if anything is."""
    expected = row["expected"]
    try:
        there = Checkout(repository, row)
        if expected["kind"] == "functions":
            return wrong_functions(row, there)
        if expected["kind"] == "files":
            missing = [path for path in expected["paths"] if not there.has(path)]
            return f"is not there: {missing}" if missing or not expected["paths"] else None
        before = there.text(expected["path"])
        there.edit(expected)
        return "changes nothing" if there.text(expected["path"]) == before else None
    except (AssertionError, SyntaxError, StopIteration) as error:
        return f"{type(error).__name__}: {error}"


def wrong_functions(row: Row, there: Checkout) -> str | None:
    """Returns what is wrong with functions to be found."""
    for one in row["expected"]["functions"]:
        text = there.text(one["path"])
        if not ends_there(text, at(ast.parse(text), one), one["end"]):
            return f"{one['function']} does not end at {one['end']}"
    if row["source"] == "snapshot":
        [one] = row["expected"]["functions"]
        whole = ast.parse(Checkout(there.repository, {**row, "prepared": {}}).text(one["path"]))
        function = at(whole, one)
        if ast.get_docstring(function, clean=False) is not None:
            function.body = function.body[1:]
        if ast.dump(whole) != ast.dump(ast.parse(there.text(one["path"]))):
            return "more than a docstring is taken away"
    return None


def planted(row: Row) -> Row:
    """Returns the task with a wrong answer."""
    row = copy.deepcopy(row)
    expected = row["expected"]
    if expected["kind"] == "functions":
        expected["functions"][0]["start"] += 1
    elif expected["kind"] == "files":
        expected["paths"].append("no/such/file")
    else:
        expected["old"] += "?"
    return row


def main(folder: Path, repository: Path) -> int:
    """Checks every task and returns the exit code."""
    rows = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    unnoticed = [row["task_id"] for row in rows if wrong(planted(row), repository) is None]
    if unnoticed or not rows:
        print(f"stages: no rows, or planted answers are not noticed: {unnoticed[:5]}")
        return 1
    found = [f"{row['task_id']}: {why}" for row in rows if (why := wrong(row, repository))]
    count = Counter(row["stage"] for row in rows)
    told = ", ".join(f"{number} {stage}" for stage, number in sorted(count.items()))
    print("\n".join(found) or f"stages: {len(rows)} of {len(rows)} tasks hold ({told})")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
