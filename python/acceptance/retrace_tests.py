"""What do chosen functions do while tests run, told by themselves?

A plugin of pytest (`-p retrace_tests`). In: `RETRACE` names a file of JSON: `root`, the
folder of the checkout; `functions`, pairs of path and qualified name; `tests`, the ids to
run; `calls`, for each test the triples of path, name and number of the calls that are
kept; `out`, the file to write. Modules with such functions are rewritten as they are
imported (`retrace.py`), so that they note what they execute: no trace hook is used. Out: a
line of JSON for each kept call.
"""

from __future__ import annotations

import ast
import builtins
import importlib.machinery
import json
import os
import sys
from pathlib import Path

from retrace import DEFINED, FRAME, NOTES, Execution, Notes, Rewriter, is_docstring, name_of, numbered, text, texts


class Call:
    """One call of a followed function from outside of all of them."""

    def __init__(self, place: tuple[str, str, int], given: dict[str, str]) -> None:
        self.place, self.given = place, given
        self.executions: list[Execution] = []
        #: The numbers of those frames whose function stands in another file.
        self.elsewhere: set[int] = set()
        self.result = "returned null"
        self.origin = 0


class CallNotes(Notes):
    """Takes down calls test by test."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.numbers, self.wanted = 0, {}, set()
        self.call: Call | None = None
        self.kept: list[Call] = []

    def start(self, wanted: list) -> None:
        """A test begins."""
        self.depth, self.numbers, self.call, self.kept = 0, {}, None, []
        self.wanted = {tuple(one) for one in wanted}

    def enter(self, path: str, name: str, given: dict[str, object]) -> list | None:
        """A frame begins."""
        self.depth += 1
        if self.depth == 1:
            number = self.numbers.get((path, name), 0) + 1
            self.numbers[path, name] = number
            place = (path, name, number)
            self.call = Call(place, texts(given)) if place in self.wanted else None
            self.frames = 0
            if self.call is not None:
                self.story.executions = self.call.executions
        if self.call is None:
            return None
        self.frames += 1
        if path != self.call.place[0]:
            self.call.elsewhere.add(self.frames)
        return [None, self.frames]

    def returned(self, frame: list | None, value: object) -> object:
        """A frame is about to return this."""
        if frame is not None and frame[1] == 1 and self.call is not None:
            self.call.result = "returned " + text(value)
        return value

    def raised(self, frame: list | None, lines: dict[int, int]) -> None:
        """A frame is left by an exception; `lines` are the first ones of statements."""
        error = sys.exc_info()[1]
        if frame is None or frame[1] != 1 or self.call is None or error is None:
            return
        self.call.result = "raised " + name_of(type(error))
        trace = error.__traceback__
        # The first entry is the frame itself, in which the exception arrived.
        line = trace.tb_lineno if trace is not None else 0
        before = [first for first in lines if first <= line]
        self.call.origin = lines[max(before)] if before else 0

    def leave(self) -> None:
        """A frame ends."""
        self.depth -= 1
        if self.depth == 0 and self.call is not None:
            self.kept.append(self.call)
            self.call = None


class CallRewriter(Rewriter):
    """Rewrites the chosen functions of a file, and nothing else."""

    def __init__(self, path: str, tree: ast.Module, names: set[str]) -> None:
        super().__init__(numbered(tree))
        self.path = path
        self.chosen: dict[ast.AST, str] = {}
        self.find(tree, "", names)

    def find(self, node: ast.AST, around: str, names: set[str]) -> None:
        """Finds the functions by their qualified names."""
        for inner in ast.iter_child_nodes(node):
            inside = around
            if isinstance(inner, ast.ClassDef):
                inside = f"{around}{inner.name}."
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{around}{inner.name}"
                if name in names and isinstance(inner, ast.FunctionDef) and not gives(inner):
                    self.chosen[inner] = name
                inside = f"{name}.<locals>."
            self.find(inner, inside, names)

    def rewrite(self) -> None:
        """Rewrites them, inner ones as parts of outer ones."""
        done: set[ast.AST] = set()
        for node in self.chosen:
            if node not in done:
                done |= {inner for inner in ast.walk(node) if inner in self.chosen}
                self.define(node)  # type: ignore[arg-type]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """Rewrites one statement; what is returned is noted, too."""
        new = super().statement(node)
        if isinstance(node, ast.Return):
            node.value = self.call("returned", self.frame(), node.value)
        return new

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Rewrites a chosen definition; others are left as they are."""
        name = self.chosen.get(node)
        if name is None:
            if not isinstance(node, ast.ClassDef):
                for inner in [one for one in ast.walk(node) if one in self.chosen and one is not node]:
                    self.define(inner)  # type: ignore[arg-type]
            return
        lines = {line_of(one): number for one, number in self.numbers.items() if in_body(one, node)}
        head = node.body[:1] if is_docstring(node.body[0]) else []
        body = self.block(node.body[len(head) :])
        enter = self.call("enter", ast.Constant(self.path), ast.Constant(name), self.locals())
        start = ast.Assign([ast.Name(FRAME, ast.Store())], enter)
        table = ast.Dict([ast.Constant(one) for one in lines], [ast.Constant(one) for one in lines.values()])
        raised = [ast.Expr(self.call("raised", self.frame(), table)), ast.Raise(None, None)]
        handler = ast.ExceptHandler(ast.Name("BaseException", ast.Load()), None, raised)
        leave = [ast.Expr(self.call("leave"))]
        whole = ast.Try(body or [ast.Pass()], [handler], [], leave)
        node.body = [*head, start, whole]


