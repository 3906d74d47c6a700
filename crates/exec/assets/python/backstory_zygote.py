"""How does one run of a program go, in a process that is forked for it?

usage: backstory_zygote.py READ WRITE KEY=NUMBER...

In: jobs from one descriptor. Out: how each run ended, and what it wrote, to another one.
This process is small, because a fork costs what it holds; it does not parse, and what
every run needs is made and was used before the first one.
"""

import builtins
import gc
import marshal
import posix
import resource
import select
import sys

import _signal
import _thread

import backstory_trace
from backstory_values import Values, address, class_name, quoted

#: What the tracer itself needs of the stack, beside the 1000 frames a program has.
STACK = 1150

#: What a process of ours ends with when there is no result.
NO_MEMORY, BROKEN = 71, 70

#: What stands for the status of a run that did not end, or wrote without end.
TOO_LATE, TOO_LONG = -1, -2

#: How often the program below is run before the first one that was asked for.
WARMING = 12

#: Modules with which a program reaches out of itself.
OUTWARD = {
    "ctypes": "hooks",
    "_ctypes": "hooks",
    "gc": "hooks",
    "inspect": None,
    "signal": "signals",
    "_signal": "signals",
    "threading": None,
    "multiprocessing": "processes",
    "subprocess": "processes",
    "socket": None,
}

#: Events of the interpreter that end a run, and how they are called.
DENIED = {
    "sys.settrace": "hooks",
    "sys.setprofile": "hooks",
    "sys.monitoring.register_callback": "hooks",
    "sys.addaudithook": "hooks",
    "sys._current_frames": "hooks",
    "gc.get_objects": "hooks",
    "gc.get_referrers": "hooks",
    "gc.get_referents": "hooks",
    "code.__new__": None,
    "os.fork": "processes",
    "os.forkpty": "processes",
    "os.exec": "processes",
    "os.posix_spawn": "processes",
    "os.system": "processes",
    "os.kill": "signals",
    "os.killpg": "signals",
    "signal.pthread_kill": "signals",
    "subprocess.Popen": "processes",
    "_thread.start_new_thread": "threads",
    "_thread.start_joinable_thread": "threads",
    "socket.connect": "network",
    "socket.bind": "network",
    "socket.getaddrinfo": "network",
    "os.remove": "files",
    "os.rename": "files",
    "os.rmdir": "files",
    "os.mkdir": "files",
    "os.truncate": "files",
    "os.link": "files",
    "os.symlink": "files",
    "os.chmod": "files",
}
DENIED = {event: what for event, what in DENIED.items() if what is not None}
OUTWARD = {name: what for name, what in OUTWARD.items() if what is not None}

#: Flags of `open` with which a file may be changed.
WRITING = posix.O_WRONLY | posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC | posix.O_APPEND


class Guard:
    """Ends a run that reaches for what it should not; it cannot be taken away."""

    def __init__(self):
        self.run = None

    def no_thread(self, *arguments):
        """Stands for what starts threads, of which 3.11 has no event."""
        if self.run is not None:
            self.run.stop("forbidden", "threads")

    def hook(self, event, arguments):
        """Looks at one event of the interpreter."""
        run = self.run
        if run is None:
            return
        what = DENIED.get(event)
        if what is None:
            if event == "import":
                what = OUTWARD.get(arguments[0])
            elif event == "open":
                flags = arguments[2]
                what = "files" if type(flags) is int and flags & WRITING else None
        if what is not None:
            run.stop("forbidden" if what != "hooks" else "tampered", what)


class Output:
    """Counts what a program prints, and keeps nothing of it."""

    encoding, errors, closed, newlines = "utf-8", "strict", False, None

    def __init__(self, run, most):
        self._run = run
        self._left = most

    def write(self, text):
        """Takes text."""
        if not isinstance(text, str):
            raise TypeError("write() argument must be str")
        self._left -= len(text)
        if self._left < 0:
            self._run.stop("output", None)
        return len(text)

    def flush(self):
        """Does nothing."""

    def isatty(self):
        """Returns that nobody is there."""
        return False

    def writable(self):
        """Returns that it takes text."""
        return True


#: What a program may change; the dict itself stays.
BUILTINS = builtins.__dict__


