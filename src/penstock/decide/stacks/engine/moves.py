"""Every move of a stack from status to status, and what makes it (TG-105).

An operation goes forward first: it makes what the definition says, in the order of what depends on
what. A create that fails is rolled back by deleting everything. An update replaces nothing for
good before all of it has succeeded: what it no longer needs stays until its cleanup. So one that
fails can go back: it restores what it has changed, and the cleanup removes what it has made.

While a status of the first list lasts, things are done in it, and it ends when they are done
(`COMPLETE`), or when one of them has failed and nothing is under way any more: back (`ROLL_BACK`),
or not (`STAY`, `DELETE`). Requests begin operations in the statuses of the second list; in others
they are refused, but that any status is deleted in which nothing is under way but a create.

A cleanup cannot fail: what it could not delete is left, and the stack knows of it no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from penstock.state.stacks import StackStatus as S


class Move(StrEnum):
    REVIEW = "review"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ROLL_BACK = "roll back"
    COMPLETE = "complete"
    STAY = "stay"


_DOING: Mapping[tuple[S | None, Move], S] = {
    (S.CREATE_IN_PROGRESS, Move.COMPLETE): S.CREATE_COMPLETE,
    (S.CREATE_IN_PROGRESS, Move.ROLL_BACK): S.ROLLBACK_IN_PROGRESS,
    (S.CREATE_IN_PROGRESS, Move.STAY): S.CREATE_FAILED,
    (S.ROLLBACK_IN_PROGRESS, Move.COMPLETE): S.ROLLBACK_COMPLETE,
    (S.ROLLBACK_IN_PROGRESS, Move.STAY): S.ROLLBACK_FAILED,
    (S.UPDATE_IN_PROGRESS, Move.COMPLETE): S.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS,
    (S.UPDATE_IN_PROGRESS, Move.ROLL_BACK): S.UPDATE_ROLLBACK_IN_PROGRESS,
    (S.UPDATE_IN_PROGRESS, Move.STAY): S.UPDATE_FAILED,
    (S.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, Move.COMPLETE): S.UPDATE_COMPLETE,
    (
        S.UPDATE_ROLLBACK_IN_PROGRESS,
        Move.COMPLETE,
    ): S.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS,
    (S.UPDATE_ROLLBACK_IN_PROGRESS, Move.STAY): S.UPDATE_ROLLBACK_FAILED,
    (
        S.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS,
        Move.COMPLETE,
    ): S.UPDATE_ROLLBACK_COMPLETE,
    (S.DELETE_IN_PROGRESS, Move.COMPLETE): S.DELETE_COMPLETE,
    (S.DELETE_IN_PROGRESS, Move.STAY): S.DELETE_FAILED,
}
_UPDATED = (
    S.CREATE_COMPLETE, S.CREATE_FAILED, S.UPDATE_COMPLETE, S.UPDATE_FAILED,
    S.UPDATE_ROLLBACK_COMPLETE,
)  # fmt: skip
_DELETED = (
    *_UPDATED, S.REVIEW_IN_PROGRESS, S.CREATE_IN_PROGRESS, S.ROLLBACK_IN_PROGRESS,
    S.ROLLBACK_COMPLETE, S.ROLLBACK_FAILED, S.UPDATE_ROLLBACK_FAILED, S.DELETE_FAILED,
)  # fmt: skip
_ASKED: Mapping[tuple[S | None, Move], S] = {
    (None, Move.REVIEW): S.REVIEW_IN_PROGRESS,
    (None, Move.CREATE): S.CREATE_IN_PROGRESS,
    (S.REVIEW_IN_PROGRESS, Move.CREATE): S.CREATE_IN_PROGRESS,
    **{(status, Move.UPDATE): S.UPDATE_IN_PROGRESS for status in _UPDATED},
    (S.CREATE_FAILED, Move.ROLL_BACK): S.ROLLBACK_IN_PROGRESS,
    (S.UPDATE_FAILED, Move.ROLL_BACK): S.UPDATE_ROLLBACK_IN_PROGRESS,
    (S.UPDATE_ROLLBACK_FAILED, Move.ROLL_BACK): S.UPDATE_ROLLBACK_IN_PROGRESS,
    **{(status, Move.DELETE): S.DELETE_IN_PROGRESS for status in _DELETED},
}
MOVES: Mapping[tuple[S | None, Move], S] = {**_DOING, **_ASKED}

CLEANUPS = (
    S.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS,
    S.UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS,
)
UNDER_WAY = frozenset(status for status, _ in _DOING)
"""Statuses that end by themselves."""
FINAL = frozenset(S) - UNDER_WAY - {S.REVIEW_IN_PROGRESS}
FAILED = frozenset(
    status
    for status in FINAL
    if status not in (S.CREATE_COMPLETE, S.UPDATE_COMPLETE, S.DELETE_COMPLETE)
)
"""In which what was asked for has not come to be."""
