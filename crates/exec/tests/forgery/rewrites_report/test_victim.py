import json
import os


def test_wrong():
    with open("/proc/self/environ", "rb") as file:
        variables = file.read().split(b"\0")
    path = [text[17:] for text in variables if text.startswith(b"BACKSTORY_REPORT=")][0]
    name = "test_victim.py::test_wrong"
    lines = [
        {"kind": "collected", "id": name, "n": 0},
        {"kind": "started", "id": name, "n": 1},
        {"kind": "result", "id": name, "part": "call", "outcome": "passed", "n": 2},
        {"kind": "result", "id": name, "part": "teardown", "outcome": "passed", "n": 3},
        {"kind": "finished", "status": 0, "n": 4},
    ]
    with open(path, "w") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    os._exit(0)
    assert 1 + 1 == 3
