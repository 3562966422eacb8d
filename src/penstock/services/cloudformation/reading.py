"""Templates read as CloudFormation reads them, before anything is asked of their parameters."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from penstock.documents.templates import Body, Template
from penstock.documents.templates.reader import read_template, read_untransformed
from penstock.documents.templates.text import read_text
from penstock.services.cloudformation.errors import invalid
from penstock.services.cloudformation.transforms import names_of


class Given(NamedTuple):
    """A template as it was given. Where it has `transforms`, by name, `template` has only what
    these leave alone: parameters and mappings."""

    text: str
    body: Body
    template: Template
    transforms: tuple[str, ...]


async def read_given(data: bytes) -> Given:
    """Raises ValidationError with the first thing that is wrong."""
    return await asyncio.to_thread(_read_given, data)


def _read_given(data: bytes) -> Given:
    text, diagnostics = read_text(data, "TemplateBody")
    if text is None:
        message = next(one.message for one in diagnostics if one.severity == "error")
        known = message.startswith("Template ")
        raise invalid(message if known else f"Template format error: {message}")
    transforms = names_of(text.body)
    template, problems = (read_untransformed if transforms else read_template)(text.body)
    if template is None:
        raise invalid(problems[0].message)
    return Given(data.decode("utf-8-sig"), text.body, template, tuple(transforms))


def template_of(body: Body) -> Template:
    """Of what transforms have made. Raises ValidationError with the first thing that is wrong."""
    template, problems = read_template(body)
    if template is None:
        raise invalid(problems[0].message)
    return template
