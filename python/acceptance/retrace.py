"""Does a second tracer, of another kind, see the same executions and states?

usage: retrace.py TRACER [--programs FILE]... [--plant]

TRACER is the folder of `backstory_programs.py`. Programs are those of
`retrace_programs.py`, or of files with one JSON object `{"source", "entry"}` a line. Each
is traced, and run once more with its source rewritten so that it notes itself what it
executes: that is written from the definition in `docs/execution-reasoning.md` alone and
uses no trace hook. With `--plant` wrong events are put into each trace, which have to be
found. The exit code is 1 where anything differs.
"""

from __future__ import annotations

import ast
import asyncio
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import MemberDescriptorType, ModuleType

from retrace_programs import PROGRAMS

FRAME = "_bs_frame"
NOTES = "_bs_notes"
HIDDEN = (FRAME, NOTES)
DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Json = object


@dataclass
class Execution:
    """One execution of a statement."""

    statement: int
    frame: int
    ended: str = "never"
    state: dict[str, str] | None = None


@dataclass
class Story:
    """What one call did."""

    executions: list[Execution] = field(default_factory=list)
    result: str = ""


# The rewritten program.


class Notes:
    """Takes down what a rewritten program says it executes."""

    def __init__(self) -> None:
        self.story = Story()
        self.frames = 0
        self.on = False

    def frame(self) -> list[Execution | None] | None:
        """A frame begins: its open execution, and its number at the end."""
        if not self.on:
            return None
        self.frames += 1
        return [None, self.frames]  # type: ignore[list-item]

    def begin(self, frame: list | None, number: int, header: bool = False) -> bool:
        """An execution begins; what is still open in the frame was ended before."""
        if frame is None:
            return False
        last = frame[0]
        if last is not None:
            # Whether a test that fails ends its header or the exception does is one and
            # the same to whoever asks: no value is asked about either way.
            last.ended = "either" if getattr(last, "tested", False) else "exception"
        one = Execution(number, frame[1])
        one.tested = header  # type: ignore[attr-defined]
        frame[0] = one
        self.story.executions.append(one)
        return False

    def end(self, frame: list | None, state: dict[str, object]) -> None:
        """The open execution ends normally."""
        if frame is not None and frame[0] is not None:
            frame[0].ended = "normally"
            frame[0].state = texts(state)
            frame[0] = None

    def value(self, frame: list | None, begun: bool, value: object, state: dict) -> object:
        """An execution ends normally with a value that is still used."""
        self.end(frame, state)
        return value

    def loop(self, frame: list | None, begun: bool, number: int, iterable: object) -> Iterator:
        """Gives what an iterable gives; each time it is asked is one execution."""
        first, iterator = True, iter(iterable)  # type: ignore[call-overload]
        return Loop(self, frame, number, iterator)

    def async_loop(self, frame: list | None, begun: bool, number: int, iterable: object) -> object:
        """Gives what an asynchronous iterable gives."""
        return AsyncLoop(self, frame, number, iterable.__aiter__())  # type: ignore[attr-defined]


class Loop:
    """An iterator that says when it is asked."""

    def __init__(self, notes: Notes, frame: list | None, number: int, iterator: Iterator) -> None:
        self.notes, self.frame, self.number, self.iterator = notes, frame, number, iterator
        self.first = True

    def __iter__(self) -> Loop:
        return self

    def __next__(self) -> object:
        if not self.first:
            self.notes.begin(self.frame, self.number)
        self.first = False
        return next(self.iterator)


class AsyncLoop(Loop):
    """The same for `async for`."""

    def __aiter__(self) -> AsyncLoop:
        return self

    async def __anext__(self) -> object:
        if not self.first:
            self.notes.begin(self.frame, self.number)
        self.first = False
        return await self.iterator.__anext__()  # type: ignore[attr-defined]


