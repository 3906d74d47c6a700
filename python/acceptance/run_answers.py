"""Are the answers about functions of a run right, by a tracer that shares no code with ours?

usage: run_answers.py RUN QUESTIONS REPOSITORY BACKSTORY [--plant]

QUESTIONS is what `questions --from RUN` wrote, REPOSITORY the repository of the run, and
BACKSTORY the program, which is asked for trees and patches. The interpreter that runs this
script runs the tests again, so it has to be of the version of the items, with pytest and
what the tests need. The functions are rewritten as they are imported (`retrace_tests.py`),
and every answer is derived again from what they note; of `fixed_value` the value before the
fix, too. With `--plant` each answer is replaced by another one of its kind, which has to be
found. Tests run without a sandbox here: give it runs whose code you trust. The exit code is
1 where anything differs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from answers import planted, type_of
from answers import same as is_same

Place = tuple[str, str, str, str, int]
Row = dict
#: A folder that pytest makes for a test; its number depends on what ran before.
FOLDER = re.compile(r"/tmp/pytest-of-\w+/pytest-\d+/\w+")


def lines(path: Path) -> list[Row]:
    """Returns the rows of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def same(one: str, other: str) -> bool:
    """Returns whether two values are the same, but for where tests have their own folders."""
    return is_same(*(FOLDER.sub("FOLDER", value) for value in (one, other)))


class Instance:
    """The checkouts of one instance."""

    def __init__(self, run: Path, name: str, repository: Path, backstory: str) -> None:
        show = [backstory, "show", str(run), name]
        story = subprocess.run([*show, "--json"], check=True, capture_output=True)
        self.unit = json.loads(story.stdout)["unit"]
        execution = subprocess.run([*show, "--execution"], check=True, capture_output=True)
        blob = json.loads(execution.stdout)["instance"]["test_patch"]
        self.patch = run / "blobs" / blob[:2] / f"{blob[2:]}.zst"
        self.repository = repository

    def checkout(self, state: str, folder: Path) -> None:
        """Writes the tree of a state."""
        tree = self.unit["head_tree" if state == "head" else "base_tree"]
        archive = subprocess.Popen(
            ["git", "-C", str(self.repository), "archive", tree], stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", str(folder)], stdin=archive.stdout, check=True)
        if archive.wait() != 0:
            sys.exit(f"error: `{tree}` cannot be read")
        if state != "head":
            text = subprocess.run(["zstd", "-dcq", str(self.patch)], check=True, capture_output=True)
            subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=folder, input=text.stdout, check=True)


def noted(instance: Instance, state: str, rows: list[Row]) -> dict[tuple, Row]:
    """Returns what calls of a state did, by test and place."""
    with tempfile.TemporaryDirectory() as where:
        folder, out = Path(where, "work"), Path(where, "out")
        folder.mkdir()
        instance.checkout(state, folder)
        calls: dict[str, list] = defaultdict(list)
        for row in rows:
            calls[row["test"]].append([row["path"], row["function"], row["call"]])
        functions = sorted(
            {
                (row["trace"]["files"][one["file"]]["path"], one["name"])
                for row in rows
                for one in row["trace"]["functions"]
            }
        )
        request = {"root": str(folder), "functions": functions, "tests": sorted(calls), "calls": calls, "out": str(out)}
        Path(where, "request").write_text(json.dumps(request), encoding="utf-8")
        files = sorted({test.partition("::")[0] for test in calls})
        fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        fixed |= {"COLUMNS": "80", "NO_COLOR": "1", "CI": "true", "HOME": where, "PATH": os.environ["PATH"]}
        # Compiled modules would be taken as they are.
        fixed["PYTHONPYCACHEPREFIX"] = str(Path(where, "cache"))
        own = [str(folder / "src"), str(folder), str(Path(__file__).resolve().parent)]
        fixed["PYTHONPATH"] = os.pathsep.join([*own, os.environ.get("RUN_ANSWERS_SITE", "")]).rstrip(os.pathsep)
        fixed["RETRACE"] = str(Path(where, "request"))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "retrace_tests", "-p", "no:cacheprovider", "-o", "addopts="]
        done = subprocess.run([*command, *files], cwd=folder, env=fixed, capture_output=True, text=True)
        if not out.exists():
            print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
            return {}
        # In the sandbox the checkout lies at a place of its own.
        out.write_text(out.read_text(encoding="utf-8").replace(str(folder), "/work"), encoding="utf-8")
        return {(row["test"], *row["place"]): row for row in lines(out)}


def answer(asked: Row, variable: str, story: Row, before: Row | None) -> str:
    """Derives the answer of a question, as canonical JSON."""
    state = '{{"state":"{}"}}'.format
    kind, statement = asked["kind"], asked.get("statement_id")
    executions = story["executions"]
    if kind in ("coverage", "execution_count"):
        count = sum(one[0] == statement for one in executions)
        return json.dumps(count > 0 if kind == "coverage" else count)
    if kind == "exception":
        return str(story["origin"]) if story["result"].startswith("raised ") else state("not_raised")
    if kind == "final_output":
        return story["result"].removeprefix("returned ")
    places = [at for at, one in enumerate(executions) if one[0] == statement]
    if len(places) < asked["k"]:
        return state("not_executed")
    at = places[asked["k"] - 1]
    if kind == "next_statement":
        following = executions[at + 1 : at + 2]
        return str(following[0][0]) if following else state("end")
    left = executions[at][3]
    assert left is not None, "asked about an execution that an exception ended"
    if variable not in left:
        return state("unbound")
    if kind == "variable_type":
        value = json.loads(left[variable])
        is_opaque = isinstance(value, dict) and "opaque" in value
        return json.dumps(value["opaque"] if is_opaque else type_of(value))
    return left[variable]


