"""Are the answers of questions right, by a run that shares no code with the tracer?

usage: answers.py PROGRAMS QUESTIONS [--plant]

PROGRAMS is what `synthesize programs` or `given_programs.py` wrote, QUESTIONS what `questions` made of it with the
version of Python that runs this script. Every program is run once more with its source
rewritten so that it notes itself what it executes (`retrace.py`), and every answer is derived
again from these notes; where an exception began is read off Python's own traceback, and
arguments are called with. With `--plant` each answer is replaced by another one of its kind,
which has to be found. Programs here are ours and run without a sandbox. The exit code is 1
where anything differs, and where what is asked of made programs is not spread as it should
be: every state that may be an answer is the right one of at least 4 % of its kind, and
statements that call a function of the program are asked about in proportion.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

from retrace import Story, noted, numbered, text

Json = object
STATES = {"end", "not_executed", "unbound", "not_raised"}
NAMES = {"NoneType": type(None), "bool": bool, "int": int, "float": float, "str": str}
#: What stands in for a right answer, and for one that is the stand-in itself.
PLANTED = {"boolean": ("true", "false"), "type": ('"str"', '"int"')}
#: The states that a kind of question may have as its answer.
OF_KIND = {
    "next_statement": ("end", "not_executed"),
    "variable_value": ("not_executed", "unbound"),
    "variable_type": ("not_executed", "unbound"),
    "exception": ("not_raised",),
}
#: Fewer questions of a kind say nothing about shares.
MANY = 500


def ordered(value: Json) -> Json:
    """Returns a form in which the order of dicts says nothing."""
    if isinstance(value, list):
        return [ordered(one) for one in value]
    if isinstance(value, dict):
        inner = {key: ordered(one) for key, one in value.items()}
        if isinstance(inner.get("dict"), list):
            inner["dict"] = sorted(inner["dict"], key=json.dumps)
        return inner
    return value


def same(one: str, other: str) -> bool:
    """Returns whether two canonical texts say the same; `true` is not `1`."""
    return json.dumps(ordered(json.loads(one))) == json.dumps(ordered(json.loads(other)))


def type_of(value: Json) -> str:
    """Returns the type that a canonical form is of."""
    for name, kind in NAMES.items():
        if type(value) is kind:
            return name
    if isinstance(value, list):
        return "list"
    assert isinstance(value, dict)
    (word,) = value
    inner = value[word]
    return inner["class"] if word in ("items", "object") else word


def value_of(form: Json) -> object:
    """Returns the Python value of a canonical form."""
    if isinstance(form, list):
        return [value_of(one) for one in form]
    if not isinstance(form, dict):
        return form
    ((word, inner),) = form.items()
    if word == "dict":
        return {value_of(key): value_of(one) for key, one in inner}
    plain = {"tuple": tuple, "set": set, "frozenset": frozenset}
    if word in plain:
        return plain[word](value_of(one) for one in inner)
    return {"int": int, "float": float}[word](inner)


def parts(row: dict) -> tuple[str, str]:
    """Returns what a program defines, and the call."""
    if "call" in row:
        return row["source"], row["call"]
    printed = ast.parse(row["source"]).body[-1]
    assert isinstance(printed, ast.Expr) and isinstance(printed.value, ast.Call)
    lines = row["source"].splitlines(keepends=True)
    call = ast.get_source_segment(row["source"], printed.value.args[0])
    assert call is not None
    return "".join(lines[: printed.lineno - 1]).rstrip() + "\n", call


def calling(source: str) -> set[int]:
    """Returns the statements whose own code calls a function of the program."""
    tree = ast.parse(source)
    names = {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
    found = set()
    for statement, number in numbered(tree).items():
        own = [statement] if not hasattr(statement, "body") else [
            getattr(statement, part) for part in ("test", "iter") if hasattr(statement, part)
        ]
        calls = [one for part in own for one in ast.walk(part) if isinstance(one, ast.Call)]
        if any(isinstance(one.func, ast.Name) and one.func.id in names for one in calls):
            found.add(number)
    return found


class Checked:
    """One program with everything that it did."""

    def __init__(self, row: dict) -> None:
        self.source, self.call = parts(row)
        self.story: Story = noted(self.source, self.call)
        self.calling = calling(self.source)

    def at(self, statement: int, k: int) -> int | None:
        """Returns the place of an execution among all."""
        places = [at for at, one in enumerate(self.story.executions) if one.statement == statement]
        return places[k - 1] if k <= len(places) else None

    def origin(self) -> int:
        """Returns the statement that the traceback of the program itself ends in."""
        module = ModuleType("__main__")
        exec(compile(self.source, "<program>", "exec"), module.__dict__)
        try:
            eval(self.call, module.__dict__)
        except Exception as error:
            line, trace = 0, error.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code.co_filename == "<program>":
                    line = trace.tb_lineno
                trace = trace.tb_next
        numbers = numbered(ast.parse(self.source))
        around = [(one.lineno, number) for one, number in numbers.items() if one.lineno <= line]
        return max(around)[1]

    def answer(self, asked: dict, variable: str) -> str:
        """Derives the answer of a question about the way, as canonical JSON."""
        state = '{{"state":"{}"}}'.format
        kind, statement = asked["kind"], asked.get("statement_id")
        executions = self.story.executions
        if kind in ("coverage", "execution_count"):
            count = sum(one.statement == statement for one in executions)
            return json.dumps(count > 0 if kind == "coverage" else count)
        if kind == "exception":
            raised = self.story.result.startswith("raised ")
            return str(self.origin()) if raised else state("not_raised")
        if kind == "final_output":
            return self.story.result.removeprefix("returned ")
        at = self.at(statement, asked["k"])
        if at is None:
            return state("not_executed")
        if kind == "next_statement":
            following = executions[at + 1 : at + 2]
            return str(following[0].statement) if following else state("end")
        left = executions[at].state
        assert left is not None, "asked about an execution that an exception ended"
        if variable not in left:
            return state("unbound")
        return left[variable] if kind == "variable_value" else json.dumps(type_of(json.loads(left[variable])))

    def gives(self, function: dict) -> str:
        """Calls the function with the known arguments."""
        module = ModuleType("__main__")
        exec(compile(function["source"], "<program>", "exec"), module.__dict__)
        arguments = value_of(json.loads(function["arguments"]))
        assert isinstance(arguments, list)
        return text(module.__dict__[function["entry"]](*arguments))


def planted(asked: dict) -> str:
    """Returns another answer than the right one."""
    first, second = PLANTED.get(asked["checker"], ("987", "986"))
    return second if same(asked["answer"], first) else first


def wrong(checked: Checked, item: dict, plant: bool) -> list[str]:
    """Returns the questions of an item whose answer is another one."""
    found = []
    for asked in item["questions"]:
        line = re.search(rf"^{asked['q']}\. (.*)$", item["prompt"].partition("Question")[2], re.M)
        variable = re.search(r"`(\w+)`", line[1]) if line else None
        if asked["kind"] == "output_to_input":
            derived = checked.gives(item["function"])
        else:
            derived = checked.answer(asked, variable[1] if variable else "")
        said = planted(asked) if plant else asked["answer"]
        if not same(derived, said):
            found.append(f"{item['item_id']} {asked['q']} {asked['kind']}: {said}, not {derived}")
        stated = asked.get("answer_type")
        if stated and asked["kind"] != "exception" and stated != type_of(json.loads(derived)):
            found.append(f"{item['item_id']} {asked['q']}: type {stated}")
        if stated and asked["kind"] == "exception" and checked.story.result != f"raised {stated}":
            found.append(f"{item['item_id']} {asked['q']}: {stated}, not {checked.story.result}")
    return found


class Spread:
    """What is asked how often."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.states: Counter[tuple[str, str]] = Counter()
        self.executed: Counter[bool] = Counter()
        self.asked: Counter[bool] = Counter()

    def program(self, checked: Checked) -> None:
        """Counts the statements of a program that end with variables to ask about."""
        ended = {one.statement for one in checked.story.executions if one.state is not None}
        self.executed.update(number in checked.calling for number in ended)

    def item(self, item: dict, checked: Checked) -> None:
        """Counts the questions of an item."""
        for asked in item["questions"]:
            kind, answer = asked["kind"], json.loads(asked["answer"])
            self.kinds[kind] += 1
            if isinstance(answer, dict) and "state" in answer:
                self.states[kind, answer["state"]] += 1
            elif kind in ("variable_value", "variable_type"):
                self.asked[asked["statement_id"] in checked.calling] += 1

    def faults(self) -> list[str]:
        """Says what is asked too seldom."""
        found = []
        for kind, states in OF_KIND.items():
            for state in states:
                share = 100 * self.states[kind, state] / max(self.kinds[kind], 1)
                print(f"{kind}, {state}: {share:.1f} %")
                if self.kinds[kind] >= MANY and share < 4:
                    found.append(f"{state} is the answer of {share:.1f} % of {kind}")
        shares = [100 * one[True] / max(one.total(), 1) for one in (self.executed, self.asked)]
        print("statements that call a function of the program: {:.1f} % executed, {:.1f} % asked".format(*shares))
        if self.asked.total() >= MANY and shares[1] < shares[0] / 2:
            found.append("statements that call a function of the program are asked about too seldom")
        return found


