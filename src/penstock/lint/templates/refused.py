"""What CloudFormation refuses, told by the readers of templates.

The words of a problem say which rule it is of: the first of `REPORTED` whose words match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.documents.templates import Path, Problem, Text
from penstock.documents.templates.reader import (
    EXTENSIONS,
    read_template,
    read_untransformed,
    transforms_of,
)
from penstock.documents.templates.sections import is_generated
from penstock.lint.rule import Rule
from penstock.lint.templates.subject import SERVERLESS, TemplateSubject

TemplateRule = Rule[TemplateSubject]

_HOSTED = frozenset(("AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16"))
"""Transforms that add resources and leave the others alone."""
_KNOWN = frozenset((SERVERLESS, EXTENSIONS, "AWS::CodeDeployBlueGreen", *_HOSTED))

_TOPIC = """\
Parameters:
  Mail: {Type: String}
Conditions:
  HasMail: !Not [!Equals [!Ref Mail, '']]
Mappings:
  Stages:
    test: {Name: test}
Resources:
  Topic:
    Type: AWS::SNS::Topic
  Subscription:
    Type: AWS::SNS::Subscription
    Condition: HasMail
    Properties:
      TopicArn: !Ref Topic
      Protocol: email
      Endpoint: !Sub '${Mail}'
"""


class Reported(NamedTuple):
    rule: TemplateRule
    words: re.Pattern[str]


def _refused(id: str, summary: str, words: str, old: str, new: str) -> Reported:
    bad = _TOPIC.replace(old, new)
    return Reported(TemplateRule(id, Severity.ERROR, summary, bad, _TOPIC), re.compile(words))


REPORTED = (
    _refused(
        "unresolved-reference",
        "A Ref, GetAtt, Sub or DependsOn of something that the template does not have.",
        r"Unresolved (?:resource )?dependencies|undefined resource|invalid resource attribute",
        "!Ref Topic",
        "!Ref Topics",
    ),
    _refused(
        "unresolved-condition",
        "A condition that the template does not have.",
        "ondition dependency|ondition",
        "Condition: HasMail",
        "Condition: HasAddress",
    ),
    _refused(
        "unresolved-mapping",
        "A Fn::FindInMap of a mapping that the template does not have.",
        "^Template error: Mapping named",
        "Protocol: email",
        "Protocol: !FindInMap [Stage, test, Name]",
    ),
    _refused(
        "circular-dependency",
        "Resources that need each other, so that none can be first.",
        "^Circular dependency",
        "    Type: AWS::SNS::Topic\n",
        "    Type: AWS::SNS::Topic\n    DependsOn: Other\n"
        "  Other:\n    Type: AWS::SNS::Topic\n    DependsOn: Topic\n",
    ),
    _refused(
        "bad-function",
        "An intrinsic function that is not there, or not of that shape.",
        r"unsupported function|only member of its object|Fn::|every .* object|one String",
        "!Sub '${Mail}'",
        "{'Fn::Substitute': '${Mail}'}",
    ),
    _refused(
        "template-format",
        "A section, or a member of one, that templates do not have or that is not as it has to be.",
        "",
        "    Type: AWS::SNS::Topic\n",
        "    Type: AWS::SNS::Topic\n    Property: {}\n",
    ),
)

TEXTS = {
    "template-size": "A template of more than 1 MB.",
    "template-structure": "A template that is no mapping.",
    "template-depth": "Nested too deep.",
    "template-key": "A list or mapping used as a key.",
    "template-tag": "A tag that is no short form of an intrinsic function.",
    "template-alias": "A YAML alias, which CloudFormation does not take.",
    "json-syntax": "The JSON cannot be parsed.",
}
"""What reading the text of a template reports, beside what any YAML can have."""

RULES: tuple[TemplateRule, ...] = tuple(one.rule for one in REPORTED)


def diagnostics(file: str, text: Text) -> Iterator[Diagnostic]:
    said: set[tuple[Path, str]] = set()
    for problem in problems(text.body):
        rule = next(one.rule for one in REPORTED if one.words.search(problem.message))
        if (problem.path, rule.id) in said:
            continue  # null where a function wants a text: once is enough
        said.add((problem.path, rule.id))
        at = text.places.of(problem.path)
        if rule.id == "template-format":
            at = text.places.keys.get(problem.path, at)
        yield Diagnostic(file, at, rule.id, rule.severity, problem.message)


def problems(body: Mapping[str, Any]) -> list[Problem]:
    """Those that no transform can make good."""
    if not is_final(body):
        return read_untransformed(body)[1]
    transforms = frozenset(map(str, transforms_of(body)))
    found = read_template(body)[1]
    found = [one for one in found if one.path[-1:] != ("Version",)]  # of custom resources
    if SERVERLESS in transforms:
        return [one for one in found if not _is_for_serverless(one, body)]
    return found


def is_final(body: Mapping[str, Any]) -> bool:
    """Whether the resources that stand there are what will be made, macros aside that add some."""
    return frozenset(map(str, transforms_of(body))) <= _KNOWN and not _is_generated(body)


def _is_generated(value: Any) -> bool:
    """Whether something anywhere stands for what is not there yet."""
    if isinstance(value, dict):
        return any(is_generated(str(key)) or _is_generated(one) for key, one in value.items())
    return isinstance(value, list) and any(map(_is_generated, value))


_SERVERLESS_MEMBERS = ("Connectors", "IgnoreGlobals")
_UNRESOLVED = re.compile(r"dependencies \[([^]]+)|(?:undefined resource|resource attribute) (\S+)")


def _is_for_serverless(problem: Problem, body: Mapping[str, Any]) -> bool:
    """Whether SAM's transform makes it good: it adds resources with names of its own."""
    path: Path = problem.path
    if path[:1] == ("Globals",) or path[-1:] in [(one,) for one in _SERVERLESS_MEMBERS]:
        return True
    if problem.message.startswith("Circular"):
        return True  # it takes apart what events tie together
    unresolved = _UNRESOLVED.search(problem.message)
    if unresolved is None:
        return False
    resources = body.get("Resources")
    own = [
        name
        for name, one in (resources.items() if isinstance(resources, dict) else ())
        if isinstance(one, dict) and str(one.get("Type")).startswith("AWS::Serverless::")
    ]
    names = (unresolved[1] or unresolved[2]).split(", ")
    return any(name.startswith(("Serverless", *own)) for name in names)
