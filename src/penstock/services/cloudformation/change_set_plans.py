"""What a change set keeps, sealed: what is shown of it, and the plan that it is to carry out."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from penstock.services.service import Answer
from penstock.state.plain_records import record_of
from penstock.state.recorded_stacks import Plan
from penstock.store import Store
from penstock.store.change_sets import ChangeSet, about
from penstock.store.stack_documents import seal, unseal


class Kept(NamedTuple):
    """`plan` is None where none could be made. `changes` are ResourceChanges, with values.
    `parent` and `root` are the ARNs of the change sets that this one of a nested stack is of."""

    plan: Plan | None
    changes: tuple[Answer, ...] = ()
    description: str = ""
    on_stack_failure: str = ""
    with_nested: bool = False
    parent: str = ""
    root: str = ""


def sealed(store: Store, id: UUID, kept: Kept) -> bytes:
    return seal(store.sealer, kept, about(id))


def kept_of(store: Store, made: ChangeSet) -> Kept:
    return record_of(Kept, unseal(store.sealer, made.sealed, about(made.id)))
