"""Which lines did each test execute first, and in which order?

In: the interpreter's events, `sys.monitoring` from Python 3.12 on and
`sys.settrace` before; `BACKSTORY_ROOT` names the folder whose files count. Out:
one JSON line a test in the file that `BACKSTORY_TOUCHED` names. Processes that
a test starts are not followed, its threads are.
"""

import collections
import os
import sys
import threading

import backstory_lines

#: Folders that hold what was installed, not what is developed.
FOREIGN = ("/site-packages/", "/.eggs/", "/.tox/", "/.nox/")

#: Code of these names is a part of the function around it.
PARTS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")

#: The flag of code that is a function, not the body of a module or class.
CO_OPTIMIZED = 1

#: How often the lines of one function are counted in one test before they are
#: switched off one by one. Switching them on again costs more than a few events.
PATIENCE = 1024

#: The number a tool takes; those below 3 belong to debuggers and coverage.
TOOL = 3


class Taken(Exception):
    """Says that another tool follows the lines already."""


class Files:
    """Knows which files count, and the path of each from the root."""

    def __init__(self, root):
        self.start = os.getcwd()
        self.root = os.path.join(os.path.abspath(root), "")
        self.paths = {}

    def path(self, name):
        """Returns the path from the root, or nothing for a foreign file."""
        try:
            return self.paths[name]
        except KeyError:
            path = self.paths[name] = self._path(name)
            return path

    def _path(self, name):
        if name.startswith("<"):
            return None
        whole = os.path.normpath(os.path.join(self.start, name)).replace(os.sep, "/")
        if not whole.startswith(self.root) or any(part in whole for part in FOREIGN):
            return None
        return backstory_lines.whole(whole[len(self.root) :])


class Monitoring:
    """Counts lines with `sys.monitoring`."""

    def __init__(self, files):
        self.files = files
        self.codes = {}
        self.lines = collections.defaultdict(list)
        self.switched_off = False
        self.watched = None
        self.raised = False

    def start(self):
        """Begins to follow every thread."""
        tools = sys.monitoring
        try:
            tools.use_tool_id(TOOL, "backstory")
        except ValueError:
            raise Taken()
        tools.register_callback(TOOL, tools.events.PY_START, self._first_start())
        tools.register_callback(TOOL, tools.events.LINE, self._line())
        tools.register_callback(TOOL, tools.events.PY_UNWIND, self._unwind())
        tools.set_events(TOOL, tools.events.PY_START | tools.events.PY_UNWIND)

    def _first_start(self):
        path, codes, off = self.files.path, self.codes, sys.monitoring.DISABLE
        local, line = sys.monitoring.set_local_events, sys.monitoring.events.LINE

        def first_start(code, offset):
            if id(code) not in codes and path(code.co_filename) is not None:
                codes[id(code)] = code
                local(TOOL, code, line)
            return off

        return first_start

    def _line(self):
        lines, off = self.lines, sys.monitoring.DISABLE

        def line(code, number):
            seen = lines[id(code)]
            seen.append(number)
            if len(seen) < PATIENCE:
                return None
            self.switched_off = True
            return off

        return line

    def _unwind(self):
        def unwind(code, offset, exception):
            if code is self.watched:
                self.raised = True

        return unwind

    def watch(self, code):
        """Notes from here on whether this code is left by an exception."""
        self.watched, self.raised = code, False

    def stop(self):
        """Follows nothing any more."""
        if sys.monitoring.get_tool(TOOL) == "backstory":
            sys.monitoring.set_events(TOOL, 0)
            sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, None)
            sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_UNWIND, None)
            sys.monitoring.free_tool_id(TOOL)

    def again(self):
        """Counts every line anew, whoever has switched it off."""
        if sys.monitoring.get_tool(TOOL) != "backstory":
            raise Taken()
        if self.switched_off:
            self.switched_off = False
            sys.monitoring.restart_events()


