"""Which tests passed, by the file of the reporter?

In: the file and the status the command ended with. Out: a line `[PASSED] ID` or
`[FAILED] ID` for each test, and a failed one for each module that could not be
collected. Where the lines are not numbered one after the other, where the closing
line is missing or not the last, or where it says another status than the command
ended with, there is no verdict: exit code 1.
"""

import json
import sys

WORST = ("passed", "x_failed", "skipped", "failed", "errored")


def read(path):
    """Returns the worst outcome of each test and the closing status."""
    worst, status = {}, None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            said = json.loads(line)
            kind = said["kind"]
            if said.get("n", number) != number or (status is not None and kind != "tracer"):
                raise ValueError("line %d is out of order" % (number + 1))
            if kind == "finished":
                status = said["status"]
            elif kind == "broken":
                worst[said["module"]] = "errored"
            elif kind == "overruled":
                # Its body raised, and something made a pass of it.
                worst[said["id"]] = "errored"
            elif kind == "result":
                known = worst.get(said["id"], "passed")
                worst[said["id"]] = max(known, said["outcome"], key=WORST.index)
    return worst, status


def main(path, status):
    """Prints the verdicts and returns the exit code."""
    try:
        worst, closing = read(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print("no report: %s" % error)
        return 1
    if closing is None or closing != status:
        print("the report closes with %s, the command with %s" % (closing, status))
        return 1
    for test, outcome in sorted(worst.items()):
        if outcome != "skipped" and "\n" not in test and "\r" not in test:
            word = "PASSED" if outcome in ("passed", "x_failed") else "FAILED"
            line = "[%s] %s\n" % (word, test)
            sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
