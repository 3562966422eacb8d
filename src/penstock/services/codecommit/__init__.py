"""CodeCommit: hosted git repositories, and what is in them (TG-135…138)."""

from __future__ import annotations

from penstock.services.codecommit.branches import Branches
from penstock.services.codecommit.commits import Commits
from penstock.services.codecommit.committing import Committing
from penstock.services.codecommit.differences import Differences
from penstock.services.codecommit.files import Files
from penstock.services.codecommit.repositories import Repositories
from penstock.services.codecommit.tags import Tags
from penstock.services.codecommit.triggers import Triggers


class CodeCommit(Repositories, Branches, Commits, Files, Differences, Committing, Triggers, Tags):
    """Pull requests, comments, approvals and merges are not here."""

    body_limit = 28 << 20  # a commit's files have 20 MB together, and a third more in base64