def numbered(tree: ast.Module) -> dict[ast.AST, int]:
    """Returns the number of each statement, handler and case."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.excepthandler):
            first = [node, *getattr(node, "decorator_list", ())]
            found.append((min((one.lineno, one.col_offset) for one in first), node))
        elif isinstance(node, ast.match_case):
            found.append(((node.pattern.lineno, node.pattern.col_offset), node))
    found.sort(key=lambda pair: pair[0])
    return {node: number for number, (_, node) in enumerate(found, 1)}


class Rewriter:
    """Rewrites a program so that it says what it executes."""

    def __init__(self, numbers: dict[ast.AST, int]) -> None:
        self.numbers = numbers

    def call(self, method: str, *arguments: ast.expr) -> ast.Call:
        """Returns a call of the notes, which are a builtin of the program."""
        function = ast.Attribute(ast.Name(NOTES, ast.Load()), method, ast.Load())
        return ast.Call(function, list(arguments), [])

    def frame(self) -> ast.expr:
        """Returns the frame's own note."""
        return ast.Name(FRAME, ast.Load())

    def locals(self) -> ast.expr:
        """Returns a call of `locals`."""
        return ast.Call(ast.Name("locals", ast.Load()), [], [])

    def begin(self, node: ast.AST, header: bool = False) -> ast.Call:
        """Returns a call that says that a statement is entered."""
        number = ast.Constant(self.numbers[node])
        return self.call("begin", self.frame(), number, ast.Constant(header))

    def end(self) -> ast.stmt:
        """Returns a statement that says that one was left."""
        return ast.Expr(self.call("end", self.frame(), self.locals()))

    def value(self, node: ast.AST, expression: ast.expr) -> ast.expr:
        """Returns an expression with its execution around it."""
        return self.call("value", self.frame(), self.begin(node), expression, self.locals())

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrites statements."""
        return [new for node in body for new in self.statement(node)]

    def statement(self, node: ast.stmt) -> list[ast.stmt]:
        """Rewrites one statement into some."""
        if isinstance(node, ast.Global | ast.Nonlocal) or is_silent(node):
            return [node]
        if isinstance(node, ast.If | ast.While):
            node.test = self.value(node, node.test)
            node.body, node.orelse = self.block(node.body), self.block(node.orelse)
            return [node]
        if isinstance(node, ast.For | ast.AsyncFor):
            method = "loop" if isinstance(node, ast.For) else "async_loop"
            number = ast.Constant(self.numbers[node])
            node.iter = self.call(method, self.frame(), self.begin(node), number, node.iter)
            node.body = [self.end(), *self.block(node.body)]
            node.orelse = [self.end(), *self.block(node.orelse)]
            return [node]
        if isinstance(node, ast.With | ast.AsyncWith):
            return [self.with_statement(node)]
        if isinstance(node, ast.Try | ast.TryStar):
            for part in ("body", "orelse", "finalbody"):
                setattr(node, part, self.block(getattr(node, part)))
            for handler in node.handlers:
                self.handler(handler)
            return [node]
        if isinstance(node, ast.Match):
            return [self.match(node)]
        if isinstance(node, DEFINED):
            self.define(node)
        elif isinstance(node, ast.Return):
            node.value = self.value(node, node.value or ast.Constant(None))
            return [node]
        elif isinstance(node, ast.Break | ast.Continue):
            return [ast.Expr(self.begin(node)), self.end(), node]
        return [ast.Expr(self.begin(node)), node, self.end()]

    def with_statement(self, node: ast.With | ast.AsyncWith) -> ast.stmt:
        """Its header goes from the first context to the last target."""
        first = node.items[0]
        begun = ast.Tuple([self.begin(node), first.context_expr], ast.Load())
        first.context_expr = ast.Subscript(begun, ast.Constant(1), ast.Load())
        node.body = [self.end(), *self.block(node.body)]
        return node

    def handler(self, node: ast.ExceptHandler) -> None:
        """It is entered when its class is looked at."""
        body = self.block(node.body)
        if node.type is None:
            node.body = [ast.Expr(self.begin(node)), self.end(), *body]
        else:
            begun = ast.Tuple([self.begin(node, header=True), node.type], ast.Load())
            node.type = ast.Subscript(begun, ast.Constant(1), ast.Load())
            node.body = [self.end(), *body]

    def match(self, node: ast.Match) -> ast.stmt:
        """A case that never fits stands before each case and says that it is tried."""
        node.subject = self.value(node, node.subject)
        cases = []
        for case in node.cases:
            tried = self.begin(case, header=True)
            cases.append(ast.match_case(ast.MatchAs(None, None), tried, [ast.Pass()]))
            case.body = [self.end(), *self.block(case.body)]
            cases.append(case)
        node.cases = cases
        return node

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Its body says that it is a frame of its own."""
        start = ast.Assign([ast.Name(FRAME, ast.Store())], self.call("frame"))
        head = node.body[:1] if is_docstring(node.body[0]) else []
        stop = [ast.Delete([ast.Name(FRAME, ast.Del())])] if isinstance(node, ast.ClassDef) else []
        node.body = [*head, start, *self.block(node.body[len(head) :]), *stop]


