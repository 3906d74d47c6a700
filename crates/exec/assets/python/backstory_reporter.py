"""What did each test of a pytest session do?

In: the hooks of pytest 3.6 and later, from `-p backstory_reporter`. Out: JSON
lines in the file `BACKSTORY_REPORT` names; see `docs/execution.md`. What a test
did is written when its teardown is over, so that a test which breaks off the
session has begun and has no result.
"""

import os

import pytest

import backstory_lines
import backstory_options
import backstory_touch

#: Ids are relative to the folder the session was started in, as pytest takes them back.
START = os.getcwd()

#: Before version 4 ids name the instance of a class, and are accepted without it.
OLD = int(pytest.__version__.partition(".")[0]) < 4

_report = backstory_lines.report_from_environment()
_choice = backstory_lines.Choice()
_touch = backstory_touch.from_environment(_report)


class Reporter:
    """Follows one session; registered once the report is known."""

    def __init__(self, report, choice, touch):
        self.report = report
        self.choice = choice
        self.touch = touch
        self.prefix = "."
        self.results = []
        self.raised = {}

    def name(self, nodeid):
        """Returns the id of a node as pytest takes it back in the starting folder."""
        path, mark, rest = nodeid.partition("::")
        if OLD:
            names, bracket, parameters = rest.partition("[")
            rest = names.replace("()::", "") + bracket + parameters
        if self.prefix != ".":
            path = os.path.normpath(os.path.join(self.prefix, path))
        return backstory_lines.whole(path.replace(os.sep, "/") + mark + rest)

    # Hooks, in the order of a session.

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config, args):
        self._root(early_config)
        options = backstory_options.choosing_options(early_config)
        args[:0] = options
        mode = backstory_options.import_mode(options)
        if mode is not None:
            early_config.known_args_namespace.importmode = mode
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        kinds = {kind.__name__ for kind in type(error).__mro__}
        if "ConftestImportFailure" in kinds:
            path = getattr(error, "path", None) or error.args[0]
            module = os.path.relpath(str(path), START)
            self.report.write({"kind": "broken", "module": self._whole_path(module)})
        if "ConftestImportFailure" in kinds or "UsageError" in kinds:
            self.report.write({"kind": "finished", "status": 4})

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session):
        self._root(session.config)

    def pytest_collectreport(self, report):
        if report.failed:
            self.report.write({"kind": "broken", "module": self.name(report.nodeid) or "."})

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        if not self.choice:
            return
        kept, left_out = self.choice.applied(items, lambda item: self.name(item.nodeid))
        items[:] = kept
        if left_out:
            config.hook.pytest_deselected(items=left_out)

    def pytest_collection_finish(self, session):
        names = [self.name(item.nodeid) for item in session.items]
        self.report.write(*[{"kind": "collected", "id": name} for name in names])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid):
        self.results = []
        self.raised = {}
        self.report.write({"kind": "started", "id": self.name(nodeid)})
        if self.touch:
            self.touch.begin(self.name(nodeid))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item):
        if self.touch:
            self.touch.watch(body_of(item))
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        if call.when == "call" and self.touch:
            # Hooks of others may have caught what the body raised.
            self.raised["body"] = self.touch.raised()
            self.touch.watch(None)
        # The parts of a body come before the body itself, which has the last word.
        self.raised[call.when] = call.excinfo is not None
        yield

    def pytest_runtest_logreport(self, report):
        outcome = outcome_of(report)
        if outcome is None:
            return
        name = self.name(report.nodeid)
        line = {"kind": "result", "id": name, "part": report.when, "outcome": outcome}
        self.results.append(line)
        if report.outcome == "passed" and self._has_raised(report.when) and not is_subtest(report):
            self.results.append({"kind": "overruled", "id": name, "part": report.when})

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        if self.touch:
            self.touch.end()
        self.report.write(*self.results)
        self.results = []

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session, exitstatus):
        yield
        if self.touch:
            self.touch.close()
        self.report.write({"kind": "finished", "status": int(session.exitstatus)})

    def _has_raised(self, when):
        return self.raised.get(when) or (when == "call" and self.raised.get("body"))

    def _root(self, config):
        root = getattr(config, "rootpath", None) or getattr(config, "rootdir", None)
        if root is not None:
            self.prefix = os.path.relpath(str(root), START)

    def _whole_path(self, path):
        return backstory_lines.whole(path.replace(os.sep, "/"))


def body_of(item):
    """Returns the code of a test as its file defines it, whatever stands in its place.

    A decorator of the file may catch what the test raises; that is its business.
    """
    parent = getattr(getattr(item, "parent", None), "obj", None)
    name = getattr(item, "originalname", None) or item.name.partition("[")[0]
    function = getattr(parent, name, None)
    return getattr(function, "__code__", None)


def outcome_of(report):
    """Returns the word for one part of a test, or nothing where it says nothing.

    A setup that passed says nothing, and a teardown that passed says that the
    test is over. Of a subtest only a failure counts, the test itself has the last
    word.
    """
    if report.outcome not in ("passed", "failed", "skipped"):
        return None
    if report.outcome == "failed":
        return "failed" if report.when == "call" else "errored"
    if is_subtest(report):
        return None
    if report.outcome == "skipped":
        return "x_failed" if hasattr(report, "wasxfail") else "skipped"
    return None if report.when == "setup" else "passed"


def is_subtest(report):
    """Returns true for the report of a part of a test's body."""
    return type(report).__name__.lower() == "subtestreport"


def pytest_plugin_registered(plugin, manager):
    """Starts to follow the session; the first hook that any version calls."""
    if _report is not None and not manager.hasplugin("backstory"):
        manager.register(Reporter(_report, _choice, _touch), "backstory")
