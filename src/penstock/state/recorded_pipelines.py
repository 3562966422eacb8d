"""A pipeline as it is recorded, and an action of it that is to begin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from penstock.documents.pipelines import Action, Pipeline, Rule, Stage
from penstock.state.pipelines import Artifact, Run
from penstock.state.time_scale import TimeScale


class PipelineName(NamedTuple):
    """What a pipeline's ARN is made of."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:codepipeline:{self.region}:{self.account}:{self.name}"

    @property
    def topic(self) -> str:
        """Of the news of this pipeline: anything about its runs, its stages or itself."""
        return f"pipeline:{self.account}:{self.region}:{self.name}"


class Start(NamedTuple):
    """An action's execution, or a rule's, that is to begin; `id` is its actionExecutionId.

    `configuration` is resolved, and its secrets are in it. `inputs` are by the names of the input
    artifacts. `endpoint` is this server's, such as `http://127.0.0.1:4545`. `started` is the same
    however often the execution is begun; `waiting` says that it has begun, and goes on without us.
    `time_scale` is for what waits.
    """

    id: UUID
    name: PipelineName
    run: Run
    pipeline: Pipeline
    stage: Stage
    action: Action | Rule
    configuration: Mapping[str, str]
    inputs: Mapping[str, Artifact]
    started: datetime
    deadline: datetime
    endpoint: str
    waiting: bool = False
    time_scale: TimeScale = TimeScale()