def is_docstring(node: ast.stmt) -> bool:
    """Returns whether a first statement is one."""
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def is_silent(node: ast.stmt) -> bool:
    """Returns whether a statement has nothing to execute."""
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or isinstance(node, ast.AnnAssign) and node.value is None


def noted(source: str, entry: str) -> Story:
    """Runs the rewritten program."""
    tree = ast.parse(source)
    rewriter = Rewriter(numbered(tree))
    for node in tree.body:
        if isinstance(node, DEFINED):
            rewriter.define(node)
    notes = Notes()
    module = ModuleType("__main__")
    space = module.__dict__
    space[NOTES] = notes
    before, sys.modules["__main__"] = sys.modules["__main__"], module
    try:
        exec(compile(ast.fix_missing_locations(tree), "<noted>", "exec"), space)
        notes.on = True
        try:
            notes.story.result = "returned " + text(eval(entry, space))
        except Exception as error:
            notes.story.result = "raised " + name_of(type(error))
    finally:
        sys.modules["__main__"] = before
    return notes.story


# Values, once more.


def name_of(cls: type) -> str:
    """Returns the qualified name of a class."""
    module = cls.__module__
    return cls.__qualname__ if module in ("builtins", "__main__") else f"{module}.{cls.__qualname__}"


def text(value: object) -> str:
    """Returns the canonical JSON of a value."""
    return json.dumps(form(value, []), ensure_ascii=False, separators=(",", ":"))


def form(value: object, path: list[int]) -> Json:
    """Returns the JSON of a value; `path` holds the containers around it."""
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if abs(value) < 2**53 else {"int": str(value)}  # type: ignore[arg-type]
    if kind is float:
        return float_form(value)  # type: ignore[arg-type]
    if kind is complex:
        return {"complex": [float_form(value.real), float_form(value.imag)]}  # type: ignore[attr-defined]
    if kind in (bytes, bytearray):
        return {kind.__name__: value.hex()}  # type: ignore[attr-defined]
    if kind is range:
        return {"range": [value.start, value.stop, value.step]}  # type: ignore[attr-defined]
    if id(value) in path:
        return {"ref": path.index(id(value))}
    inside = [*path, id(value)]
    if kind is list:
        return [form(one, inside) for one in value]  # type: ignore[attr-defined]
    if kind is tuple:
        return {"tuple": [form(one, inside) for one in value]}  # type: ignore[attr-defined]
    if kind in (set, frozenset):
        members = [form(one, inside) for one in value]  # type: ignore[attr-defined]
        order = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in members]
        return {kind.__name__: [one for _, one in sorted(zip(order, members, strict=True))]}
    if kind is dict:
        pairs = value.items()  # type: ignore[attr-defined]
        return {"dict": [[form(key, inside), form(one, inside)] for key, one in pairs]}
    if kind in (type({}.keys()), type({}.values()), type({}.items())):
        items = [form(one, inside) for one in value]  # type: ignore[attr-defined]
        return {"items": {"class": kind.__name__, "items": items}}
    if kind.__module__ == "__main__" and kind.__mro__[-2].__module__ == "__main__":
        return {"object": {"class": name_of(kind), "fields": fields_of(value, inside)}}
    return {"opaque": name_of(kind)}


def float_form(value: float) -> Json:
    """Returns the JSON of a float."""
    if math.isnan(value):
        return {"float": "nan"}
    if math.isinf(value):
        return {"float": "inf" if value > 0 else "-inf"}
    return {"float": "-0.0"} if value == 0 and math.copysign(1, value) < 0 else value