class Clock:
    """A clock that goes on by a thousandth of a second each time it is read."""

    def __init__(self):
        self.now = 1_000_000_000_000_000_000

    def nanoseconds(self):
        """Reads it."""
        self.now += 1_000_000
        return self.now

    def seconds(self):
        """Reads it."""
        return self.nanoseconds() / 1_000_000_000

    def sleep(self, seconds):
        """Puts it on."""
        self.now += int(seconds * 1_000_000_000)


def make_repeatable(needs):
    """Gives the modules that a program names a clock and a seed of ours."""
    if "random" in needs:
        import random

        random.seed(0)
    if "time" in needs:
        import time

        clock = Clock()
        for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
            setattr(time, name, clock.seconds)
            setattr(time, name + "_ns", clock.nanoseconds)
        time.sleep = clock.sleep


class Run:
    """One run of one program, in a process that is there for nothing else.

    It is made, and the interpreter is told what to follow, before that process is
    there: what every run needs is then shared and not made anew.
    """

    def __init__(self, options):
        self.options = options
        self.descriptor = -1
        self.nonce = ""
        self.functions = ()
        values = Values(options["nodes"], options["length"])
        self.values = values if options["values"] else None
        self.recorder = backstory_trace.Recorder(
            self.values, None, options["steps"], options["trace"], self._limit_met
        )
        self.result = values
        self.follower = backstory_trace.follower(self.recorder)
        self.output = Output(self, options["output"])
        self.module = type(sys)("__main__")
        self.module.__dict__["__builtins__"] = builtins
        self.before = dict(builtins.__dict__)
        follower = type(self.follower)
        ours = (Guard.hook, Run._follow, Run.stop, Run.say, follower.is_untouched)
        ours += (Clock.nanoseconds, Clock.seconds, Clock.sleep, follower.follow)
        ours += (Output.write, Output.flush, Output.isatty, Output.writable, Guard.no_thread)
        self.recorder.ignored.update([address(one.__code__) for one in ours])

    def limit(self):
        """Asks the kernel to end this process in time."""
        options, set_limit = self.options, resource.setrlimit
        _signal.setitimer(_signal.ITIMER_REAL, options["wall_ms"] / 1000)
        _signal.setitimer(_signal.ITIMER_PROF, options["cpu_ms"] / 1000)
        seconds = options["cpu_ms"] // 1000 + 2
        set_limit(resource.RLIMIT_CPU, (seconds, seconds))
        set_limit(resource.RLIMIT_AS, (options["memory"], options["memory"]))

    def prepare(self, job):
        """Tells what is followed in the next run."""
        rows, code, self.entry, self.needs, points, self.nonce = job
        self.code = code
        self.recorder.points = points
        self.functions = self.recorder.follow(rows, code)
        self.recorder.ignored.add(address(self.entry))
        if hasattr(sys, "monitoring"):
            self.follower.follow()

    def forget(self):
        """Forgets the run that was prepared."""
        self.recorder.ignored.discard(address(self.entry))
        self.recorder.clear()

    def execute(self, descriptor):
        """Runs the program and says what came of it; never returns."""
        self.descriptor = descriptor
        recorder, follower = self.recorder, self.follower
        sys.stdout = sys.stderr = self.output
        sys.modules["__main__"] = self.module
        space = self.module.__dict__
        untouched = True
        make_repeatable(self.needs)
        GUARD.run = self
        try:
            try:
                exec(self.code, space)
            except BaseException as error:
                self.stop("module", class_name(type(error)))
            # What is called while the module is made is no part of the trace.
            recorder.clear_events()
            self._follow(follower.follow)
            try:
                value = eval(self.entry, space)
            finally:
                untouched = self._follow(follower.is_untouched)
        except BaseException as error:
            self._raised(error, untouched)
        self._check(untouched)
        if _thread._count():
            self.stop("forbidden", "threads")
        self._end(value)

    def warm(self, job):
        """Executes what a run executes, so that the interpreter has it at hand."""
        self.follower.start()
        for _ in range(WARMING):
            space = {}
            self.prepare(job)
            exec(self.code, space)
            self.follower.follow()
            self.result.text(eval(self.entry, space))
            self.forget()
        if not hasattr(sys, "monitoring"):
            self.follower.stop()

    def _follow(self, change):
        """Begins or ends to follow; the guard looks at everybody else alone."""
        GUARD.run = None
        try:
            return change()
        finally:
            GUARD.run = self

    def _limit_met(self, cause):
        self.stop(cause, None)

    def _check(self, untouched):
        """Ends the run if the program changed what it runs on."""
        # Without a builtin, because any of them may be another one by now.
        now, before = BUILTINS, self.before
        same = now.__len__() == before.__len__()
        for name in before:
            if now.get(name) is not before[name]:
                same = False
        if not same:
            self.stop("tampered", "builtins")
        if not untouched:
            self.stop("tampered", "hooks")

    def _raised(self, error, untouched):
        self._check(untouched)
        name = class_name(type(error))
        if isinstance(error, SystemExit):
            self.stop("exit", name)
        if isinstance(error, MemoryError):
            self.recorder.lines.clear()
            self.stop("oom", None)
        if isinstance(error, RecursionError) or self.recorder.recursed:
            self.stop("recursion", None)
        self.say('"outcome":"raised","class":%s' % quoted(name), True)

    def _end(self, value):
        if self.recorder.recursed:
            self.stop("recursion", None)
        self.say('"outcome":"returned","value":%s' % self.result.text(value), True)

    def stop(self, outcome, what):
        """Ends the run with an outcome that is no result of the program."""
        text = '"outcome":"%s"' % outcome
        if what is not None:
            text += ',"what":%s' % quoted(what)
        self.say(text, False)

    def say(self, text, whole):
        """Writes the result and ends this process."""
        GUARD.run = None
        recorder = self.recorder
        functions = ",".join(["[%s,%d]" % (quoted(name), line) for name, line in self.functions])
        header = '{%s,"steps":%d,"frames":%d,"library":%d,"functions":[%s]}\n' % (
            text,
            recorder.steps,
            recorder.frames,
            recorder.library,
            functions,
        )
        lines = recorder.lines if whole else ()
        body = "%s%s%s%s" % (self.nonce, header, "\n".join(lines), self.nonce)
        data = body.encode("utf-8", "backslashreplace")
        while data:
            data = data[posix.write(self.descriptor, data) :]
        posix._exit(0)


