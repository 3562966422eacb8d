"""L25: secrets of a configuration (OAuthToken) written down, or as get-pipeline masks them."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

_GOOD = but(
    DECLARATION,
    ("owner: AWS, provider: CodeCommit", "owner: ThirdParty, provider: GitHub"),
    (
        "{RepositoryName: web, BranchName: main}",
        "{Owner: team, Repo: web, Branch: main,"
        " OAuthToken: '{{resolve:secretsmanager:github:SecretString:token}}'}",
    ),
)


@rule(
    id="literal-token",
    severity=Severity.WARNING,
    summary="A token written into the pipeline, or the `****` that stands for one.",
    bad=but(
        _GOOD, ("{{resolve:secretsmanager:github:SecretString:token}}", "ghp_0123456789abcdef")
    ),
    good=_GOOD,
)
def literal_token(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.actions:
        for one in place.spec.properties if place.spec else ():
            value = place.action.configuration.get(one.name, "")
            if not one.secret or not value or is_open(value) or value.startswith("{{resolve:"):
                continue
            at = subject.place(*place.path, "configuration", one.name)
            if set(value) == {"*"}:
                message = f"{one.name} is what a secret is masked with, and not the secret"
                yield Finding(at, message, "only an update of this very action keeps its secret")
            else:
                message = f"{one.name} is written down for everybody to read"
                hint = "use {{resolve:secretsmanager:…}}, or a connection instead of a token"
                yield Finding(at, message, hint)
