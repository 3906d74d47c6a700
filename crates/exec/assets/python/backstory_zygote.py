"""How does one run of a program go, in a process that is forked for it?

usage: python -c BOOT JOB OUT READ WRITE KEY=NUMBER...

In: a byte from READ for each job that stands in the file JOB, after a first one to warm up
with. Out: to WRITE how its run ended, and in the file OUT what the run wrote.

A page of memory costs more than most of what a program does: to map it in a fork, and to
copy it where one side writes to it. So this process is small, it does not parse, and what
every run needs was made and used before the first one. Between two forks it does as little
as can be: a run reads its job and writes its report by itself.
"""

import builtins
import gc
import marshal
import posix
import resource
import sys

import _signal
import _thread

import backstory_follow
import backstory_trace
from backstory_values import Values, address, class_name, quoted

#: What the tracer itself needs of the stack, beside the 1000 frames a program has.
STACK = 1150

#: What a process of ours ends with when there is no result.
NO_MEMORY, BROKEN = 71, 70

#: What stands for the status of a run that did not end.
TOO_LATE = -1

#: How many bytes a report may have beside the trace.
HEADER_BYTES = 4 << 20

#: `os.SEEK_END`, without the module around it.
FROM_END = 2

#: What the kernel says when a run has ended, and this process waits for.
ENDED = (_signal.SIGCHLD,)

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
        self.report = -1
        self.nonce = ""
        self.functions = ()
        values = Values(options["nodes"], options["length"])
        self.values = values if options["values"] else None
        self.recorder = backstory_trace.Recorder(
            self.values, None, options["steps"], options["trace"], self._limit_met
        )
        self.result = values
        self.follower = backstory_follow.follower(self.recorder)
        self.output = Output(self, options["output"])
        self.module = type(sys)("__main__")
        self.module.__dict__["__builtins__"] = builtins
        self.before = dict(builtins.__dict__)
        follower = type(self.follower)
        ours = (Guard.hook, Run._follow, Run.stop, Run.say, follower.is_untouched)
        ours += (Clock.nanoseconds, Clock.seconds, Clock.sleep, follower.follow)
        ours += (Output.write, Output.flush, Output.isatty, Output.writable, Guard.no_thread)
        self.recorder.ignored.update([address(one.__code__) for one in ours])

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

    def execute(self):
        """Runs the program and says what came of it; never returns."""
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
            self.recorder.clear_events()
            self._follow(self.follower.follow)
            self._end(eval(self.entry, space))
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
        """Writes the result and ends this process, if it is there for a run."""
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
        if self.report < 0:
            return
        while data:
            data = data[posix.write(self.report, data) :]
        posix._exit(0)


GUARD = Guard()


def content(place):
    """Returns the job that stands in a file."""
    return marshal.loads(posix.pread(place, posix.lseek(place, 0, FROM_END), 0))


def run_job(run, job, report, ours):
    """Runs the job that stands in a file, in a process that is there for it."""
    try:
        # A run that makes this ineffective is ended by the one that waits for it.
        _signal.setitimer(_signal.ITIMER_PROF, run.options["cpu_ms"] / 1000)
        run.prepare(content(job))
        run.report = report
        for descriptor in ours:
            posix.close(descriptor)
        run.execute()
    except MemoryError:
        posix._exit(NO_MEMORY)
    except BaseException:
        posix._exit(BROKEN)


def status_of(child, seconds):
    """Waits for a run, ends it after some seconds, and returns how it ended."""
    if _signal.sigtimedwait(ENDED, seconds) is not None:
        ended, status = posix.waitpid(child, posix.WNOHANG)
        if ended:
            return status
    posix.kill(child, 9)
    posix.waitpid(child, 0)
    # What the kernel says of that end is not for the next run.
    _signal.sigtimedwait(ENDED, 0)
    return TOO_LATE


def limit(options):
    """Asks the kernel to limit this process and those that are forked from it."""
    for limited, most in (
        (resource.RLIMIT_AS, options["memory"]),
        (resource.RLIMIT_FSIZE, options["trace"] + HEADER_BYTES),
    ):
        resource.setrlimit(limited, (most, most))


def serve(job, report, reading, writing, options):
    """Runs what is asked for until nothing more comes."""
    run = Run(options)
    run.warm(content(job))
    limit(options)
    _signal.pthread_sigmask(_signal.SIG_BLOCK, ENDED)
    sys.addaudithook(GUARD.hook)
    _thread.start_new_thread = _thread.start_new = GUARD.no_thread
    gc.collect()
    gc.disable()
    gc.freeze()
    seconds = options["wall_ms"] / 1000
    read, write, fork = posix.read, posix.write, posix.fork
    write(writing, bytes(4))
    while read(reading, 1):
        child = fork()
        if child == 0:
            run_job(run, job, report, (job, reading, writing))
        write(writing, status_of(child, seconds).to_bytes(4, "little", signed=True))


def main(arguments):
    """Serves the descriptors it is given."""
    sys.setrecursionlimit(STACK)
    options = {}
    for word in arguments[4:]:
        key, _, value = word.partition("=")
        options[key] = int(value)
    serve(*map(int, arguments[:4]), options)