def main(arguments: list[str]) -> int:
    """Checks every item."""
    plant = "--plant" in arguments
    folders = [Path(one) for one in arguments if not one.startswith("--")]
    programs = {}
    for line in (folders[0] / "programs.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        programs[row["program_id"]] = row
    here = "{}.{}.{}".format(*sys.version_info[:3])
    seen: dict[str, Checked] = {}
    kinds: Counter[str] = Counter()
    spread = Spread()
    faults: list[str] = []
    for line in (folders[1] / "items.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if item["python_version"] != here:
            sys.exit(f"the items are of Python {item['python_version']}, this is {here}")
        name = item["program_id"]
        if name not in seen:
            seen = {name: Checked(programs[name])}
            kinds["programs"] += 1
            spread.program(seen[name])
        kinds["items"] += 1
        kinds.update(asked["kind"] for asked in item["questions"])
        spread.item(item, seen[name])
        faults += wrong(seen[name], item, plant)
    for kind, count in kinds.items():
        print(f"{kind:<18}{count:>8}")
    asked = sum(count for kind, count in kinds.items() if kind not in ("programs", "items"))
    print(f"Python {here}: {asked} answers, {len(faults)} differ")
    if plant:
        return 0 if len(faults) >= asked else 1
    unspread = spread.faults()
    if any("constraint" in row for row in programs.values()):
        faults += unspread
    print("\n".join(faults[:20]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
