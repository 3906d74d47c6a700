"""What did each test of the standard library's runner do?

In: test files or ids as arguments, `python -m backstory_unittest FILES|IDS`.
Out: the same JSON lines as those of `backstory_reporter`. An id is
`package.module.Class.test`, as `python -m unittest` takes it.
"""

import importlib.util
import os
import sys
import traceback
import unittest

import backstory_lines
import backstory_touch

#: The status where no test was found, as newer runners have it.
NOTHING_FOUND = 5


class Result(unittest.TextTestResult):
    """Follows the tests, and prints what the runner prints anyway."""

    report = None
    touch = None
    names = ()

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.lines = []

    def startTest(self, test):
        self.lines = []
        self.report.write({"kind": "started", "id": name_of(test)})
        if self.touch:
            self.touch.begin(name_of(test))
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        if self.touch:
            self.touch.end()
        self.report.write(*self.lines)
        self.lines = []

    def addSuccess(self, test):
        super().addSuccess(test)
        self._add(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._add(test, "failed")

    def addError(self, test, err):
        super().addError(test, err)
        if is_whole_group(test):
            self._add_group(test, "errored")
        else:
            self._add(test, "errored")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if is_whole_group(test):
            self._add_group(test, "skipped")
        elif not is_subtest(test):
            self._add(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._add(test, "x_failed")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._add(test, "failed")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            broken = not issubclass(err[0], test.failureException)
            self._add(test, "errored" if broken else "failed")

    def _add(self, test, outcome):
        self.lines.append({"kind": "result", "id": name_of(test), "outcome": outcome})

    def _add_group(self, holder, outcome):
        """States what a fixture of a class or module did to the tests in it."""
        what, _, group = holder.id().partition(" (")
        prefix = group.rstrip(")") + "."
        part = "teardown" if what.startswith("tearDown") else "setup"
        lines = []
        for name in self.names:
            if name.startswith(prefix):
                lines.append({"kind": "result", "id": name, "part": part, "outcome": outcome})
                if part == "setup":
                    lines.append(dict(lines[-1], part="teardown"))
        self.report.write(*lines)


def name_of(test):
    """Returns the id of a test."""
    return backstory_lines.whole(test.id())


def is_whole_group(test):
    """Returns true for what stands for a fixture of a class or module."""
    return type(test).__name__ == "_ErrorHolder"


def is_subtest(test):
    """Returns true for a part of a test's body."""
    return type(test).__name__ == "_SubTest"


def tests_in(suite):
    """Returns every test of a suite, in order."""
    if not isinstance(suite, unittest.TestSuite):
        return [suite]
    return [test for inner in suite for test in tests_in(inner)]


def name_to_load(argument):
    """Returns the name that one file or id goes by, and makes it importable."""
    if not argument.endswith(".py"):
        return argument
    path = os.path.abspath(argument)
    name = argument[: -len(".py")].replace("/", ".").replace(os.sep, ".")
    if not leads_to(name, path):
        sys.path.insert(0, os.path.dirname(path))
        name = os.path.basename(path)[: -len(".py")]
    return name


def leads_to(name, path):
    """Returns false where a module of the same name hides the file."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return False
    except Exception:
        return True
    return spec is not None and os.path.realpath(spec.origin or "") == os.path.realpath(path)


def failed_import(suite):
    """Returns the test that the loader puts in the place of what it cannot import."""
    for test in tests_in(suite):
        if type(test).__name__ == "_FailedTest":
            return test
    return None


def collected(arguments, report):
    """Returns what can be run, and how many modules cannot be imported."""
    loader, suites, broken = unittest.TestLoader(), [], 0
    for argument in arguments:
        name = name_to_load(argument)
        try:
            suite = loader.loadTestsFromName(name)
        except (Exception, SystemExit):
            # The loader lets pass what is no ImportError, e.g., a SyntaxError.
            reason = traceback.format_exc()
        else:
            failed = failed_import(suite)
            if failed is None:
                suites.append(suite)
                continue
            reason = getattr(failed, "_exception", name)
        sys.stderr.write("%s\n" % reason)
        report.write({"kind": "broken", "module": backstory_lines.whole(name)})
        broken += 1
    return unittest.TestSuite(suites), broken


def main(arguments):
    """Runs the tests and returns the status to end with."""
    report = backstory_lines.report_from_environment() or backstory_lines.Lines(os.devnull)
    choice = backstory_lines.Choice()
    touch = backstory_touch.from_environment(report)
    suite, broken = collected(arguments, report)
    if choice:
        kept, _ = choice.applied(tests_in(suite), name_of)
        suite = unittest.TestSuite(kept)
    names = [name_of(test) for test in tests_in(suite)]
    report.write(*[{"kind": "collected", "id": name} for name in names])
    Result.report, Result.touch, Result.names = report, touch, names
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(suite)
    if touch:
        touch.close()
    status = 0 if result.wasSuccessful() and not broken else 1
    if status == 0 and not names:
        status = NOTHING_FOUND
    report.write({"kind": "finished", "status": status})
    return status


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    sys.exit(main(sys.argv[1:]))
