"""Build badges (CB-175): a picture of how the last build of a branch ended, for anyone to see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum

from penstock.services.codebuild.errors import not_found
from penstock.state.builds import Status
from penstock.store import Store
from penstock.store.projects import find_badge


class Badge(Enum):
    """The word on the badge, and its colour."""

    PASSING = ("passing", "#2f7d3b")
    FAILING = ("failing", "#c03221")
    IN_PROGRESS = ("in progress", "#1f6fa8")
    UNKNOWN = ("unknown", "#767676")


LastStatus = Callable[[str, str, str, str | None], Awaitable[str | None]]
"""The buildStatus of the last build of an account's, a region's project, of one ref or of any."""


async def badge_answer(
    store: Store, token: str, last_status: LastStatus, *, branch: str = "", tag: str = ""
) -> str:
    """The picture for a badge's URL. Raises AwsError where there is none."""
    project = await find_badge(store.database, token)
    if project is None or not project.document["badge"]["badgeEnabled"]:
        raise not_found("There is no such badge")
    ref = f"refs/tags/{tag}" if tag else f"refs/heads/{branch}" if branch else None
    status = await last_status(project.account, project.region, project.name, ref)
    return badge_svg(badge_of(status))


def badge_of(status: str | None) -> Badge:
    """`status` is the buildStatus of the last build; None where there is none."""
    match status:
        case None:
            return Badge.UNKNOWN
        case Status.SUCCEEDED:
            return Badge.PASSING
        case Status.IN_PROGRESS:
            return Badge.IN_PROGRESS
        case _:
            return Badge.FAILING


def badge_svg(badge: Badge) -> str:
    """About 400 bytes; the text is dark or white enough on its ground to be read."""
    word, colour = badge.value
    left, right = 42, 14 + 7 * len(word)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="build: {word}"><title>build: {word}</title>'
        f'<rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left // 2}" y="14">build</text>'
        f'<text x="{left + right // 2}" y="14">{word}</text></g></svg>'
    )
