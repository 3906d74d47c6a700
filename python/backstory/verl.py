"""What does verl's reward loop call as its custom reward function?

The item stands as JSON text in `reward_model.ground_truth`, so that its column has one
type. Options come from `reward.custom_reward_function.reward_kwargs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from backstory import reward as core

__all__ = ["compute_score"]


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Optional[Mapping[str, Any]] = None,
    *,
    no_score: Optional[float] = None,
    reward_router_address: Optional[str] = None,
    reward_model_tokenizer: Any = None,
    **options: Any,
) -> dict[str, Union[float, str]]:
    """Returns the score under the key `score`, and what explains it.

    Every value has one type in every row. A row without a score raises `NoScore`, unless
    `no_score` is a number to give instead; `status` then says so.
    """
    del data_source, extra_info, reward_router_address, reward_model_tokenizer
    outcome = core.score(solution_str, ground_truth, **options)
    score = outcome["score"]
    if score is None:
        if no_score is None:
            raise core.NoScore(outcome)
        score = no_score
    final, way = outcome["io"], outcome["white"]
    return {
        "score": score,
        "acc": score / 2.0 if final is None else final,
        "white": -1.0 if way is None else way,
        "status": outcome["status"],
        "reason": outcome["reason"],
    }
