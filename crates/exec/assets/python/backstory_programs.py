"""What do many small programs do, each in a process of its own?

usage: backstory_programs.py REQUESTS OUT KEY=NUMBER...

In: requests, each a line `program SOURCE ENTRY POINTS` with the lengths of what follows:
the source, the expression that calls into it, and pairs `STATEMENT:K` after which values
are wanted, or nothing for all. Out: for each a line of JSON and the events of its runs.

This process parses and compares. The programs run in processes that are forked from
`backstory_zygote`, of which there is one for every seed of the hash.
"""

import ast
import gc
import marshal
import os
import signal
import sys
from itertools import islice

import backstory_rows
from backstory_zygote import BROKEN, HEADER_BYTES, NO_MEMORY, TOO_LATE

DEFAULTS = {
    "seeds": 2,
    "steps": 100000,
    "wall_ms": 2000,
    "cpu_ms": 1000,
    "memory": 256 << 20,
    "output": 64 << 10,
    "trace": 8 << 20,
    "values": 1,
    "nodes": 256,
    "length": 1024,
}

#: The longest source; what is longer is not parsed.
LONGEST_SOURCE = 64 << 10

#: The most brackets in one another; Python's own parser is recursive.
MOST_BRACKETS = 60

#: A program that makes the tracer do most of what it can.
WARM_SOURCE = b"""
class Point:
    def __init__(self, x):
        self.x = x

def numbers(n):
    for i in range(n):
        yield i

def work(values, word):
    parts, seen, total = [], set(), 0.5
    table = {}
    for value in numbers(4):
        try:
            parts.append(word[value].upper())
            table[word] = (value, None, True)
            if value > 2:
                raise ValueError("x")
        except ValueError as error:
            total += 1.5
        finally:
            seen.add(value)
    while values:
        last = values.pop()
    point = Point(parts)
    return parts, total
"""
WARM_ENTRY = b"work([1, 2, 3], 'abcdef')"

#: How many programs are parsed, and then run, before the next ones are.
TOGETHER = 64

#: Names of the machinery below a program. Who uses them is not traced.
MACHINERY = frozenset(
    (
        "settrace setprofile monitoring _getframe _current_frames addaudithook tb_frame gi_frame"
        " cr_frame ag_frame f_back f_globals f_builtins f_locals f_trace __builtins__"
        " get_objects get_referrers setrecursionlimit"
    ).split()
)


def judged(status, output, nonce, most):
    """Returns what a run came to: JSON without its brace, and the events."""
    if status == TOO_LATE:
        return b'"outcome":"timeout","what":"wall"', b""
    if len(output) >= most:
        return b'"outcome":"trace"', b""
    if status & 127:
        number = status & 127
        if number in (signal.SIGPROF, signal.SIGXCPU):
            return b'"outcome":"timeout","what":"cpu"', b""
        return b'"outcome":"crashed","signal":%d' % number, b""
    code = status >> 8
    if code == NO_MEMORY:
        return b'"outcome":"oom"', b""
    nonce = nonce.encode("ascii")
    size = len(nonce)
    if code == BROKEN:
        return b'"outcome":"tampered","what":"tracer"', b""
    if code or not output:
        return b'"outcome":"exit","status":%d' % code, b""
    if output[:size] != nonce or output[-size:] != nonce or len(output) < 2 * size:
        return b'"outcome":"tampered","what":"channel"', b""
    header, _, events = output[size:-size].partition(b"\n")
    return header[1:-1], events


#: What has the time of the day, and how it is read past what a run replaces.
CLOCKS = frozenset(("datetime", "time", "date"))
CLOCK_READINGS = frozenset("today now utcnow localtime gmtime ctime asctime".split())


