"""What does tracing cost, and does it stay in proportion?

usage: tracing.py TRACER PYTHON [--count N]

Traces N equal short programs with the programs of TRACER on the interpreter PYTHON, both
runs and every limit on, and prints programs for each CPU-second of everything that was
started; beside it a bare fork and wait, one run instead of two, and the way of
ExecVerify: `sys.settrace` with the `repr` of all variables, in one process, without
limits. Then the cost of a loop of 1,000 and of 10,000 iterations, and frames numbered
over a million calls. The table goes to stdout as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

SHORT = '''def helper(a, b):
    total = 0
    for x in a:
        if x % 2 == 0:
            total += x * b
        else:
            total -= x
    return total


def entry(values, word):
    parts = []
    for value in values:
        if value > 3:
            parts.append(word.upper())
        else:
            parts.append(word[:value])
    score = helper(values, len(parts))
    return "-".join(parts), score
'''
CALL = "entry([1, 2, 5, 8], 'abcdef')"
LOOP = "def f():\n    xs = []\n    for i in range(COUNT):\n        xs.append(i)\n    return len(xs)\n"
CALLS = "def g():\n    return 1\n\ndef f():\n    for i in range(1000000):\n        g()\n"

#: The way of ExecVerify, on the same program.
THEIRS = '''
import resource, sys
def run(source, call):
    events = []
    def trace(frame, event, argument):
        if frame.f_code.co_filename != "<program>":
            return None
        state = {name: repr(value)[:200] for name, value in frame.f_locals.items()}
        events.append((event, frame.f_lineno, state))
        return trace
    space = {}
    exec(compile(source, "<program>", "exec"), space)
    sys.settrace(trace)
    try:
        eval(call, space)
    finally:
        sys.settrace(None)
    return events
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
start = cpu()
for _ in range(COUNT):
    run(SOURCE, CALL)
print(COUNT / (cpu() - start))
'''
BARE = '''
import posix, resource
def cpu():
    sums = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in sums)
start = cpu()
for _ in range(COUNT):
    child = posix.fork()
    if child == 0:
        posix._exit(0)
    posix.waitpid(child, 0)
print(COUNT / (cpu() - start))
'''


def cpu() -> float:
    """Returns the CPU seconds of everything that was started and has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Tracer:
    """Runs the tracer outside the sandbox, which costs once a batch and not a program."""

    def __init__(self, folder: Path, python: str) -> None:
        self.command = [python, "-s", "-S", "-B", str(folder / "backstory_programs.py")]
        self.python = python

    def trace(self, programs: list[tuple[str, str]], *options: str) -> tuple[float, list[dict], int]:
        """Returns CPU seconds, what is said of each program, and the bytes of the report."""
        with tempfile.TemporaryDirectory() as place:
            requests, out = Path(place, "requests"), Path(place, "out")
            with requests.open("wb") as file:
                for source, entry in programs:
                    data = source.encode(), entry.encode()
                    file.write(b"program %d %d 0\n" % tuple(map(len, data)) + b"".join(data))
            start = cpu()
            subprocess.run([*self.command, requests, out, *options], check=True)
            seconds, rest = cpu() - start, out.read_bytes()
        size, heads = len(rest), []
        while rest:
            line, _, rest = rest.partition(b"\n")
            head = json.loads(line)
            heads.append(head)
            for run in head.get("runs", ()):
                rest = rest[run["bytes"] + 1 :]
        return seconds, heads[:-1], size

    def script(self, text: str, **names: object) -> float:
        """Returns the number that a script prints."""
        for name, value in names.items():
            text = text.replace(name, repr(value))
        out = subprocess.run([self.python, "-S", "-c", text], check=True, capture_output=True)
        return float(out.stdout)


def rates(tracer: Tracer, count: int) -> None:
    """Prints programs for each CPU-second."""
    programs = [(f"{SHORT}# {number}\n", CALL) for number in range(count)]
    print("| | round 1 | round 2 | round 3 |\n|---|--:|--:|--:|")
    rows: dict[str, list[float]] = {}
    for _ in range(3):
        rows.setdefault("bare fork and wait, processes", []).append(
            tracer.script(BARE, COUNT=count)
        )
        for label, options in (
            ("**two runs, all values, limits**", ()),
            ("two runs, activations alone", ("values=0",)),
            ("one run, all values", ("seeds=1",)),
        ):
            seconds, heads, _ = tracer.trace(programs, *options)
            outcomes = {run["outcome"] for head in heads for run in head["runs"]}
            if outcomes != {"returned"}:
                sys.exit(f"error: outcomes are {outcomes}")
            rows.setdefault(label, []).append(count / seconds)
        rows.setdefault("the way of ExecVerify, one process, no limits", []).append(
            tracer.script(THEIRS, COUNT=count, SOURCE=SHORT, CALL=CALL)
        )
    for label, values in rows.items():
        print(f"| {label} | " + " | ".join(f"{value:.0f}" for value in values) + " |")


def proportion(tracer: Tracer) -> bool:
    """Prints the cost of loops; returns whether it is in proportion."""
    limits = ("cpu_ms=100000", "wall_ms=200000", "steps=5000000")
    empty = min(tracer.trace([("def f():\n    pass\n", "f()")])[0] for _ in range(3))
    fine = True
    print("\n| append loop | values | CPU-seconds, two runs | bytes |\n|---|---|--:|--:|")
    for values in (1, 0):
        costs = []
        for count in (1_000, 10_000):
            source = LOOP.replace("COUNT", str(count))
            seconds, _, size = tracer.trace([(source, "f()")], *limits, f"values={values}")
            costs.append((seconds - empty, size))
            print(f"| {count} | {'all' if values else 'none'} | {seconds - empty:.3f} | {size} |")
        fine &= costs[1][1] <= 12 * costs[0][1] and costs[1][1] < 1_000_000
    seconds, heads, _ = tracer.trace([(CALLS, "f()")], *limits, "values=0", "seeds=1", "memory=4000000000", "trace=99000000")
    run = heads[0]["runs"][0]
    print(f"\n1,000,000 calls: {run['outcome']}, {run['frames']} frames, {seconds:.1f} CPU-seconds")
    return fine and run["frames"] == 1_000_001


def main() -> int:
    """Measures, and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracer", type=Path)
    parser.add_argument("python")
    parser.add_argument("--count", type=int, default=500)
    given = parser.parse_args()
    tracer = Tracer(given.tracer, given.python)
    print(f"load {os.getloadavg()[0]:.1f}\n")
    rates(tracer, given.count)
    return 0 if proportion(tracer) else 1


if __name__ == "__main__":
    sys.exit(main())
