"""Which server does NeMo-Gym run for questions about executions?"""

from __future__ import annotations

from typing import Any

from nemo_gym.base_resources_server import (
    BaseResourcesServerConfig,
    BaseVerifyRequest,
    BaseVerifyResponse,
    SimpleResourcesServer,
)

from backstory.nemo_gym import verify


class QuestionServerConfig(BaseResourcesServerConfig):
    """The options of `backstory.reward.score`."""

    profile: str = "strict"


class QuestionRequest(BaseVerifyRequest):
    """A row with its item, and what a model answered."""

    item: str


class QuestionResponse(BaseVerifyResponse):
    """The row with its reward and what explains it."""

    item: str
    status: str
    reason: str
    steps: list[dict[str, Any]]


class QuestionServer(SimpleResourcesServer):
    """Judges answers to questions about executions."""

    config: QuestionServerConfig

    async def verify(self, body: QuestionRequest) -> QuestionResponse:
        """Answers `POST /verify`."""
        return QuestionResponse(**verify(body.model_dump(), profile=self.config.profile))
