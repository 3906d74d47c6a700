"""What do chosen functions do while tests run?

A plugin of pytest (`-p backstory_trace_tests`). In: `BACKSTORY_TRACE` names a file of
JSON: `root`, the folder whose files count; `package`, a path below it whose lines are
counted; `functions`, each with `path` and either `name`, qualified, or `line` and
`end_line`; `tests`, the ids to trace or nothing for all; `events`, the most events of one
test; `out`, the file to write. Out: one JSON line for each file that has such functions,
and one for each test in which one of them was called.
"""

import json
import os
import threading

import backstory_lines
import backstory_follow
import backstory_trace
from backstory_values import Values, address

#: Folders that hold what was installed, not what is developed.
FOREIGN = ("/site-packages/", "/.eggs/", "/.tox/", "/.nox/")


#: Of a project's own objects, which hold one another, only variables have their fields.
OPEN_BELOW = 1


class Chosen:
    """Knows which functions are followed, and what is counted beside them."""

    def __init__(self, request):
        self.root = os.path.join(os.path.abspath(request["root"]), "")
        self.package = request.get("package")
        self.names, self.spans = {}, {}
        for one in request["functions"]:
            if "name" in one:
                self.names.setdefault(one["path"], set()).add(one["name"])
            else:
                self.spans.setdefault(one["path"], []).append((one["line"], one["end_line"]))
        self.paths = {}

    def path(self, name):
        """Returns the path of a file from the root, or nothing for a foreign file."""
        if name not in self.paths:
            whole = os.path.normpath(os.path.join(self.root, name)).replace(os.sep, "/")
            inside = whole.startswith(self.root) and not any(part in whole for part in FOREIGN)
            self.paths[name] = whole[len(self.root) :] if inside else None
        return self.paths[name]

    def is_chosen(self, path, code, last):
        """Returns whether a code object is followed."""
        if code.co_qualname in self.names.get(path, ()):
            return True
        first = code.co_firstlineno
        return any(first <= end and last >= start for start, end in self.spans.get(path, ()))

    def is_counted(self, path):
        """Returns whether the lines of a file are counted."""
        return self.package is not None and path.startswith(self.package)


class Suite:
    """Traces tests one by one."""

    def __init__(self, request):
        self.chosen = Chosen(request)
        self.tests = request.get("tests")
        self.out = backstory_lines.Lines(request["out"])
        self.tables, self.functions, self.told = {}, [], 0
        self.values = Values(request.get("nodes", 256), request.get("length", 1024), OPEN_BELOW)
        self.recorder = backstory_trace.Recorder(
            self.values, None, request.get("events", 20000), 64 << 20, self._full
        )
        self.recorder.owner = self.owner = threading.get_ident()
        self.followed_files = []
        self.lines = [0]
        self.recorder.unknown = self._unknown
        self.recorder.elsewhere = self._elsewhere()
        self.follower = backstory_follow.follower(self.recorder, counts_all=False)
        self.full, self.kept = False, None

    def _elsewhere(self):
        count, owner, get_ident = self.lines, self.owner, threading.get_ident

        def elsewhere(code, line):
            if get_ident() == owner:
                count[0] += 1

        return elsewhere

    def _full(self, cause):
        if not self.full:
            self.full, self.kept = True, self.recorder.lines
            self.recorder.lines = backstory_trace.Discarded()

    def _unknown(self, code):
        """Decides about a code object that is met for the first time."""
        path = self.chosen.path(code.co_filename)
        if path is None or code.co_name[0] == "<":
            return None
        if path in self.chosen.names or path in self.chosen.spans:
            last = max([line for _, _, line in code.co_lines() if line is not None], default=0)
            if self.chosen.is_chosen(path, code, last):
                return self._follow(path, code)
        return "lines" if self.chosen.is_counted(path) else None

    def _follow(self, path, code):
        if path not in self.tables:
            self.tables[path] = self._table(path, code.co_filename)
        rows, starts, file = self.tables[path]
        places = backstory_trace.backstory_statements.Places(rows, starts, code)
        if not places.own:
            return None
        followed = backstory_trace.Followed(code, len(self.functions), places)
        self.functions.append([code.co_qualname, code.co_firstlineno, file])
        self.recorder.followed[address(code)] = followed
        return followed

    def _table(self, path, name):
        import ast

        import backstory_rows

        with open(os.path.join(self.chosen.root, path), "rb") as source:
            rows = backstory_rows.rows_of(ast.parse(source.read(), path))
        file = len(self.followed_files)
        self.followed_files.append(path)
        self.out.write({"file": path, "rows": [row[:8] for row in rows]})
        return rows, [row[:2] for row in rows], file

    def begin(self, test):
        """A test begins."""
        if self.tests is not None and test not in self.tests:
            return False
        self._clear()
        return True

    def _clear(self):
        if self.full:
            self.full, self.recorder.lines = False, self.kept
        self.recorder.clear_events()
        self.lines[0] = 0

    def end(self, test):
        """Writes what was followed in a test, and the functions not told of before."""
        lines = self.kept if self.full else self.recorder.lines
        if lines:
            said = {"test": test, "functions": self.functions[self.told :], "lines": self.lines[0]}
            said["full"] = self.full
            said["events"] = backstory_lines.whole("\n".join(lines))
            self.out.write(said)
            self.told = len(self.functions)
        self._clear()

    def skip(self):
        """Forgets what was followed in a test that is not traced."""
        self._clear()


class Plugin:
    """What pytest calls."""

    def __init__(self, suite):
        self.suite = suite

    def pytest_runtest_logstart(self, nodeid, location):
        """A test begins."""
        self.traced = self.suite.begin(nodeid)

    def pytest_runtest_logfinish(self, nodeid, location):
        """A test ends."""
        if self.traced:
            self.suite.end(nodeid)
        else:
            self.suite.skip()

    def pytest_unconfigure(self, config):
        """All tests have ended."""
        self.suite.follower.stop()


def pytest_configure(config):
    """Begins to follow if `BACKSTORY_TRACE` says so."""
    path = backstory_lines.taken_from_environment("BACKSTORY_TRACE")
    if path is None:
        return
    with open(path, "rb") as file:
        suite = Suite(json.loads(file.read().decode("utf-8")))
    try:
        suite.follower.start()
    except backstory_follow.Taken:
        suite.out.write({"tracer": "taken"})
        return
    config.pluginmanager.register(Plugin(suite), "backstory_trace_tests_plugin")
