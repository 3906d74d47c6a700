"""What does it cost to trace a project's own tests?

usage: traced_suite.py TRACER PYTHON CHECKOUT PACKAGE PATH:FUNCTION...

Runs the tests of CHECKOUT with the pytest of PYTHON, in turns: untraced, with all lines of
PACKAGE (a path below the checkout) counted and the functions traced with all variables,
and in the way of ExecVerify (`sys.settrace`, the `repr` of all variables of every frame on
every line, at most 200 characters). Prints CPU-seconds and factors as Markdown; the exit
code is 1 where the factor of ours is above 2.0 or a test fails only when traced.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

BAR = 2.0
ROUNDS = 3
THEIRS = '''
import sys
EVENTS = []
def trace(frame, event, argument):
    if PACKAGE not in frame.f_code.co_filename:
        return None
    state = {}
    for name, value in frame.f_locals.items():
        try:
            state[name] = repr(value)[:200]
        except Exception:
            state[name] = "?"
    EVENTS.append((event, frame.f_lineno, state))
    if len(EVENTS) > 100000:
        EVENTS.clear()
    return trace
def pytest_configure(config):
    sys.settrace(trace)
'''


def tests(python: str, checkout: Path, plugin: list[str], variables: dict[str, str]) -> tuple[float, str]:
    """Runs the tests; returns CPU seconds and pytest's last line."""
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", *plugin]
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
    environment = {"PATH": os.environ["PATH"], **fixed, **variables}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if out.returncode:
        print(out.stdout[-2000:], out.stderr[-2000:], file=sys.stderr)
    return seconds, out.stdout.strip().rpartition("\n")[2]


def said(path: Path) -> str:
    """Returns what the tracer left, in numbers."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    traced = [row for row in rows if "events" in row]
    events = sum(row["events"].count("\n") + 1 for row in traced)
    lines = sum(row["lines"] for row in traced)
    size = path.stat().st_size
    return f"{len(traced)} tests traced, {events} events, {lines} other lines, {size} bytes"


def main(arguments: list[str]) -> int:
    """Measures, and returns the exit code."""
    tracer, python, checkout, package = arguments[:4]
    functions = [dict(zip(("path", "name"), one.split(":"), strict=True)) for one in arguments[4:]]
    rounds: list[list[float]] = []
    ends: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        request, out = place / "request", place / "out"
        root = str(Path(checkout).resolve())
        asked = {"root": root, "package": package, "functions": functions, "out": str(out)}
        request.write_text(json.dumps(asked))
        (place / "theirs.py").write_text(THEIRS.replace("PACKAGE", repr(f"/{package}")))
        ours = ["-p", "backstory_trace_tests"]
        for _ in range(ROUNDS):
            row = []
            for plugin, variables in (
                ([], {}),
                (ours, {"PYTHONPATH": tracer, "BACKSTORY_TRACE": str(request)}),
                (["-p", "theirs"], {"PYTHONPATH": folder}),
            ):
                out.unlink(missing_ok=True)
                seconds, last = tests(python, Path(checkout), plugin, variables)
                row.append(seconds)
                ends.add(last.partition(" in ")[0])
                if plugin == ours:
                    print(said(out))
            rounds.append(row)
    print("\n| | " + " | ".join(f"round {n}" for n in range(1, ROUNDS + 1)) + " | factor |")
    print("|---|" + "--:|" * (ROUNDS + 1))
    factors = []
    for place_in, label in enumerate(("untraced", "ours", "the way of ExecVerify")):
        values = [row[place_in] for row in rounds]
        factors.append(sum(values) / sum(row[0] for row in rounds))
        cells = " | ".join(f"{value:.2f}" for value in values)
        print(f"| {label}, CPU-seconds | {cells} | {factors[-1]:.2f} |")
    print("\n" + "; ".join(sorted(ends)))
    return 0 if factors[1] <= BAR and len(ends) == 1 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
