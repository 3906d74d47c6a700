import pytest


def test_passes():
    pass


def test_fails():
    assert 1 == 2


def test_raises():
    raise KeyError("key")


@pytest.mark.skip(reason="later")
def test_is_skipped_by_mark():
    pass


def test_skips_itself():
    pytest.skip("here")


@pytest.mark.xfail(strict=False)
def test_fails_as_expected():
    assert False


@pytest.mark.xfail(strict=False)
def test_passes_unexpectedly():
    pass


@pytest.mark.xfail(strict=True)
def test_passes_against_a_strict_mark():
    pass


def test_breaks_in_setup(broken_setup):
    pass


def test_breaks_in_teardown(broken_teardown):
    pass


def test_fails_and_breaks_in_teardown(broken_teardown):
    assert False


@pytest.mark.slow
def test_is_left_out_by_the_project():
    assert False
