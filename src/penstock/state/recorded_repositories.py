"""A hosted git repository as it is recorded, and what has changed in one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

BRANCH = "refs/heads/"
TAG = "refs/tags/"


class Repository(NamedTuple):
    """`root` is the folder that all of them are in, `triggers` are as the API was given them,
    `home` is the region that paths need not name.

    `default_branch` is None until there is a branch. `key_id` names a key of KMS, with which
    nothing is done here.
    """

    id: UUID
    account: str
    region: str
    name: str
    description: str
    default_branch: str | None
    key_id: str | None
    created: datetime
    modified: datetime
    tags: Mapping[str, str]
    triggers: Sequence[Mapping[str, Any]]
    triggers_id: UUID | None
    root: str
    home: str

    @property
    def arn(self) -> str:
        return f"arn:aws:codecommit:{self.region}:{self.account}:{self.name}"

    @property
    def path(self) -> str:
        """That of its URL, below the server's."""
        region = "" if self.region == self.home else f"{self.region}/"
        return f"/git/{region}{self.name}"

    @property
    def folder(self) -> str:
        """Its git directory: named by its id, so that another name is only another row."""
        return folder_of(self.root, self.id)


def folder_of(root: str, repository: UUID) -> str:
    return os.path.join(root, f"{repository}.git")


class RefChange(NamedTuple):
    """A branch or a tag that was made (`before` is None), moved, or removed (`after` is None).

    `ref` is its full name; of an annotated tag the commits are those it is about. `caller` is the
    ARN of who did it.
    """

    repository: Repository
    ref: str
    before: str | None
    after: str | None
    caller: str

    @property
    def kind(self) -> str:
        return "branch" if self.ref.startswith(BRANCH) else "tag"

    @property
    def name(self) -> str:
        """Without what says that it is a branch, or a tag."""
        return self.ref.removeprefix(BRANCH).removeprefix(TAG)
