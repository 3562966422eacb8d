"""One execution of a pipeline, followed from its start to its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from penstock.cli.pipeline_runs import (
    UNFINISHED,
    Approval,
    find_run,
    is_approval,
    list_actions,
    list_runs,
    waiting_approvals,
)
from penstock.cli.rehearsal.builds import Log, build_of, failure_of
from penstock.cli.rehearsal.endings import Broken, Ending, ending_of
from penstock.cli.rehearsal.tellers import Teller

Clients = Mapping[str, Any]
Member = Mapping[str, Any]
_AGAIN = 0.04  # seconds
_LOOKED_AT = 50  # executions, the newest
_KEPT = 200  # lines of a build, for when it breaks


def stop_runs(client: Any, pipeline: str) -> None:
    """Ends all that go on, in whose stages another would have to wait."""
    for run in list_runs(client, pipeline, _LOOKED_AT):
        if run["status"] in UNFINISHED:
            with suppress(client.exceptions.PipelineExecutionNotStoppableException):
                client.stop_pipeline_execution(
                    pipelineName=pipeline,
                    pipelineExecutionId=run["pipelineExecutionId"],
                    abandon=True,
                    reason="A rehearsal begins",
                )


class Run:
    """Follows an execution, and the one that supersedes it, if any does.

    `approve` is what approvals are answered with: auto, ask or reject. `folder` is where the source
    is, in which failing commands are looked for.
    """

    def __init__(
        self, clients: Clients, pipeline: str, teller: Teller, *, approve: str, folder: str
    ) -> None:
        self._clients = clients
        self._pipelines = clients["codepipeline"]
        self._name = pipeline
        self._teller = teller
        self._approve = approve
        self._folder = folder
        self._told: dict[str, str] = {}
        self._logs: dict[str, Log] = {}
        self._tails: dict[str, list[str]] = {}
        self._answered: set[str] = set()

    def follow(self, id_: str) -> Ending:
        self._teller.begun(self._name, id_)
        while True:
            # Asked before the actions are: those of an execution that is over are all over then.
            run = find_run(self._pipelines, self._name, id_)
            actions = list_actions(self._pipelines, self._name, id_)
            for action in actions:
                self._see(action)
            if run["status"] not in UNFINISHED:
                break
            self._answer(id_, actions)
            going = [_place(one) for one in actions if one["status"] == "InProgress"]
            self._teller.doing("  ".join(going))
            time.sleep(_AGAIN)
        broken = tuple(self._broken(one) for one in actions if one["status"] == "Failed")
        ending = ending_of(self._name, run, actions, broken)
        self._teller.ended(ending)
        return ending

    def _see(self, action: Member) -> None:
        id_, status = action["actionExecutionId"], action["status"]
        known = self._told.get(id_)
        if known is None:
            self._teller.action(action if status == "InProgress" else {**action, **_BEGUN})
        if build := build_of(action):
            self._print(action, build, over=status != "InProgress")
        if status != "InProgress" and known != status:
            self._teller.action(action)
        self._told[id_] = status

    def _print(self, action: Member, build: str, *, over: bool) -> None:
        id_ = action["actionExecutionId"]
        if id_ in self._told and self._told[id_] != "InProgress":
            return
        log = self._logs.setdefault(id_, Log(self._clients, build))
        tail = self._tails.setdefault(id_, [])
        for line in log.lines():
            self._teller.output(_place(action), line)
            tail.append(line)
        del tail[:-_KEPT]

    def _answer(self, id_: str, actions: list[dict[str, Any]]) -> None:
        if not any(one["status"] == "InProgress" and is_approval(one) for one in actions):
            return
        for approval in waiting_approvals(self._pipelines, self._name, id_):
            if approval.token not in self._answered:
                self._answered.add(approval.token)
                self._decide(approval)

    def _decide(self, approval: Approval) -> None:
        decided = decide(approval, self._approve, self._teller)
        self._pipelines.put_approval_result(
            pipelineName=self._name,
            stageName=approval.stage,
            actionName=approval.action,
            result={"summary": decided.summary, "status": decided.status},
            token=approval.token,
        )

    def _broken(self, action: Member) -> Broken:
        result = action.get("output", {}).get("executionResult", {})
        message = result.get("errorDetails", {}).get("message", "")
        message = message or result.get("externalExecutionSummary", "")
        build, tail = build_of(action), self._tails.get(action["actionExecutionId"], [])
        failure = failure_of(self._clients, build, tail, self._folder) if build else None
        return Broken(_place(action), message, failure)


_BEGUN = {"status": "InProgress"}


class Decided(NamedTuple):
    status: str
    summary: str


def decide(approval: Approval, approve: str, teller: Teller) -> Decided:
    """Somebody's answer, or that of `--approve`."""
    place = f"{approval.stage}/{approval.action}"
    if approve == "auto":
        return Decided("Approved", "approved by --approve auto")
    if approve == "reject":
        return Decided("Rejected", "rejected by --approve reject")
    if not sys.stdin.isatty():
        teller.note(f"{place} waits for an approval, and nobody can be asked: --approve auto")
        return Decided("Rejected", "nobody could be asked")
    teller.doing("")
    said = input(f"{place} waits for an approval. Approve it? [y/N] ").strip().lower()
    return Decided("Approved" if said in ("y", "yes") else "Rejected", "answered at the terminal")


def _place(action: Member) -> str:
    return f"{action['stageName']}/{action['actionName']}"