GUARD = Guard()


def run_in_child(run, job):
    """Runs one job in a process of its own; returns its output and how it ended."""
    options = run.options
    run.prepare(job)
    reading, writing = posix.pipe()
    child = posix.fork()
    if child == 0:
        try:
            run.limit()
            posix.close(reading)
            run.execute(writing)
        except MemoryError:
            posix._exit(NO_MEMORY)
        except BaseException:
            posix._exit(BROKEN)
    posix.close(writing)
    parts, most = [], options["trace"] + (4 << 20)
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    late = 0
    while True:
        if most < 0 or not poll.poll(options["wall_ms"] + 1000):
            posix.kill(child, 9)
            late = TOO_LONG if most < 0 else TOO_LATE
            break
        part = posix.read(reading, 1 << 16)
        if not part:
            break
        parts.append(part)
        most -= len(part)
    run.forget()
    posix.close(reading)
    status = posix.waitpid(child, 0)[1]
    return late or status, b"".join(parts)


def write_frame(descriptor, data):
    """Writes bytes with their length."""
    data = len(data).to_bytes(4, "little") + data
    while data:
        data = data[posix.write(descriptor, data) :]


def read_frame(descriptor):
    """Returns the bytes of one frame, or nothing at the end."""
    head = read_exactly(descriptor, 4)
    if head is None:
        return None
    return read_exactly(descriptor, int.from_bytes(head, "little"))


def read_exactly(descriptor, length):
    """Returns so many bytes, or nothing."""
    parts = []
    while length:
        part = posix.read(descriptor, length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def serve(reading, writing, options):
    """Runs what is sent until nothing more comes."""
    run = Run(options)
    run.warm(marshal.loads(read_frame(reading)))
    sys.addaudithook(GUARD.hook)
    _thread.start_new_thread = _thread.start_new = GUARD.no_thread
    gc.collect()
    gc.disable()
    gc.freeze()
    while True:
        data = read_frame(reading)
        if data is None:
            return
        status, output = run_in_child(run, marshal.loads(data))
        write_frame(writing, status.to_bytes(4, "little", signed=True) + output)


def main(arguments):
    """Serves the descriptors it is given."""
    sys.path[:] = [path for path in sys.path if not __file__.startswith(path + "/")]
    sys.setrecursionlimit(STACK)
    options = {}
    for word in arguments[2:]:
        key, _, value = word.partition("=")
        options[key] = int(value)
    serve(int(arguments[0]), int(arguments[1]), options)


if __name__ == "__main__":
    main(sys.argv[1:])
