import os


def test_one():
    pass


def test_two():
    pass


def test_three():
    os._exit(0)


def test_wrong():
    assert 1 + 1 == 3
