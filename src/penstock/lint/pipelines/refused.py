"""L01 to L07, L11, L14 to L16, L22: what CreatePipeline refuses, told by the reader of pipelines.

The words of its problems say which rule each is of: the first of `RULES` whose words match.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.documents.pipelines.problems import Problem
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Rule

PipelineRule = Rule[PipelineSubject]


class Reported(NamedTuple):
    """`words` are searched for in the message, `place` in the path written with slashes."""

    rule: PipelineRule
    words: re.Pattern[str]
    place: re.Pattern[str]


def _refused(
    id: str, summary: str, words: str, *changes: tuple[str, str], place: str = "", good: str = ""
) -> Reported:
    bad = but(good or DECLARATION, *changes)
    rule: PipelineRule = Rule(id, Severity.ERROR, summary, bad, good or DECLARATION)
    return Reported(rule, re.compile(words), re.compile(place))


_TRIGGERED = but(
    DECLARATION,
    (
        "provider: CodeCommit",
        "provider: CodeStarSourceConnection",
    ),
    (
        "{RepositoryName: web, BranchName: main}",
        "{ConnectionArn: 'arn:aws:codestar-connections:eu-west-1:111122223333:connection/0a1b',"
        " FullRepositoryId: team/web, BranchName: main}",
    ),
)
_TRIGGERED += """\
  pipelineType: V2
  triggers:
    - providerType: CodeStarSourceConnection
      gitConfiguration:
        sourceActionName: Tree
        push:
          - branches: {includes: [main]}
            filePaths: {includes: ['site/**']}
