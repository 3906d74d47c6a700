"""Do the tracer and the verifier write the same value as the same text?

In: the number of values (5,000). Makes Python values with a fixed seed, has the tracer's
writer turn each into text, and the verifier read it. Out: one line; exit code 1 when a text
is refused, or another one than the verifier's own (dicts aside, whose order a trace keeps).
Needs the wheel.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

from backstory import values

ASSETS = Path(__file__).resolve().parents[2] / "crates" / "exec" / "assets" / "python"
LETTERS = ["a", "'", '"', "\\", "\n", "\x00", "\x7f", "é", "\u2028", "😀", "\ud800", ";", "</answer>"]
FLOATS = [0.1, 1e16, 1e-5, -0.0, math.inf, -math.inf, math.nan, 1e22, 5e-324]


class Cart:
    """A plain object with any fields."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update(fields)


class Maker:
    """Makes values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def several(self, make: Callable[[], object]) -> list[object]:
        """Makes up to four values."""
        return [make() for _ in range(self.random.randint(0, 4))]

    def plain(self) -> object:
        """Makes a value that a set can hold; NaN is none, because it may stand there twice."""
        dice = self.random
        makers: list[Callable[[], object]] = [
            lambda: None,
            lambda: dice.random() < 0.5,
            lambda: dice.randint(-5, 5),
            lambda: dice.randint(-(10**60), 10**60),
            lambda: dice.choice([one for one in FLOATS if one == one]),
            lambda: dice.random() * 10.0 ** dice.randint(-30, 30),
            lambda: complex(dice.random(), -0.0),
            lambda: "".join(self.random.choices(LETTERS, k=dice.randint(0, 6))),
            lambda: dice.randbytes(3),
            lambda: range(dice.randint(-3, 3), 9, dice.choice([1, 2, -1])),
        ]
        return dice.choice(makers)()

    def hashable(self, depth: int) -> object:
        """Makes an element or a key."""
        if depth == 0 or self.random.random() < 0.6:
            return self.plain()
        kind = self.random.choice([tuple, frozenset])
        return kind(self.several(lambda: self.hashable(depth - 1)))

    def value(self, depth: int) -> object:
        """Makes any value."""
        if depth == 0 or self.random.random() < 0.3:
            return self.random.choice([self.plain(), math.nan, bytearray(b"ab"), slice(None, 3)])
        inner = lambda: self.value(depth - 1)  # noqa: E731
        keys = self.several(lambda: self.hashable(2))
        makers: list[Callable[[], object]] = [
            lambda: self.several(inner),
            lambda: tuple(self.several(inner)),
            lambda: set(keys),
            lambda: frozenset(keys),
            lambda: {key: inner() for key in keys},
            lambda: dict.fromkeys(keys).keys(),
            lambda: {1: inner()}.values(),
            lambda: Cart(x=inner(), a=inner()),
        ]
        return self.random.choice(makers)()


def cycle() -> object:
    """Returns a list in itself, past other containers."""
    outer: list[object] = [1]
    outer.append((2, {"k": outer}, [outer]))
    return outer


def fault(text: str) -> str | None:
    """Says what is wrong with a text of the tracer, if anything is."""
    try:
        canonical = values.canonical(text)
    except ValueError as error:
        return f"refused: {error}"
    if not values.same(text, canonical):
        return "another value than its own text"
    return None if text == canonical or '"dict"' in text else f"another text than {canonical}"


def main(count: int) -> int:
    """Compares the values and returns the exit code."""
    sys.path.insert(0, str(ASSETS))
    import backstory_values

    if fault("1.50") is None or fault('{"set":[2,1]}') is None or fault("[1") is None:
        print("FAILED: a planted fault is not found")
        return 1
    maker = Maker(7)
    found = []
    for value in [cycle(), *(maker.value(4) for _ in range(count))]:
        text = backstory_values.Values(2_000, 2_000).text(value)
        found += [f"{json.dumps(text[:200])}: {wrong}" for wrong in [fault(text)] if wrong]
    print("\n".join(found[:10]) or f"ok: {count} values of Python have one text")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
