"""What does TRL's `GRPOTrainer` call as a reward function?

The rows have the columns `prompt` and `item`, the latter as JSON text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, Union

from backstory import reward as core

__all__ = ["make_reward", "reward"]

#: The text of a model, or its messages.
Completion = Union[str, Sequence[Mapping[str, Any]]]


def make_reward(**options: Any) -> Callable[..., list[Optional[float]]]:
    """Returns a reward function with options of `backstory.reward.score`."""

    def reward(
        prompts: Sequence[Any],
        completions: Sequence[Completion],
        completion_ids: Optional[Sequence[Sequence[int]]] = None,
        *,
        item: Sequence[str],
        trainer_state: Any = None,
        log_extra: Optional[Callable[[str, list[Any]], None]] = None,
        log_metric: Optional[Callable[[str, float], None]] = None,
        environments: Any = None,
        **columns: Any,
    ) -> list[Optional[float]]:
        """Returns one reward per completion; `None` where a row has no score."""
        del prompts, completion_ids, trainer_state, environments, columns
        pairs = zip(completions, item)
        outcomes = [core.score(last_text(one), row, **options) for one, row in pairs]
        if log_extra is not None:
            log_extra("reason", [outcome["reason"] for outcome in outcomes])
        finals = [outcome["io"] for outcome in outcomes if outcome["io"] is not None]
        if log_metric is not None and finals:
            log_metric("final_accuracy", sum(finals) / len(finals))
        return [outcome["score"] for outcome in outcomes]

    return reward


def last_text(completion: Completion) -> str:
    """Returns the text of a completion: that of its last message of the assistant."""
    if isinstance(completion, str):
        return completion
    said = [message for message in completion if message.get("role") == "assistant"]
    content = said[-1].get("content") if said else None
    if isinstance(content, str):
        return content
    parts = [part.get("text") for part in content or () if isinstance(part, Mapping)]
    return "".join(part for part in parts if isinstance(part, str))


reward = make_reward()
