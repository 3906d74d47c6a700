"""What does NeMo-Gym ask of a resources server?

`verify` works on plain dictionaries and needs no framework. `QuestionServer` is the
server of NeMo-Gym around it and is there where `nemo_gym` is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backstory import reward as core

__all__ = ["QuestionServer", "output_text", "verify"]

if TYPE_CHECKING:
    QuestionServer: Any


def verify(body: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Answers `POST /verify`: the body with `reward`, `status`, `reason` and `steps`.

    A row without a score raises `NoScore`.
    """
    outcome = core.scored(output_text(body["response"]), body["item"], **options)
    keys = ("status", "reason", "steps")
    return {**body, "reward": outcome["score"], **{key: outcome[key] for key in keys}}  # type: ignore[literal-required]


def output_text(response: Mapping[str, Any]) -> str:
    """Returns the text of a Responses object, all messages of the assistant together."""
    messages = [one for one in response.get("output", ()) if one.get("type") == "message"]
    parts = [part for message in messages for part in message.get("content", ())]
    return "".join(part["text"] for part in parts if part.get("type") == "output_text")


def __getattr__(name: str) -> Any:
    """Makes the server when it is asked for, because it needs `nemo_gym`."""
    if name != "QuestionServer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from backstory._nemo_gym_server import QuestionServer

    return QuestionServer
