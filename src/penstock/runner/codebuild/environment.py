"""The variables of a build: which there are, and which beats which (CB-010, 011, 110…116)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from penstock.documents.buildspec import Env

if TYPE_CHECKING:
    from penstock.runner.codebuild.order import Order
    from penstock.runner.codebuild.source import Source

# What a build on this machine takes over from whoever starts it: what programs need to be found, to
# reach a registry and to print. All else stays out, as it would not be there on CodeBuild either:
# a variable that makes a build green here and red there is worse than one that is missing.
INHERITED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
        *("TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO", "GOPROXY", "GOSUMDB", "GOFLAGS", "GOROOT"),
        *("GOPATH", "JAVA_HOME", "M2_HOME", "MAVEN_HOME", "GRADLE_HOME"),
        *("DOCKER_HOST", "DOCKER_CONFIG"),
        *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"),
    )
)
INHERITED_PREFIXES = (
    *("LC_", "PIP_", "UV_", "npm_config_", "NPM_CONFIG_", "NIX_", "DYLD_", "PYENV_", "NVM_"),
    *("FNM_", "VOLTA_", "ASDF_", "MISE_", "RBENV_", "SDKMAN_", "GOENV_", "DOTNET_", "CARGO_"),
    *("RUSTUP_",),
)
INHERITED_SUFFIXES = ("_proxy", "_PROXY")
RESERVED = "CODEBUILD_"
CONFIGURABLE = "CODEBUILD_CONFIG_AUTO_DISCOVER"


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of the caller's environment that a build on this machine starts from."""
    return {name: value for name, value in environ.items() if _is_inherited(name)}


def _is_inherited(name: str) -> bool:
    return (
        name in INHERITED
        or name.startswith(INHERITED_PREFIXES)
        or name.endswith(INHERITED_SUFFIXES)
    )


def environment(
    order: Order, source: Source, source_folder: str, secrets: Mapping[str, str]
) -> dict[str, str]:
    """Every variable a build starts with.

    From weakest to strongest: the machine or image, AWS_*, env.variables, the resolved secrets, the
    overrides of who starts the build, and CODEBUILD_*, which nobody sets but the auto-discovery
    switches (CB-210). `source_folder` is the path as the build sees it.
    """
    variables = dict(order.machine)
    variables |= {"AWS_REGION": order.region, "AWS_DEFAULT_REGION": order.region}
    variables |= literals(order.spec.env)
    variables |= secrets
    variables |= order.overrides
    kept = {name: value for name, value in variables.items() if not _is_reserved(name)}
    return kept | _agent_variables(order, source, source_folder)


def literals(env: Env) -> dict[str, str]:
    """`env.variables`, to the letter: `$PATH` in a value stays as it is (CB-010)."""
    return {entry.name: entry.value for entry in env.variables}


def _is_reserved(name: str) -> bool:
    return name.startswith(RESERVED) and not name.startswith(CONFIGURABLE)


def _agent_variables(order: Order, source: Source, source_folder: str) -> dict[str, str]:
    """CB-110…116; those with nothing to say are absent, as CB-114 has it for one."""
    variables = {
        "CODEBUILD_BUILD_ID": order.build_id,
        "CODEBUILD_BUILD_ARN": order.arn,
        "CODEBUILD_BUILD_NUMBER": str(order.number),
        "CODEBUILD_BUILD_IMAGE": order.image,
        "CODEBUILD_START_TIME": str(int(order.started * 1000)),
        "CODEBUILD_LOG_PATH": order.uuid,
        "CODEBUILD_KMS_KEY_ID": f"arn:aws:kms:{order.region}:{order.account}:alias/aws/s3",
        "CODEBUILD_INITIATOR": order.initiator,
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_SRC_DIR": source_folder,
        "CODEBUILD_SOURCE_REPO_URL": source.repo_url,
    }
    optional = {
        "CODEBUILD_SOURCE_VERSION": source.version,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": source.resolved_version,
        "CODEBUILD_BATCH_BUILD_IDENTIFIER": order.batch_identifier,
    }
    return variables | {name: value for name, value in optional.items() if value}
