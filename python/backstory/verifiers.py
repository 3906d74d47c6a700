"""Which taskset of verifiers 0.4 asks questions about executions?

Its id is `backstory_questions`; `path` names a file of items, one a line. Needs the
package `verifiers`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import verifiers.v1 as vf

from backstory import reward as core

__all__ = ["QuestionConfig", "QuestionData", "QuestionTask", "QuestionTaskset"]


class QuestionData(vf.TaskData):
    """A prompt and its item as JSON text."""

    item: str
    profile: str = "strict"


class QuestionTask(vf.Task[QuestionData]):
    """One prompt; the reward is that of `backstory.reward.score`."""

    @vf.reward
    async def answer(self, task: QuestionData, trace: vf.Trace) -> float:
        """Returns the score of the last reply; an error where there is none."""
        outcome = core.scored(trace.last_reply, task.item, profile=task.profile)
        return float(outcome["score"] or 0.0)

    async def validate(self, runtime: Any) -> Optional[bool]:
        """Says whether the right answer gets the maximum; unknown where it must be called."""
        del runtime
        outcome = core.score(core.gold_answer(self.data.item), self.data.item)
        return None if outcome["status"] == "pending" else outcome["score"] == 2.0


class QuestionConfig(vf.TasksetConfig):
    """Which items to ask."""

    path: Path = Path("items.jsonl")
    """A file of items or question rows, one JSON object a line."""
    profile: str = "strict"
    """The profile of the reward."""


class QuestionTaskset(vf.Taskset[QuestionTask, QuestionConfig]):
    """The items of a file as tasks, in its order."""

    def load(self) -> Iterable[QuestionTask]:
        """Yields one task for every line of the file."""
        with self.config.path.open(encoding="utf-8") as lines:
            for line in filter(str.strip, lines):
                row = json.loads(line)
                data = QuestionData(
                    id=row.get("item_id") or row.get("question_id"),
                    prompt=row["prompt"],
                    item=line.strip(),
                    profile=self.config.profile,
                )
                yield QuestionTask(data, self.config.task)
