import unittest

import pytest


@pytest.mark.parametrize(
    "text",
    ["1 h 30 min", "a::b", "[x]", "two\nlines", "\x1b[0m", "日本", "same", "same", "", "a/b.py::c", 'q"\\'],
)
def test_texts(text):
    assert text != "[x]"


@pytest.mark.parametrize("value", [object(), 1.5, None, (1, 2)])
def test_values(value):
    pass


class TestGroup:
    class TestInner:
        def test_deep(self):
            pass


class TestOfTheStandardLibrary(unittest.TestCase):
    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)

    @unittest.expectedFailure
    def test_expected(self):
        self.fail("as expected")

    @unittest.skip("later")
    def test_skipped(self):
        pass
