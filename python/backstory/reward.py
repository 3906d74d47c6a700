"""What is the answer of a model worth, and why?

No text of a model makes any of these functions fail, and none is evaluated. What is
wrong with an argument of the caller is a `ValueError` or `TypeError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Optional, TypedDict, Union

from backstory import _core

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "VERIFIER_VERSION",
    "NoScore",
    "Outcome",
    "Pending",
    "Step",
    "code",
    "gold_answer",
    "score",
    "score_table",
    "score_unit_tests",
    "scored",
]

VERIFIER_VERSION: str = _core.VERIFIER_VERSION

#: An item or a question row: its JSON, or the same as a mapping.
Item = Union[str, Mapping[str, Any]]

#: Calls our copy of a function in a sandbox: takes `{"entry", "source", "arguments"}` of
#: the row and the arguments of the model as JSON, returns what happened.
Call = Callable[[Mapping[str, str], str], tuple[str, str]]


class Step(TypedDict):
    """The verdict on one question."""

    q: int
    kind: str
    ok: bool
    reason: str


class Pending(TypedDict):
    """What has to be called before there is a score."""

    arguments: str


class _Outcome(TypedDict):
    score: Optional[float]
    status: str
    reason: str
    io: Optional[float]
    white: Optional[float]
    steps: list[Step]
    verifier_version: str


class Outcome(_Outcome, total=False):
    """What an answer is worth, and why."""

    pending: Pending


class NoScore(ValueError):
    """A row that has no score, with its outcome: never a 0 to learn from."""

    def __init__(self, outcome: Mapping[str, Any]) -> None:
        super().__init__(f"the answer has no score: {outcome['status']}, {outcome['reason']}")
        self.outcome = outcome


def score(
    response: Optional[str],
    item: Item,
    *,
    profile: str = "strict",
    call: Optional[Call] = None,
    **options: Any,
) -> Outcome:
    """Scores the text of a model against an item or a question row.

    `options` replace those of the profile: `alpha`, `gate`, `on_count_mismatch`,
    `on_no_questions`, `weights`. Where arguments were asked for, `call` is asked to call
    our copy of the function; without it the outcome stays pending.
    """
    row, replaced = _json(item), json.dumps(options)
    text = "" if response is None else response
    outcome = _core.score(row, text, profile, replaced)
    if call is None or "pending" not in outcome:
        return outcome  # type: ignore[return-value]
    try:
        what, content = call(json.loads(row)["function"], outcome["pending"]["arguments"])
    except Exception as error:  # noqa: BLE001, whatever broke is not the model's fault
        what, content = "infrastructure", repr(error)
    return _core.settle(row, text, profile, replaced, what, content)  # type: ignore[return-value]


def scored(response: Optional[str], item: Item, **options: Any) -> Outcome:
    """Scores like `score`, and raises `NoScore` where there is none."""
    outcome = score(response, item, **options)
    if outcome["score"] is None:
        raise NoScore(outcome)
    return outcome


def gold_answer(item: Item) -> str:
    """Returns the right answer; raises `ValueError` for a row that cannot be scored."""
    return _core.gold_answer(_json(item))


def code(response: str) -> Optional[str]:
    """Returns the code between the only answer tags, or `None`."""
    return _core.code(response)


def score_unit_tests(
    response: str,
    tests: Iterable[str],
    *,
    tag_bonus: float = 0.05,
    bonus_needs_a_pass: bool = True,
) -> dict[str, Any]:
    """Scores code by what a sandbox says of its tests.

    Each of `tests` is `passed`, `failed` or `infrastructure`.
    """
    options = {"tag_bonus": tag_bonus, "bonus_needs_a_pass": bonus_needs_a_pass}
    return _core.score_unit_tests(response, list(tests), json.dumps(options))


def score_table(
    table: Any,
    *,
    response: str = "response",
    item: str = "item",
    **options: Any,
) -> pyarrow.Table:
    """Scores an Arrow table row by row and returns it with the columns of the outcomes.

    `table` is whatever speaks the Arrow C stream interface: of pyarrow, Polars, DuckDB
    and others. Columns of the same names are replaced.
    """
    import pyarrow as pa

    table = pa.table(table)
    texts, items = table.column(response), table.column(item)
    pairs = zip(texts.to_pylist(), items.to_pylist())
    outcomes = [score(text, row, **options) for text, row in pairs]
    number, word = pa.float64(), pa.string()
    types = {"score": number, "status": word, "reason": word, "io": number, "white": number}
    columns = {name: [one[name] for one in outcomes] for name in types}  # type: ignore[literal-required]
    columns["steps"] = [json.dumps(one["steps"]) for one in outcomes]
    for name, values in columns.items():
        array = pa.array(values, types.get(name, word))
        place = table.schema.get_field_index(name)
        if place < 0:
            table = table.append_column(name, array)
        else:
            table = table.set_column(place, name, array)
    return table


def _json(item: Item) -> str:
    return item if isinstance(item, str) else json.dumps(item)
