"""Do the Python scripts of this checkout compile, and is every function typed?

In: folders. Out: one line; on a finding, the file and line, and exit code 1.
"""

import ast
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[FunctionNode]:
    """Yields every function of a script."""
    with tokenize.open(path) as file:
        tree = ast.parse(file.read(), str(path))
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            yield node


def is_typed(function: FunctionNode) -> bool:
    """Returns whether the return value and every argument but `self` have a type."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    named = [one for one in arguments if one.arg not in ("self", "cls")]
    return function.returns is not None and all(one.annotation for one in named)


def main(folders: list[str]) -> int:
    """Checks every script and returns the exit code."""
    scripts = sorted(path for folder in folders for path in Path(folder).rglob("*.py"))
    untyped = [
        f"{path}:{function.lineno}: `{function.name}` is not fully typed"
        for path in scripts
        for function in functions(path)
        if not is_typed(function)
    ]
    print("\n".join(untyped) or f"python: {len(scripts)} scripts compile and are typed")
    return 1 if untyped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