def gives(function: ast.FunctionDef) -> bool:
    """Returns whether a function is a generator."""
    inner = [one for one in ast.iter_child_nodes(function)]
    while inner:
        one = inner.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(one, (*DEFINED, ast.Lambda)):
            inner.extend(ast.iter_child_nodes(one))
    return False


def line_of(node: ast.AST) -> int:
    """Returns the first line of a statement; a case has that of its pattern."""
    return (node.pattern if isinstance(node, ast.match_case) else node).lineno  # type: ignore[attr-defined]


def in_body(node: ast.AST, function: ast.AST) -> bool:
    """Returns whether a statement lies in a function."""
    return function.lineno <= line_of(node) <= function.end_lineno and node is not function  # type: ignore[attr-defined]


class Plugin:
    """What pytest calls."""

    def __init__(self, request: dict, notes: CallNotes) -> None:
        self.tests, self.calls = set(request["tests"]), request["calls"]
        self.out = Path(request["out"]).open("w", encoding="utf-8")
        self.notes = notes

    def pytest_collection_modifyitems(self, config: object, items: list) -> None:
        """Leaves out tests nobody asks about."""
        items[:] = [item for item in items if item.nodeid in self.tests]

    def pytest_runtest_logstart(self, nodeid: str, location: object) -> None:
        """A test begins."""
        self.notes.start(self.calls.get(nodeid, []))

    def pytest_runtest_logfinish(self, nodeid: str, location: object) -> None:
        """A test ends."""
        for call in self.notes.kept:
            # Statements have numbers in their own file only.
            numbers = [0 if one.frame in call.elsewhere else one.statement for one in call.executions]
            parts = zip(numbers, call.executions, strict=True)
            executions = [[number, one.frame, one.ended, one.state] for number, one in parts]
            row = {"test": nodeid, "place": call.place, "given": call.given, "result": call.result}
            self.out.write(json.dumps({**row, "origin": call.origin, "executions": executions}) + "\n")
        self.notes.start([])

    def pytest_unconfigure(self, config: object) -> None:
        """All tests have ended."""
        self.out.close()


def begin() -> Plugin | None:
    """Rewrites what is imported from now on, which is before any file of the tests."""
    place = os.environ.pop("RETRACE", None)
    if place is None:
        return None
    request = json.loads(Path(place).read_text(encoding="utf-8"))
    notes = CallNotes()
    setattr(builtins, NOTES, notes)
    names: dict[str, set[str]] = {}
    for path, name in request["functions"]:
        names.setdefault(path, set()).add(name)
    root = os.path.join(os.path.realpath(request["root"]), "")
    plain = importlib.machinery.SourceFileLoader.source_to_code

    def source_to_code(self: object, data: object, path: object, **more: object) -> object:
        inside = os.path.realpath(os.fsdecode(path)).removeprefix(root)  # type: ignore[arg-type]
        if inside not in names or isinstance(data, ast.AST):
            return plain(self, data, path, **more)  # type: ignore[arg-type]
        tree = ast.parse(data)  # type: ignore[arg-type]
        CallRewriter(inside, tree, names[inside]).rewrite()
        return plain(self, ast.fix_missing_locations(tree), path, **more)  # type: ignore[arg-type]

    importlib.machinery.SourceFileLoader.source_to_code = source_to_code  # type: ignore[assignment,method-assign]
    return Plugin(request, notes)


PLUGIN = begin()


def pytest_configure(config: object) -> None:
    """Follows the tests."""
    if PLUGIN is not None:
        config.pluginmanager.register(PLUGIN, "retrace_tests_plugin")  # type: ignore[attr-defined]
