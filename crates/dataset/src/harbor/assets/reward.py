"""Is the reward 1 or 0?

In: the lists of tests and the log of `eval.sh`. Out: `{"reward": 1.0}` when every
test of FAIL_TO_PASS and PASS_TO_PASS passed, else 0. A test without a line did not pass.
"""

import json
import re
import sys

START, END = ">>>>> Start Test Output\n", ">>>>> End Test Output\n"
STATUS = re.compile(r"^>>>>> Test Exit Code: (-?\d+)$", re.MULTILINE)


def reward(tests: "dict[str, list[str]]", log: str) -> float:
    """Returns the reward."""
    if START not in log or END not in log:
        return 0.0
    lines = log.split(START, 1)[1].split(END, 1)[0].split("\n")
    passed = {line[len("[PASSED] ") :] for line in lines if line.startswith("[PASSED] ")}
    failed = any(line.startswith("[FAILED] ") for line in lines)
    status = STATUS.search(log)
    if status is None or (int(status.group(1)) != 0 and not failed):
        return 0.0
    wanted = tests["FAIL_TO_PASS"] + tests["PASS_TO_PASS"]
    return float(bool(wanted) and all(test in passed for test in wanted))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        lists = json.load(file)
    with open(sys.argv[2], encoding="utf-8", errors="replace", newline="\n") as file:
        print(json.dumps({"reward": reward(lists, file.read())}))
