"""Which tests passed, by the events of `go test -json`?

In: the file of the events and the status the command ended with. Out: a line
`[PASSED] PACKAGE TEST` or `[FAILED] PACKAGE TEST` for each test, and a failed one
for each package that could not be built. Where a line is no event, where a package
has no end, or where the status does not follow from the outcomes, there is no
verdict: exit code 1.
"""

import json
import sys

WORST = ("pass", "skip", "fail")


def read(path):
    """Returns the worst outcome of each test and of each package."""
    tests, packages = {}, {}
    with open(path, encoding="utf-8", errors="backslashreplace") as lines:
        for line in lines:
            said = json.loads(line)
            name, action = said.get("Package"), said["Action"]
            if name is None or action not in ("start", "run", "pause", "cont") + WORST:
                continue
            known = tests if "Test" in said else packages
            key = (name, said["Test"]) if "Test" in said else name
            known.setdefault(key, None)
            packages.setdefault(name, None)
            if action in WORST:
                known[key] = max(known[key] or action, action, key=WORST.index)
    return tests, packages


def verdicts(tests, packages):
    """Returns the word for each test, and for each package that has none."""
    said = {}
    for name, outcome in packages.items():
        if outcome is None:
            raise ValueError("the package %s has no end" % name)
        if outcome == "fail" and not any(package == name for package, _ in tests):
            said[name] = "fail"
    for (name, test), outcome in tests.items():
        # A test without an outcome took the process of its package along.
        said["%s %s" % (name, test)] = outcome or "fail"
    return said


def main(path, status):
    """Prints the verdicts and returns the exit code."""
    try:
        tests, packages = read(path)
        said = verdicts(tests, packages)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print("no report: %s" % error)
        return 1
    failed = "fail" in packages.values() or "fail" in said.values()
    if not said or failed != (status != 0):
        print("the report holds %d tests, the command ends with %s" % (len(tests), status))
        return 1
    for test, outcome in sorted(said.items()):
        if outcome != "skip" and "\n" not in test and "\r" not in test:
            word = "PASSED" if outcome == "pass" else "FAILED"
            line = "[%s] %s\n" % (word, test)
            sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
