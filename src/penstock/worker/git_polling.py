"""Looks at repositories elsewhere: behind connections, and of GitHub with tokens of their own."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from penstock.actions.git_remotes import PATIENCE, changed_paths, connection_remote, list_refs
from penstock.actions.git_sources import Remote, RemoteError
from penstock.actions.source_connection import name_problem
from penstock.actions.source_github import GITHUB
from penstock.decide.git_deliveries import compared_push
from penstock.decide.git_triggers import BRANCH, TAG, Push, is_watched, wants_paths
from penstock.documents.pipelines import Action, Pipeline
from penstock.documents.pipelines.reader import pipeline_of
from penstock.errors import AwsError
from penstock.flow.triggers import POLLED, REFS, WEBHOOK_V2, change_heard
from penstock.state.pipelines import Cause
from penstock.store import Store
from penstock.store.connections_to_git import PLACES, connection_for
from penstock.store.facts import recall
from penstock.store.pipelines import read_secrets
from penstock.store.triggers import Mark, Polled, Seen, Source, see

LOG = logging.getLogger("penstock.triggers")
AT_ONCE = 8
Marks = Mapping[tuple[int, str], Mark]
_KEYS = {
    "CodeStarSourceConnection": ("ConnectionArn", "FullRepositoryId"),
    "GitHub": ("Owner", "Repo"),
}
"""What says which repository a source action is about."""


class Watch(NamedTuple):
    """Source actions of a pipeline that are about one repository."""

    polled: Polled
    pipeline: Pipeline
    source: Source
    actions: tuple[Action, ...]


class _Move(NamedTuple):
    """A ref that is at another commit than before; `before` is "" where it is new."""

    kind: str
    name: str
    before: str
    after: str


async def poll_repositories(
    store: Store, polled: Sequence[Polled], marks: Marks, now: datetime, seconds: float
) -> int:
    """How many executions have begun. What takes longer than `seconds` altogether is left; in which
    order they are asked is left to chance, so that none is always last."""
    wanted: dict[Remote, list[Watch]] = {}
    for one in polled:
        for watch in watches_of(one):
            try:
                remote = await _remote(store, watch, now)
            except (RemoteError, AwsError) as error:
                LOG.warning("%s: its source is not polled: %s", one.listener.name.arn, error)
                continue
            wanted.setdefault(remote, []).append(watch)
    items = list(wanted.items())
    random.shuffle(items)
    gate, started = asyncio.Semaphore(AT_ONCE), list[int]()

    async def look(remote: Remote, watches: list[Watch]) -> None:
        async with gate:
            started.append(await _look(store, remote, watches, marks, now))

    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(look(*item) for item in items))
    except TimeoutError:
        left = len(items) - len(started)
        LOG.warning("%d repositories are left for the next round: others take too long", left)
    return sum(started)


def watches_of(polled: Polled) -> list[Watch]:
    pipeline = pipeline_of(polled.listener.document)
    found: dict[tuple[str, ...], list[Action]] = {}
    for action in pipeline.stages[0].actions:
        keys = _KEYS.get(action.type.provider)
        if keys and is_watched(pipeline, action):
            place = (action.type.provider, *(action.configuration.get(key, "") for key in keys))
            found.setdefault(place, []).append(action)
    name = polled.listener.name
    return [
        Watch(
            polled,
            pipeline,
            Source(*name[:2], place[0], dict(zip(_KEYS[place[0]], place[1:], strict=True))),
            tuple(actions),
        )
        for place, actions in found.items()
    ]


async def _remote(store: Store, watch: Watch, now: datetime) -> Remote:
    """Raises RemoteError, AwsError."""
    asked, name = watch.source.configuration, watch.polled.listener.name
    if watch.source.provider == "GitHub":
        return await _github(store, watch)
    connection = await connection_for(store.database, name.account, asked["ConnectionArn"])
    if connection is None:
        raise RemoteError(f"there is no connection {asked['ConnectionArn']}")
    return await connection_remote(store, connection, asked["FullRepositoryId"], now)


async def _github(store: Store, watch: Watch) -> Remote:
    asked, polled = watch.source.configuration, watch.polled
    full = f"{asked['Owner']}/{asked['Repo']}"
    if problem := name_problem(full, "main"):
        raise RemoteError(problem)
    secrets = await read_secrets(store.database, store.sealer, polled.listener.id, polled.version)
    stage = watch.pipeline.stages[0].name
    token = secrets.get(f"{stage}/{watch.actions[0].name}/OAuthToken", "")
    places = await recall(store.database, PLACES) or {}
    url = str(places.get("GitHub", GITHUB)).replace("{repository}", full)
    return Remote(url, "x-access-token", token)


async def _look(
    store: Store, remote: Remote, watches: Sequence[Watch], marks: Marks, now: datetime
) -> int:
    names = ", ".join(sorted({one.polled.listener.name.name for one in watches}))
    try:
        refs = await list_refs(remote)
    except (RemoteError, OSError) as error:
        LOG.warning("the source of %s cannot be polled: %s", names, error)
        return 0
    started = 0
    known: dict[_Move, Sequence[str] | None] = {}
    for watch in watches:
        try:
            started += await _compare(store, remote, refs, watch, marks, known, now)
        except Exception:
            LOG.exception("%s cannot be polled", watch.polled.listener.name.arn)
    return started


async def _compare(
    store: Store,
    remote: Remote,
    refs: Seen,
    watch: Watch,
    marks: Marks,
    known: dict[_Move, Sequence[str] | None],
    now: datetime,
) -> int:
    """`known` has the files of moves that were looked for; more of them are found here."""
    listener, source = watch.polled.listener, watch.source
    mine = {
        action.name: marks.get((listener.id, action.name), Mark({}, {})) for action in watch.actions
    }
    now_there = Mark(source.configuration, refs)
    if all(mark == now_there for mark in mine.values()):
        return 0
    for action in watch.actions:
        if mine[action.name].source == source.configuration:
            await _find_paths(remote, refs, watch, action, mine[action.name].seen, known)
    cause = WEBHOOK_V2 if source.provider == "CodeStarSourceConnection" else POLLED
    detail = source.configuration.get("ConnectionArn", "")
    started = 0
    async with store.database.transaction() as connection:
        moved: dict[_Move, set[str]] = {}
        for action in watch.actions:
            before = await see(
                connection, listener.id, action.name, source.configuration, refs, now
            )
            for move in _moves(before, refs) if before is not None else ():
                moved.setdefault(move, set()).add(action.name)
        for move, actions in moved.items():
            others = {one.name for one in watch.actions} - actions
            push = Push(move.kind, move.name, move.after, known.get(move))
            heard = await change_heard(
                connection, listener, source, push, Cause(cause, detail), now, known=others
            )
            started += heard.run is not None
    return started


async def _find_paths(
    remote: Remote,
    refs: Seen,
    watch: Watch,
    action: Action,
    seen: Seen,
    known: dict[_Move, Sequence[str] | None],
) -> None:
    for move in _moves(seen, refs):
        push = Push(move.kind, move.name, move.after)
        if move not in known and wants_paths(watch.pipeline, action, push):
            known[move] = await changed_paths(
                remote, compared_push(move.before, move.after), PATIENCE
            )


def _moves(before: Seen, after: Seen) -> list[_Move]:
    return [
        _Move(kind, ref.removeprefix(prefix), before.get(ref, ""), commit)
        for ref, commit in after.items()
        if before.get(ref) != commit
        for kind, prefix in ((BRANCH, REFS[BRANCH]), (TAG, REFS[TAG]))
        if ref.startswith(prefix)
    ]
