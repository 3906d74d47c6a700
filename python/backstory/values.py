"""Which value does a canonical JSON text state, and are two the same?"""

from __future__ import annotations

from backstory import _core

__all__ = ["canonical", "same"]


def canonical(value: str) -> str:
    """Returns the one text of a value; raises `ValueError` where a text states none."""
    return _core.canonical(value)


def same(one: str, two: str) -> bool:
    """Returns whether two texts state the same value of the same type."""
    return _core.same(one, two)
