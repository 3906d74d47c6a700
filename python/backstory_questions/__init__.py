"""The taskset of `backstory` under an id that verifiers can import."""

from backstory.verifiers import QuestionTaskset

__all__ = ["QuestionTaskset"]