def prepared(source, entry):
    """Returns rows and code of a program, or why there are none."""
    if len(source) > LONGEST_SOURCE or deepest(source) > MOST_BRACKETS:
        return None, "too_large"
    try:
        text = source.decode("utf-8")
        code = compile(text, "<program>", "exec", dont_inherit=True, optimize=0)
        tree = ast.parse(text)
        call = compile(entry.decode("utf-8").strip(), "<entry>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None, "syntax"
    names, left = set(), [code, call]
    while left:
        one = left.pop()
        names.update(one.co_names)
        left.extend([inner for inner in one.co_consts if type(inner) is type(code)])
    if not MACHINERY.isdisjoint(names):
        return None, "hooks"
    if not CLOCKS.isdisjoint(names) and not CLOCK_READINGS.isdisjoint(names):
        return None, "clock"
    needs = tuple([name for name in ("random", "time") if name in names])
    return (backstory_rows.rows_of(tree), code, call, needs), None


def deepest(source):
    """Returns a bound for how deeply a source is nested."""
    if source.count(b"(") + source.count(b"[") + source.count(b"{") <= MOST_BRACKETS:
        return 0
    depth = most = 0
    for byte in source:
        if byte in b"([{":
            depth += 1
            most = max(most, depth)
        elif byte in b")]}" and depth:
            depth -= 1
    return most


def rows_text(rows):
    """Returns the rows as JSON."""
    parts = []
    for line, column, end_line, end_column, kind, around, why, silent, _, _ in rows:
        why = "null" if why is None else '"%s"' % why
        parts.append(
            '[%d,%d,%d,%d,"%s",%d,%s,%d]'
            % (line, column, end_line, end_column, kind, around, why, silent)
        )
    return "[%s]" % ",".join(parts)


#: The modules of the other interpreters, in the order in which they need each other.
MODULES = tuple(
    "backstory_" + name for name in ("values", "statements", "trace", "follow", "zygote")
)

#: How they start. They get modules that were compiled here: an interpreter that has
#: compiled something holds more memory for good, and each fork pays for that.
BOOT = """
import marshal, posix, sys
place = int(sys.argv[1])
for name, code in marshal.loads(posix.pread(place, posix.fstat(place).st_size, 0)):
    module = sys.modules[name] = type(sys)(name)
    exec(code, module.__dict__)
posix.close(place)
module.main(sys.argv[2:])
"""
FLAGS = ("-s", "-S", "-B", "-P")


class Memory:
    """A file in memory, by which processes tell each other."""

    def __init__(self, name, content=b""):
        self.descriptor = os.memfd_create(name)
        self.put(content)

    def put(self, content):
        """Replaces what is in it; who writes to it begins at its start."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        os.pwrite(self.descriptor, content, 0)

    def content(self):
        """Returns what is in it."""
        return os.pread(self.descriptor, os.fstat(self.descriptor).st_size, 0)


class Zygote:
    """Another process with another seed of the hash, which is forked for its runs."""

    def __init__(self, seed, modules, job, options):
        self.report = Memory("report")
        self.reading, theirs_write = os.pipe()
        theirs_read, self.writing = os.pipe()
        places = [modules.descriptor, job.descriptor, self.report.descriptor]
        places += [theirs_read, theirs_write]
        command = [sys.executable, *FLAGS, "-c", BOOT, *map(str, places)]
        command += ["%s=%d" % pair for pair in options.items()]
        # What a run calls in a library is looked up once, and not in each run.
        environment = dict(os.environ, PYTHONHASHSEED=str(seed), LD_BIND_NOW="1")
        self.process = started(command, environment, places)
        os.close(theirs_write)
        os.close(theirs_read)

    def start(self):
        """Asks for a run of the job that was put."""
        self.report.put(b"")
        os.write(self.writing, b".")

    def receive(self):
        """Returns how the run ended and its report."""
        status = os.read(self.reading, 4)
        if not status:
            return TOO_LATE, b""
        return int.from_bytes(status, "little", signed=True), self.report.content()

    def end(self):
        """Ends it."""
        os.close(self.writing)
        os.waitpid(self.process, 0)


def started(command, environment, places):
    """Starts a process that has some descriptors, which no other one gets."""
    for place in places:
        os.set_inheritable(place, True)
    try:
        return os.posix_spawn(command[0], command, environment)
    finally:
        for place in places:
            os.set_inheritable(place, False)


class Zygotes:
    """A process for each seed of the hash, all of which run the same jobs."""

    def __init__(self, options):
        self.most = options["trace"] + HEADER_BYTES
        modules = Memory("modules", marshal.dumps(compiled(MODULES)))
        warm, _ = prepared(WARM_SOURCE, WARM_ENTRY)
        self.job = Memory("job", marshal.dumps((*warm, None, "")))
        seeds = range(options["seeds"])
        self.processes = [Zygote(seed, modules, self.job, options) for seed in seeds]
        for process in self.processes:
            process.receive()

    def run(self, programs):
        """Runs programs once for each seed and returns what the runs of each came to.

        One process runs all of them before the next one does: what it holds is in the
        caches then, and many batches go on at the same time.
        """
        jobs = []
        for ready, points in programs:
            nonce = os.urandom(8).hex()
            jobs.append((nonce, marshal.dumps((*ready, points, nonce))))
        results = [[] for _ in jobs]
        for process in self.processes:
            for (nonce, job), found in zip(jobs, results):
                self.job.put(job)
                process.start()
                status, report = process.receive()
                found.append(judged(status, report, nonce, self.most))
        return results

    def end(self):
        """Ends them."""
        for process in self.processes:
            process.end()


def compiled(names):
    """Returns names and code of modules that lie beside this file."""
    found = []
    for name in names:
        with open(os.path.join(os.path.dirname(__file__), name + ".py"), "rb") as file:
            found.append((name, compile(file.read(), name, "exec", dont_inherit=True)))
    return found


def requests(path):
    """Yields source, entry and points of each request."""
    with open(path, "rb") as file:
        while True:
            words = file.readline().split()
            if not words:
                return
            sizes = [int(word) for word in words[1:4]]
            source, entry, points = [file.read(size) for size in sizes]
            pairs = None
            if points:
                pairs = set()
                for pair in points.split():
                    statement, _, k = pair.partition(b":")
                    pairs.add((int(statement), int(k)))
            yield source, entry, pairs


def trace_all(path, out, zygotes):
    """Runs every program and writes what came of it."""
    number, left = 0, requests(path)
    while True:
        batch = [(prepared(source, entry), points) for source, entry, points in islice(left, TOGETHER)]
        if not batch:
            break
        results = iter(zygotes.run([(ready, points) for (ready, _), points in batch if ready]))
        for (ready, why), _ in batch:
            if ready is None:
                write_results(out, number, (), [(not_run(why), b"")])
            else:
                write_results(out, number, ready[0], next(results))
            number += 1
    out.write(b'{"programs":%d}\n' % number)


def not_run(why):
    """Returns what a program comes to that is not run: JSON without its brace."""
    outcome = {"hooks": "tampered", "clock": "forbidden"}.get(why, "invalid")
    return b'"outcome":"%s","what":"%s"' % (outcome.encode("ascii"), why.encode("ascii"))


def write_results(out, number, rows, results):
    """Writes what the runs of one program came to; what is equal only once."""
    first = results[0]
    shown = [first] + [result for result in results[1:] if result != first]
    runs = [b'{%s,"bytes":%d}' % (header, len(events)) for header, events in shown]
    out.write(
        b'{"program":%d,"repeats":%d,"rows":%s,"runs":[%s]}\n'
        % (number, len(results), rows_text(rows).encode("ascii"), b",".join(runs))
    )
    for _, events in shown:
        out.write(events)
        out.write(b"\n")


def main(arguments):
    """Traces what is asked for."""
    options = dict(DEFAULTS)
    for word in arguments[2:]:
        key, _, value = word.partition("=")
        options[key] = int(value)
    # Syntax trees have no circles, and a collection would only look at them.
    gc.disable()
    zygotes = Zygotes(options)
    with open(arguments[1], "wb") as out:
        trace_all(arguments[0], out, zygotes)
    zygotes.end()


if __name__ == "__main__":
    main(sys.argv[1:])