def fields_of(value: object, path: list[int]) -> list[Json]:
    """Returns names and values of the fields of a plain object."""
    found = dict(object.__getattribute__(value, "__dict__")) if hasattr(value, "__dict__") else {}
    for cls in type(value).__mro__[:-1]:
        for name, member in cls.__dict__.items():
            if isinstance(member, MemberDescriptorType) and hasattr(value, name):
                found[name] = member.__get__(value)
    pairs = [[name, form(one, path)] for name, one in found.items() if name not in HIDDEN]
    return sorted(pairs, key=lambda pair: json.dumps(pair, ensure_ascii=False))


def texts(state: dict[str, object]) -> dict[str, str]:
    """Returns the values of variables."""
    return {
        name: text(value)
        for name, value in state.items()
        if name not in HIDDEN and not (name.startswith("__") and name.endswith("__"))
    }


# The tracer.


def traced(tracer: Path, programs: list[tuple[str, str]]) -> tuple[list[dict], list[list[str]]]:
    """Returns what the tracer says of programs: heads, and the events of each."""
    with tempfile.TemporaryDirectory() as folder:
        requests, out = Path(folder, "requests"), Path(folder, "out")
        with requests.open("wb") as file:
            for source, entry in programs:
                data = source.encode(), entry.encode()
                file.write(b"program %d %d 0\n" % tuple(map(len, data)) + b"".join(data))
        command = [sys.executable, "-s", "-S", "-B", str(tracer / "backstory_programs.py")]
        limits = ["wall_ms=20000", "cpu_ms=20000", "nodes=100000", "length=100000"]
        subprocess.run([*command, requests, out, *limits], check=True, timeout=600)
        rest = out.read_bytes()
    heads, events = [], []
    while rest:
        line, _, rest = rest.partition(b"\n")
        head = json.loads(line)
        if "programs" in head:
            break
        heads.append(head)
        size = head["runs"][0]["bytes"]
        events.append(rest[:size].decode().split("\n"))
        for run in head["runs"]:
            rest = rest[run["bytes"] + 1 :]
    return heads, events


def replayed(head: dict, lines: list[str]) -> Story:
    """Returns the story that events tell."""
    story, run = Story(), head["runs"][0]
    frames: list[dict] = []
    stack: list[dict] = []
    decoder = json.JSONDecoder()
    for line in lines:
        letter, rest = line[:1], line[1:]
        if letter == "c":
            digits = rest.partition("{")[0]
            frames.append({"number": len(frames) + 1, "open": None, "state": {}})
            stack.append(frames[-1])
            change(frames[-1]["state"], rest[len(digits) :], decoder)
        elif letter == "b":
            frame = stack[-1]
            frame["open"] = Execution(int(rest), frame["number"])
            story.executions.append(frame["open"])
        elif letter == "e":
            frame = stack[-1]
            change(frame["state"], rest, decoder)
            frame["open"].ended, frame["open"].state = "normally", dict(frame["state"])
            frame["open"] = None
        elif letter == "x":
            stack[-1]["open"].ended, stack[-1]["open"] = "exception", None
        elif letter in "ruy":
            stack.pop()
        elif letter == "g":
            number = "".join(one for one in rest.partition('"')[0])
            stack.append(frames[int(number) - 1])
    value = json.dumps(run.get("value"), ensure_ascii=False, separators=(",", ":"))
    returned = run["outcome"] == "returned"
    story.result = f"returned {value}" if returned else f"{run['outcome']} {run.get('class')}"
    return story