def beginning(prompt: str, story: Row) -> tuple[int, dict[str, str]]:
    """Returns how many executions were before those asked about, and the state then."""
    found = re.search(r"now execution (\d+) of statement \[(\d+)\] begins", prompt)
    if found is None:
        return 0, story["given"]
    k, statement = int(found[1]), int(found[2])
    places = [at for at, one in enumerate(story["executions"]) if one[0] == statement]
    before = story["executions"][: places[k - 1]]
    states = [one[3] for one in before if one[1] == 1 and one[3] is not None]
    return len(before), states[-1] if states else story["given"]


def untrue(item: Row, story: Row) -> list[str]:
    """Returns what a prompt shows and is not so."""
    prompt = item["prompt"]
    place, state = beginning(prompt, story)
    shown = prompt.partition(":\n\n```\n")[2].partition("```\n")[2]
    found = []
    for name, value in re.findall(r"^(\w+) = (.*)$", shown.partition("```\n")[2].partition("```\n")[0], re.M):
        is_hidden = '"object":' in value or '"opaque":' in state.get(name, "")
        if not is_hidden and not (name in state and same(state[name], value)):
            found.append(f"{item['item_id']}: `{name}` is shown as {value}, not {state.get(name)}")
    for statement, count in re.findall(r"\[(\d+)\] (\d+)", prompt.partition("how often: ")[2].partition("\n")[0]):
        did = sum(one[0] == int(statement) for one in story["executions"][:place])
        if did != int(count):
            found.append(f"{item['item_id']}: [{statement}] was executed {did} times so far, not {count}")
    return found


def told_before(prompt: str) -> str:
    """Returns the value before the fix that a prompt tells."""
    found = re.search(r"^1\. Before the fix, `\w+` was (.*) right after execution \d+ of statement", prompt, re.M)
    assert found is not None
    return found[1]


def had_before(asked: Row, variable: str, told: str, story: Row | None) -> bool:
    """Returns whether some execution before the fix left this value."""
    states = [one[3] for one in (story or {"executions": []})["executions"] if one[3] is not None]
    return any(variable in state and same(state[variable], told) for state in states)


def wrong(item: Row, story: Row, before: Row | None, plant: bool) -> list[str]:
    """Returns the questions of an item whose answer is another one."""
    found = []
    for asked in item["questions"]:
        line = re.search(rf"^{asked['q']}\. (.*)$", item["prompt"].partition("Questions:")[2], re.M)
        variable = re.search(r"`(\w+)`", line[1]) if line else None
        name = variable[1] if variable else ""
        derived = answer(asked, name, story, before)
        said = planted(asked) if plant else asked["answer"]
        where = f"{item['item_id']} {asked['q']} {asked['kind']}"
        if not same(derived, said):
            found.append(f"{where}: {said}, not {derived}")
        stated = asked.get("answer_type")
        if stated and asked["kind"] == "exception" and story["result"] != f"raised {stated}":
            found.append(f"{where}: {stated}, not {story['result']}")
        elif stated and asked["kind"] != "exception" and stated != type_of(json.loads(derived)):
            found.append(f"{where}: type {stated}")
        if asked["kind"] == "fixed_value" and not plant:
            if not had_before(asked, name, told_before(item["prompt"]), before):
                found.append(f"{where}: `{name}` never had the value before the fix")
    return found


def main(arguments: list[str]) -> int:
    """Checks every item."""
    plant = "--plant" in arguments
    run, questions, repository, backstory = [one for one in arguments if not one.startswith("--")]
    here = "{}.{}.{}".format(*sys.version_info[:3])
    traces = {row["trace_ref"]: row for row in lines(Path(questions, "traces.jsonl"))}
    items = lines(Path(questions, "items.jsonl"))
    others = {item["python_version"] for item in items} - {here}
    items = [item for item in items if item["python_version"] == here]
    if others:
        print(f"left out: items of Python {', '.join(sorted(others))}")
    by_instance: dict[str, list[Row]] = defaultdict(list)
    for item in items:
        by_instance[traces[item["trace_ref"]]["instance"]].append(item)
    kinds: Counter[str] = Counter()
    faults: list[str] = []
    missing = 0
    for name, some in sorted(by_instance.items()):
        rows = list({item["trace_ref"]: traces[item["trace_ref"]] for item in some}.values())
        instance = Instance(Path(run), name, Path(repository), backstory)
        fixed = {item["trace_ref"] for item in some if item["questions"][0]["kind"] == "fixed_value"}
        head = [row for row in rows if row["state"] == "head"]
        base = [row for row in rows if row["state"] != "head" or row["trace_ref"] in fixed]
        after = noted(instance, "head", head) if head else {}
        before = noted(instance, "base_with_tests", base) if base else {}
        for item in some:
            row = traces[item["trace_ref"]]
            place = (row["test"], row["path"], row["function"], row["call"])
            story = (after if row["state"] == "head" else before).get(place)
            if story is None:
                missing += len(item["questions"])
                faults.append(f"{item['item_id']}: {name} has no such call: {place}")
                continue
            kinds["items"] += 1
            kinds.update(asked["kind"] for asked in item["questions"])
            faults += wrong(item, story, before.get(place), plant)
            if not plant:
                faults += untrue(item, story)
    for kind, count in sorted(kinds.items()):
        print(f"{kind:<18}{count:>8}")
    asked = sum(count for kind, count in kinds.items() if kind != "items")
    print(f"Python {here}: {asked} answers of {len(by_instance)} instances, {len(faults)} differ, {missing} without a call")
    if plant:
        return 0 if len(faults) >= asked else 1
    print("\n".join(faults[:20]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