class Tracing:
    """Counts lines with `sys.settrace`."""

    #: Its events do not tell a body that raises from one that returns nothing.
    raised = False

    def __init__(self, files):
        self.files = files
        self.codes = {}
        self.lines = {}
        self.left = {}
        self.call = self._call()

    def start(self):
        """Begins to follow this thread and those that start later."""
        if sys.gettrace() is not None:
            raise Taken()
        sys.settrace(self.call)
        threading.settrace(self.call)

    def _call(self):
        path, codes, line, left = self.files.path, self.codes, self._line(), self.left

        def call(frame, event, argument):
            code = frame.f_code
            if path(code.co_filename) is None:
                return None
            remaining = left.get(id(code))
            if remaining is None:
                codes[id(code)] = code
                left[id(code)] = lines_of(code)
            elif not remaining:
                return None
            return line

        return call

    def _line(self):
        lines, left = self.lines, self.left

        def line(frame, event, argument):
            if event == "line":
                place, number = id(frame.f_code), frame.f_lineno
                lines.setdefault(place, set()).add(number)
                remaining = left.get(place)
                if remaining is not None:
                    remaining.discard(number)
            return line

        return line

    def watch(self, code):
        """Notes nothing."""

    def stop(self):
        """Follows nothing any more; nothing of ours is there at the interpreter's end."""
        threading.settrace(None)
        if sys.gettrace() is self.call:
            sys.settrace(None)

    def again(self):
        """Counts every line anew; a test may have switched the tracer off."""
        self.left.clear()
        if sys.gettrace() is None:
            sys.settrace(self.call)
            threading.settrace(self.call)
        elif sys.gettrace() is not self.call:
            raise Taken()


class Touch:
    """Writes what each test executed."""

    def __init__(self, out, files, counter, report):
        self.out = out
        self.files = files
        self.counter = counter
        self.report = report
        self.names = {}
        self.qualified = {}
        self.test = None

    def begin(self, test):
        """Says that what is executed from here on is of this test."""
        self.end()
        self.test = test
        try:
            self.counter.again()
        except Taken:
            self._taken()

    def watch(self, code):
        """Notes from here on whether this code is left by an exception."""
        self.counter.watch(code)

    def raised(self):
        """Returns whether the watched code was left by an exception."""
        return self.counter.raised

    def end(self):
        """Writes what was executed since the last beginning or end."""
        lines = dict(self.counter.lines)
        self.counter.lines.clear()
        files = self._files(lines)
        if files or self.test is not None:
            self.out.write({"test": self.test, "files": files})
        self.test = None

    def close(self):
        """Writes what is left and follows nothing any more."""
        self.counter.stop()
        self.end()

    def _taken(self):
        if self.report is not None:
            self.report.write({"kind": "tracer", "state": "taken"})
            self.report = None

    def _files(self, lines):
        files = {}
        for place, numbers in lines.items():
            path, name = self.names.get(place) or self._name(place)
            functions, executed = files.setdefault(path, ({}, set()))
            executed.update(numbers)
            if name is not None:
                functions[name] = None
        return [
            {"path": path, "functions": list(functions), "lines": sorted(executed)}
            for path, (functions, executed) in files.items()
        ]

    def _name(self, place):
        """Returns the path and, of a function, the name and first line."""
        code = self.counter.codes[place]
        path, name = self.files.path(code.co_filename), None
        if code.co_flags & CO_OPTIMIZED and code.co_name not in PARTS:
            name = getattr(code, "co_qualname", None) or self._qualified(code)
            name = (backstory_lines.whole(name), code.co_firstlineno)
        self.names[place] = path, name
        return path, name

    def _qualified(self, code):
        names = self.qualified.get(code.co_filename)
        if names is None:
            names = self.qualified[code.co_filename] = qualified_names(code.co_filename)
        return names.get((code.co_name, code.co_firstlineno), code.co_name)


def lines_of(code):
    """Returns the lines that the code can execute."""
    table = code.co_lnotab
    line, lines = code.co_firstlineno, set()
    for step in bytearray(table[1::2]):
        line += step - 256 if step >= 128 else step
        lines.add(line)
    return lines


def qualified_names(path):
    """Returns the qualified name of each function of a file by name and first line."""
    try:
        with open(path, "rb") as file:
            module = compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return {}
    names, left = {}, [("", module)]
    while left:
        prefix, code = left.pop()
        for inner in code.co_consts:
            if not hasattr(inner, "co_firstlineno"):
                continue
            name = prefix + inner.co_name
            names[(inner.co_name, inner.co_firstlineno)] = name
            inside = ".<locals>." if inner.co_flags & CO_OPTIMIZED else "."
            left.append((name + inside, inner))
    return names


def from_environment(report):
    """Begins to follow the tests if `BACKSTORY_TOUCHED` says so."""
    path = backstory_lines.taken_from_environment("BACKSTORY_TOUCHED")
    root = backstory_lines.taken_from_environment("BACKSTORY_ROOT") or "/work"
    if not path:
        return None
    files = Files(root)
    counter = Monitoring(files) if hasattr(sys, "monitoring") else Tracing(files)
    try:
        counter.start()
    except Taken:
        if report is not None:
            report.write({"kind": "tracer", "state": "taken"})
        return None
    return Touch(backstory_lines.Lines(path), files, counter, report)
