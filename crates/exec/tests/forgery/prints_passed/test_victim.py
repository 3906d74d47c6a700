import os


def test_wrong():
    os.write(1, b"test_victim.py::test_wrong PASSED\n===== 1 passed in 0.01s =====\n")
    assert 1 + 1 == 3
