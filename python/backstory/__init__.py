"""Rewards for execution reasoning: answers judged without running them."""

from __future__ import annotations

from backstory import reward, values
from backstory.reward import NoScore

__all__ = ["NoScore", "reward", "values"]