"""
_CONDITIONAL = but(
    DECLARATION,
    (
        "    - name: Deploy\n",
        "    - name: Deploy\n"
        "      beforeEntry:\n"
        "        conditions:\n"
        "          - result: SKIP\n"
        "            rules:\n"
        "              - name: IsRelease\n"
        "                ruleTypeId: {category: Rule, owner: AWS, provider: VariableCheck,"
        " version: '1'}\n"
        "                configuration: {Variable: '#{Site.RELEASE}', Value: on, Operator: EQ}\n",
    ),
)

REPORTED = (
    _refused(
        "pipeline-name",
        "A name with characters, or of a length, that names of its kind do not have.",
        "regular expression|length",
        ("[{name: site}]", "[{name: the site}]"),
        ("[{name: site}]", "[{name: the site}]"),
        ("site::", "the site::"),
        place=r"(?:^|/)(?:name|namespace|sourceActionName)$",
    ),
    _refused(
        "v2-feature",
        "What only V2 pipelines have, in one that says it is V1.",
        "can only be used with V2 pipelines",
        ("pipelineType: V2", "pipelineType: V1"),
        good=_TRIGGERED,
    ),
    _refused(
        "trigger",
        "A trigger that CodePipeline does not have: on no connection, of tags and branches, of file"
        " paths alone.",
        "",
        ("          - branches: {includes: [main]}\n            file", "          - file"),
        place="^triggers",
        good=_TRIGGERED,
    ),
    _refused(
        "pipeline-input",
        "An input artifact that no action before puts out.",
        "Input Artifact Bundle",
        (
            "[{name: tree}]\n          outputArtifacts",
            "[{name: source}]\n          outputArtifacts",
        ),
    ),
    _refused(
        "pipeline-output-twice",
        "One output artifact's name from two actions.",
        "Output Artifact Bundle",
        ("outputArtifacts: [{name: site}]", "outputArtifacts: [{name: tree}]"),
        ("inputArtifacts: [{name: site}]", "inputArtifacts: [{name: tree}]"),
        ("site::", "tree::"),
    ),
    _refused(
        "artifact-count",
        "More or fewer artifacts than actions of the type take or give.",
        r"declares \d+ (?:in|out)put artifacts",
        ("          inputArtifacts: [{name: tree}]\n", ""),
    ),
    _refused(
        "source-stage",
        "Another action than a source in the first stage, or a source in a later one.",
        "Pipeline should start|may contain source actions",
        (
            "    - name: Build\n      actions:\n",
            "",
        ),
    ),
    _refused(
        "stage-count",
        "Fewer than two stages, a stage without actions, or more of either than there may be.",
        r"stage\(s\)|maximum of|at least one action|actions, which is more",
        (DECLARATION[DECLARATION.index("    - name: Build") :], ""),
    ),
    _refused(
        "duplicate-name",
        "Two stages, actions of a stage, or namespaces of one name; a namespace named as an"
        " artifact.",
        "must be unique|is reserved|already in use",
        ("- name: Deploy", "- name: Build"),
    ),
    _refused(
        "unknown-configuration",
        "A configuration key that the type of action or rule does not have.",
        "unknown configuration",
        ("BranchName: main}", "BranchName: main, Poll: false}"),
    ),
    _refused(
        "missing-configuration",
        "A configuration key that the type of action or rule needs is not there.",
        "missing required configuration",
        (", BranchName: main", ""),
    ),
    _refused(
        "configuration-not-text",
        "A list or mapping where a configuration key takes a text.",
        "Member must be a string",
        ("""'[{"name": "A", "value": "b"}]'""", "[{name: A, value: b}]"),
        place="/configuration/[^/]*$",
        good=but(
            DECLARATION,
            (
                "{ProjectName: site}",
                """{ProjectName: site, EnvironmentVariables: '[{"name": "A", "value": "b"}]'}""",
            ),
        ),
    ),
    _refused(
        "variable-reference",
        "`#{namespace.key}` of a namespace that is not there, or filled later, or of a variable"
        " that is not declared.",
        "pipeline execution variable|haven't been declared|Variables at the pipeline level",
        ("#{Source.", "#{Sources."),
        good=but(DECLARATION, ("StackName: site", "StackName: 'site-#{Source.CommitId}'")),
    ),
    _refused(
        "unknown-action-type",
        "A type of action or rule that AWS does not have.",
        "^(?:Action|Rule)Type ",
        ("category: Build,", "category: Deploy,"),
    ),
    _refused(
        "artifact-store",
        "Neither or both of artifactStore and artifactStores, or a store too few.",
        "artifactStore",
        ("  artifactStore: {type: S3, location: web-artifacts}\n", ""),
    ),
    _refused(
        "missing-member",
        "Something that every pipeline, stage or action has is not there.",
        "must not be null",
        ("  roleArn: arn:aws:iam::111122223333:role/pipeline\n", ""),
    ),
    _refused(
        "pipeline-value",
        "A value of another type, form or length than its place takes.",
        "failed to satisfy constraint",
        ("BranchName: main", "BranchName: ''"),
    ),
    _refused(
        "stage-condition",
        "A condition, rule or retry that a stage cannot have.",
        "",
        ("provider: VariableCheck", "provider: DeploymentWindow"),
        ("{Variable: '#{Site.RELEASE}', Value: on, Operator: EQ}", "{Cron: '* * 9-17 ? * * *'}"),
        place="/(?:beforeEntry|onSuccess|onFailure)",
        good=_CONDITIONAL,
    ),
    _refused(
        "action-member",
        "A member that actions of the type do not have, or that they must have.",
        "",
        ("          namespace: Site\n", "          namespace: Site\n          commands: [make]\n"),
    ),
)

RULES: tuple[PipelineRule, ...] = tuple(one.rule for one in REPORTED)


_NEWER = (("configuration", "BuildspecOverride"),)


def diagnostics(subject: PipelineSubject) -> list[Diagnostic]:
    found = []
    for problem in subject.problems:
        if _is_of_others(subject, problem):
            continue
        path = "/".join(map(str, problem.path))
        rule = next(
            one.rule
            for one in REPORTED
            if one.words.search(problem.message) and one.place.search(path)
        )
        at = subject.place(*problem.path)
        if rule.id == "unknown-configuration":
            at = subject.place_of_key(problem.path)
        message = subject.symbols.shown(problem.message).replace("\n", " ")
        hint = _hint(subject, problem, rule.id)
        found.append(Diagnostic(subject.file, at, rule.id, rule.severity, message, hint))
    return found


def _is_of_others(subject: PipelineSubject, problem: Problem) -> bool:
    """Whether it is about a type of action that only the account or a partner knows, or about a
    key that the table of types is too old for."""
    if problem.path[-2:] in _NEWER:
        return True
    if not problem.message.startswith("ActionType "):
        return False
    actions = (one.action for one in subject.actions if problem.path[:-1] == one.path)
    return any(action.type.owner != "AWS" for action in actions)


def _hint(subject: PipelineSubject, problem: Problem, id: str) -> str:
    if id != "unknown-configuration":
        return ""
    from difflib import get_close_matches

    place = next((one for one in subject.actions if one.path == problem.path[:4]), None)
    spec = place.spec if place else None
    known = [one.name for one in spec.properties] if spec else []
    near = get_close_matches(str(problem.path[-1]), known, n=1)
    return f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(known)}" if known else ""
