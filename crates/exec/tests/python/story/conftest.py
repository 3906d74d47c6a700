import pytest


@pytest.fixture
def broken_setup():
    raise ValueError("set-up")


@pytest.fixture
def broken_teardown():
    yield
    raise ValueError("teardown")