def change(state: dict[str, str], rest: str, decoder: json.JSONDecoder) -> None:
    """Applies what changed."""
    if rest.startswith("{"):
        changed, end = decoder.raw_decode(rest)
        for name, value in changed.items():
            state[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        rest = rest[end:]
    if rest:
        for name in json.loads(rest):
            del state[name]


def is_opaque(value: str) -> bool:
    """Returns whether a value stands for what nobody opens."""
    return '"opaque"' in value or '"number":' in value or '{"object":{"class":' in value and (
        '"fields"' not in value
    )


def differences(found: Story, right: Story) -> list[str]:
    """Returns what is not the same in two stories."""
    told = []
    if opened(found.result) and opened(right.result) and found.result != right.result:
        told.append(f"the result is {found.result}, not {right.result}")
    if len(found.executions) != len(right.executions):
        told.append(f"{len(found.executions)} executions, not {len(right.executions)}")
    for place, (one, other) in enumerate(zip(found.executions, right.executions, strict=False)):
        if (one.statement, one.frame) != (other.statement, other.frame):
            told.append(
                f"execution {place}: statement {one.statement} in frame {one.frame}, "
                f"not {other.statement} in {other.frame}"
            )
            break
        if other.ended == "never" and one.ended == "exception":
            # The frame was left by an exception, and nothing of it came afterwards.
            continue
        if other.ended != "either" and one.ended != other.ended:
            told.append(f"execution {place} of {one.statement}: {one.ended}, not {other.ended}")
        told += [
            f"execution {place} of {one.statement}: {sentence}"
            for sentence in state_differences(one.state, other.state)
        ]
    return told


def opened(value: str) -> bool:
    """Returns whether a value can be compared."""
    return not is_opaque(value)


def state_differences(one: dict[str, str] | None, other: dict[str, str] | None) -> list[str]:
    """Returns how two states differ."""
    if one is None or other is None:
        return []
    told = [f"`{name}` is only on one side" for name in sorted(one.keys() ^ other.keys())]
    for name in sorted(one.keys() & other.keys()):
        if one[name] != other[name] and not (is_opaque(one[name]) or is_opaque(other[name])):
            told.append(f"`{name}` is {one[name]}, not {other[name]}")
    return told


# Planted faults.


def planted(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yields traces with one wrong event each."""
    begins = [place for place, line in enumerate(lines) if line.startswith("b")]
    if len(begins) > 1:
        place = begins[len(begins) // 2]
        yield "another statement", [*lines[:place], f"b{int(lines[place][1:]) + 1}", *lines[place + 1 :]]
        again = [*lines[:place], lines[place], "e", *lines[place:]]
        yield "an execution twice", again
    values = [place for place, line in enumerate(lines) if line.startswith("e{") and ":" in line]
    if values:
        place = values[-1]
        name = json.loads(json.JSONDecoder().raw_decode(lines[place][1:])[0].__iter__().__next__().join('""'))
        yield "another value", [*lines[:place], f'e{{"{name}":"planted"}}', *lines[place + 1 :]]
        yield "a value too late", [*lines[:place], "e", *lines[place + 1 :]]


def undetected(head: dict, lines: list[str], right: Story) -> list[str]:
    """Returns the planted faults that are not found."""
    missed = []
    for what, wrong in planted(lines):
        try:
            found = bool(differences(replayed(head, wrong), right))
        except (KeyError, IndexError, AttributeError):
            found = True
        if not found and '"opaque"' not in str(right):
            missed.append(what)
    return missed


def programs_of(paths: list[str]) -> list[tuple[str, str, str]]:
    """Returns the programs of files, by name, source and entry."""
    found = []
    for path in paths:
        for number, line in enumerate(Path(path).read_text().splitlines()):
            row = json.loads(line)
            found.append((f"{path}:{number + 1}", row["source"], row["entry"]))
    return found


def main(arguments: list[str]) -> int:
    """Compares, and returns the exit code."""
    plant = "--plant" in arguments
    files = [one for one, before in zip(arguments[1:], arguments, strict=False) if before == "--programs"]
    version = sys.version_info[:2]
    programs = programs_of(files)
    if not files:
        programs = [(name, source, entry) for name, source, entry, least in PROGRAMS if version >= least]
    heads, events = traced(Path(arguments[0]), [(source, entry) for _, source, entry in programs])
    wrong = executions = found = 0
    for (name, source, entry), head, lines in zip(programs, heads, events, strict=True):
        right = noted(source, entry)
        told = []
        if head["runs"][0]["outcome"] not in ("returned", "raised") or len(head["runs"]) > 1:
            told = [f"no trace: {[run['outcome'] for run in head['runs']]}"]
        else:
            told = differences(replayed(head, lines), right)
            executions += len(right.executions)
            if plant and not told:
                missed = undetected(head, lines, right)
                found += sum(1 for _ in planted(lines)) - len(missed)
                told = [f"planted and not found: {what}" for what in missed]
        wrong += bool(told)
        for sentence in told[:5]:
            print(f"{name}: {sentence}")
    label = ".".join(map(str, sys.version_info[:3]))
    ending = f", {found} planted faults found" if plant else ""
    print(f"Python {label}: {len(programs)} programs, {executions} executions, {wrong} wrong{ending}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
