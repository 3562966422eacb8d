"""The body of a template -> frozen values, and everything that CloudFormation would refuse."""

from __future__ import annotations

from typing import Any

from penstock.documents.templates import Body, Problem, Template
from penstock.documents.templates.conditions import read_conditions, read_rules
from penstock.documents.templates.dependencies import check_dependencies, names_in
from penstock.documents.templates.mappings import read_mappings
from penstock.documents.templates.outputs import read_outputs
from penstock.documents.templates.parameters import read_parameters
from penstock.documents.templates.problems import Problems, shown
from penstock.documents.templates.resources import read_resources
from penstock.documents.templates.sections import description_of, is_generated, mapping_of

EXTENSIONS = "AWS::LanguageExtensions"
FORMAT = "2010-09-09"
_READ = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
_SECTIONS = frozenset(
    (*_READ, "AWSTemplateFormatVersion", "Description", "Metadata", "Transform", "Hooks")
)


def read_template(body: Body) -> tuple[Template | None, list[Problem]]:
    """A template whose transforms have been applied; None exactly if there are problems.

    The first problem is the one an API call answers. Whether resource types exist is asked of
    `resource_schemas.unrecognized_types`; what needs values of parameters, of the planner.
    """
    problems = Problems()
    start = _start(body, _SECTIONS, problems)
    _refuse_generated(body, problems)
    extended = EXTENSIONS in start.transforms
    template = start._replace(
        conditions=read_conditions(body, problems),
        rules=read_rules(body, problems),
        resources=read_resources(body, problems, extended),
        outputs=read_outputs(body, problems, extended),
    )
    check_dependencies(template, names_in(body), problems)
    return (None if problems.found else template), problems.found


def read_untransformed(body: Body) -> tuple[Template | None, list[Problem]]:
    """A template before its transforms, to get at its parameters; None exactly if there are
    problems.

    Transforms may change all but parameters and mappings: the other sections are neither checked
    nor read, and empty in the result.
    """
    problems = Problems()
    template = _start(body, _SECTIONS | {"Globals", "Fn::Transform"}, problems)
    if not body.get("Resources"):
        problems.format(("Resources",), "At least one Resources member must be defined.")
    return (None if problems.found else template), problems.found


def transforms_of(body: Body) -> tuple[Any, ...]:
    """The template's own transforms, in order, without those of its sections (Fn::Transform)."""
    given = body.get("Transform", ())
    return tuple(given) if isinstance(given, list | tuple) else (given,)


def _start(body: Body, sections: frozenset[str], problems: Problems) -> Template:
    """What every template has, and what transforms leave as it is."""
    unknown = [key for key in body if key not in sections]
    if unknown:
        names = ", ".join(map(shown, unknown))
        problems.add((unknown[0],), f"Invalid template property or properties [{names}]")
    if body.get("AWSTemplateFormatVersion", FORMAT) != FORMAT:
        where = ("AWSTemplateFormatVersion",)
        problems.format(where, "unsupported value for AWSTemplateFormatVersion.")
    if "Hooks" in body:
        problems.add(("Hooks",), "not implemented: Hooks")
    transforms = transforms_of(body)
    if not all(_is_transform(one) for one in transforms):
        problems.format(("Transform",), "Every Transform member must be a string or have a Name.")
    return Template(
        read_parameters(body, problems),
        read_mappings(body, problems),
        {},
        {},
        {},
        {},
        transforms,
        description_of(body, (), problems),
        mapping_of(body, "Metadata", ("Metadata",), problems),
    )


def _refuse_generated(body: Body, problems: Problems) -> None:
    """What some transform should have replaced."""
    for section in _READ:
        members = body.get(section)
        for name in members if isinstance(members, dict) else ():
            if is_generated(name):
                problems.error((section, name), f"Encountered unsupported function: {shown(name)}")


def _is_transform(transform: Any) -> bool:
    if isinstance(transform, dict):
        return isinstance(transform.get("Name"), str)
    return isinstance(transform, str)
