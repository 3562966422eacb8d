"""Which test shows which behaviour of CodeBuild: prints docs/conformance.md.

    python tests/conformance.py > docs/conformance.md

A test shows a row when it names the row's id (`CB-081`) in its own name, docstring, decorators,
body, in a comment right above it, or in a table of the same file that it uses. A row that means
nothing on one machine has a reason in `REASONS` instead. Whatever is inconsistent is told on
standard error and makes the exit status 1; the page is printed all the same.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent
ID = re.compile(r"(?:CB|TG)-\d{3}")
SHOWN_TESTS = 4
Function = ast.FunctionDef | ast.AsyncFunctionDef

SECTIONS: dict[str, dict[str, str]] = {
    "Buildspec file, environment, user": {
        "CB-001": "The buildspec is `buildspec.yml` of the source, or the one that is named",
        "CB-002": "A buildspec given for one build replaces the usual one for that build only",
        "CB-003": "A bad buildspec fails DOWNLOAD_SOURCE with `YAML_FILE_ERROR`; nothing runs",
        "CB-004": "`version` is required: 0.1 or 0.2, as a number or a text",
        "CB-005": "0.1 gives each command a shell of its own; 0.2 has one shell, and other names",
        "CB-006": "Only install, pre_build, build and post_build are phases; `commands` is a list",
        "CB-010": "`env.variables` are literal and replace what the machine has",
        "CB-011": "Overrides of a build beat the buildspec's variables; both beat the machine's",
        "CB-012": "`parameter-store` values arrive decrypted; a missing one fails DOWNLOAD_SOURCE",
        "CB-013": "`secrets-manager` takes id, JSON key, stage and version; ARNs keep their colons",
        "CB-014": "Project variables can be plain, a parameter or a secret",
        "CB-015": "`exported-variables` have the values of the end of POST_BUILD; no AWS_* names",
        "CB-016": "Logs hide AWS access key ids and the values of parameters and secrets",
        "CB-017": "`env.shell` is bash or sh; sh without it",
        "CB-018": "`run-as` of the file or of a phase, which wins; root without it",
        "CB-019": "`git-credential-helper` and `proxy` are off unless asked for",
    },
    "Commands": {
        "CB-025": "Commands run in order; the first that fails ends its list and its phase",
        "CB-026": "0.2 carries folder and variables from command to command, phase to phase",
        "CB-027": "Artifacts, reports and cache keep counting from the source folder after a `cd`",
        "CB-028": "A text of several lines is one command with the status of its last statement",
        "CB-029": "A missing program is exit status 127, told with the script's line",
        "CB-030": "`finally` runs whatever happened, and its failure fails the phase too",
        "CB-031": "A program put into the background outlives its command",
    },
    "Phases": {
        "CB-035": "Phases have one order, from SUBMITTED to COMPLETED, and contexts",
        "CB-036": "Phases the buildspec leaves out are entered and succeed",
        "CB-037": "After a failed INSTALL or PRE_BUILD neither BUILD nor anything of it runs",
        "CB-038": "After a failed BUILD, POST_BUILD runs and artifacts are uploaded",
        "CB-039": "After a failed POST_BUILD, artifacts are uploaded all the same",
        "CB-040": "CODEBUILD_BUILD_SUCCEEDING turns from 1 to 0 with the first failure",
        "CB-041": "Phases and builds have status, times and contexts as in the API",
        "CB-042": "A failed command's context is `COMMAND_EXECUTION_ERROR` with its exit status",
        "CB-043": "`on-failure` ABORT ends the build, CONTINUE goes on to the next phase",
        "CB-044": "`on-failure` RETRY repeats, a number of times, on matching messages",
    },
    "Runtimes and images": {
        "CB-050": "`runtime-versions` are exact, `N.x`, `latest` or a variable",
        "CB-051": "An unknown runtime is a `YAML_FILE_ERROR` that lists the known ones",
        "CB-052": "The image's `runtimes.yml` says how a version is selected, in the build's shell",
        "CB-053": "An image without runtime support gives a warning, and the build goes on",
        "CB-054": "The standard images have known runtimes and versions",
        "CB-055": "Names of AWS's images lead to what can be pulled or must be built",
        "CB-056": "The image's entrypoint starts the Docker engine before the build",
        "CB-057": "Docker in a container needs the privileged mode",
        "CB-058": "Credentials for pulling come from CodeBuild, the service role or a registry",
        "CB-059": "On Lambda compute much is not there",
    },
    "Reports": {
        "CB-065": "A report group is named after its project, or is an ARN; five at most",
        "CB-066": "`files` with `base-directory` and `discard-paths` choose report files",
        "CB-067": "Six formats of tests, four of coverage, in any case; JUNITXML without one",
        "CB-068": "A report succeeds when all its tests do, and is incomplete where it broke",
        "CB-069": "500 cases at most, failed ones first; long texts are cut",
        "CB-070": "Counts of each status, durations in ns, coverage of lines and branches",
        "CB-072": "Reports of known formats are found without being named, unless switched off",
    },
    "Artifacts": {
        "CB-080": "Patterns choose files below the source or `base-directory`",
        "CB-081": "A pattern without match is told; none matching at all fails the upload",
        "CB-082": "`base-directory` may be a wildcard or hold variables; it is stripped",
        "CB-083": "`discard-paths` puts all files into one level",
        "CB-084": "`exclude-paths`: `*` stays in a folder, `**` crosses",
        "CB-085": "`name` is evaluated by the shell, `$(date +%F)` and all",
        "CB-086": "`enable-symlinks` keeps links; `s3-prefix` goes before the build's id",
        "CB-087": "`secondary-artifacts` have identifiers and the same keys",
    },
    "Cache": {
        "CB-090": "`cache.paths` bring files of an earlier build back",
        "CB-091": "A cache without `key` is refreshed by each build",
        "CB-092": "A `key` is stored once; `fallback-keys` match by prefix, in order; `action`",
        "CB-093": "Other paths make another cache; equal ones can be shared",
        "CB-094": "`codebuild-hash-files` prints a SHA-256 over files",
        "CB-095": "Local caches hold folders only, and layers of a privileged engine",
        "CB-096": "InvalidateProjectCache makes the next build start cold",
    },
    "Batches": {
        "CB-100": "A batch is a graph, list, matrix or fanout; `fast-fail` stops the others",
        "CB-101": "Tasks have an identifier, a buildspec, an environment, and what they wait for",
        "CB-102": "A matrix has a build for each combination",
        "CB-103": "A fanout gives each build its share of the test files",
        "CB-104": "A batch has phases and build groups of its own",
        "CB-105": "A batch fails with a task that is not ignored; limits of the project hold",
        "CB-106": "Artifacts of a batch are combined, or named after their tasks",
        "CB-107": "A batch cannot be started from a trigger; a matrix cannot be debugged",
    },
    "Built-in variables": {
        "CB-110": "AWS_REGION, AWS_DEFAULT_REGION, HOME and the credentials' address",
        "CB-111": "CODEBUILD_BUILD_ID and its kin have their formats",
        "CB-112": "CODEBUILD_SRC_DIR is the folder of the source",
        "CB-113": "CODEBUILD_SOURCE_VERSION and _SOURCE_REPO_URL say what was asked for",
        "CB-114": "CODEBUILD_RESOLVED_SOURCE_VERSION is the commit; unset without one",
        "CB-115": "CODEBUILD_WEBHOOK_* are there in builds of webhooks only",
        "CB-116": "CODEBUILD_BATCH_BUILD_IDENTIFIER is there in builds of a batch only",
    },
    "Logs of builds": {
        "CB-120": "Logs go to `/aws/codebuild/<project>`, a stream each, unless switched off",
        "CB-121": "Until its log stream exists a build's log ARN has `null` in it",
        "CB-122": "Lines of the agent have `[Container]`, date and time in front",
        "CB-123": "DOWNLOAD_SOURCE tells its steps in a known order",
        "CB-124": "Each phase tells of its start, commands, failures and end",
        "CB-125": "GetLogEvents ends with the token it was given, and never without one",
    },
    "Builds": {
        "CB-130": "JSON 1.1 and CBOR, times as seconds",
        "CB-131": "Ids and ARNs have their formats; numbers count from 1 and are not given twice",
        "CB-132": "StartBuild answers with a build that is queued",
        "CB-133": "A build that takes too long ends as TIMED_OUT",
        "CB-134": "A build that is queued too long ends without having begun",
        "CB-135": "Builds above the account's limit queue; above the project's they are refused",
        "CB-136": "A build that is stopped enters no further phase",
        "CB-137": "RetryBuild starts a build like an earlier one",
        "CB-138": "The same idempotency token within 5 minutes is the same build",
        "CB-139": "`autoRetryLimit` starts a failed build again, that many times",
        "CB-140": "BatchDeleteBuilds refuses builds that run",
    },
    "Sources, artifacts, compute": {
        "CB-150": "Each type of source has its form of location",
        "CB-151": "A version is a commit, branch, tag, or a reference with its commit",
        "CB-152": "`gitCloneDepth` of 1 to 25 makes a shallow clone",
        "CB-153": "Submodules are fetched when asked for",
        "CB-154": "12 secondary sources and artifacts, each with an identifier",
        "CB-155": "`reportBuildStatus` is for the providers that can be told",
        "CB-156": "A project for pipelines is not started by itself",
        "CB-160": "An S3 artifact's key is made of path, namespace and name",
        "CB-161": "`packaging` is a folder of files or one ZIP",
        "CB-162": "A build's artifact location is an ARN, or empty",
        "CB-163": "What CODEPIPELINE and `encryptionDisabled` do not go with",
        "CB-164": "Compute types have CPU and memory",
        "CB-165": "Environment types are known, and what each needs",
    },
    "Webhooks, badges, events, metrics": {
        "CB-170": "A group whose filters all match starts a build; each has an EVENT filter",
        "CB-171": "GitHub's events have names of CodeBuild's",
        "CB-172": "Each filter looks at its part of the payload",
        "CB-173": "A webhook starts builds or batches; `branchFilter` is the older form",
        "CB-174": "Labels of GitHub's runners name a project",
        "CB-175": "Badges show the last build of a branch or tag",
        "CB-180": "Builds tell EventBridge of their states",
        "CB-181": "Builds tell EventBridge of their phases",
        "CB-182": "Metrics count builds and time their phases",
        "CB-183": "`codebuild-breakpoint` pauses a debug session, and is ignored otherwise",
        "CB-184": "Names, descriptions and tags have bounds",
    },
    "CloudWatch Logs": {
        "TG-040": "PutLogEvents has limits, and drops what is too old or too new",
        "TG-041": "GetLogEvents always has both tokens; at the end the same comes back",
        "TG-042": "FilterLogEvents sorts by time; pages may be empty",
        "TG-043": "`aws logs tail --follow` neither loses nor repeats lines, nor spins",
        "TG-046": "Names of groups and streams, and what listings of streams do not combine",
        "TG-047": "Retention has its numbers of days",
        "TG-048": "Patterns of words",
        "TG-049": "Patterns of JSON",
        "TG-050": "Patterns of columns",
        "TG-051": "Patterns with regular expressions",
        "TG-052": "Metric filters make metrics of what arrives after them",
    },
    "Parameter Store and Secrets Manager": {
        "TG-075": "Names and values of parameters have bounds",
        "TG-076": "Writing again needs Overwrite and makes a version; 100 are kept",
        "TG-077": "A version or label can be asked for; a SecureString must be",
        "TG-078": "Unknown names are an error of one read, and no error of several",
        "TG-079": "A path is listed one level or whole, in pages of 10",
        "TG-080": "A label sits on one version and moves",
        "TG-081": "A secret is found by name, ARN, or ARN without its suffix",
        "TG-082": "A new value moves AWSCURRENT and AWSPREVIOUS; tokens are idempotent",
        "TG-083": "A version is asked for by stage, id, or both, which must agree",
        "TG-085": "Rotation calls a function in four steps",
        "TG-086": "A deleted secret can be restored for 7 to 30 days",
    },
    "What users trip over": {
        "CB-200": "`: ` and ` #` in a command that is not quoted",
        "CB-201": "`commands` that is no list",
        "CB-202": "`version` missing, or neither 0.1 nor 0.2",
        "CB-203": "Tabs, and phases beside `phases`",
        "CB-204": "Phases spelled prebuild or post-build",
        "CB-205": "bash's syntax under sh",
        "CB-206": "A post_build that deploys after a failed build",
        "CB-207": "Artifacts that match nothing and hide the first failure",
        "CB-208": "Artifact paths outside their base, absolute, or counted from a `cd`",
        "CB-209": "Runtimes that the image does not have, or outside install",
        "CB-210": "Variables named CODEBUILD_*",
        "CB-211": "`$VAR` in `env.variables`, which stays literal",
        "CB-212": "Unknown report formats, and more than five report groups",
        "CB-213": "`cd` and `export` in 0.1",
        "CB-214": "An artifact's name that the project does not use",
        "CB-215": "Secondary artifacts without `files` above them",
        "CB-216": "Secrets with both stage and version; exported secrets",
        "CB-217": "Docker without the privileged mode",
        "CB-218": "Keys of 0.1 in a file of 0.2",
        "CB-219": "`on-failure` and local caches where they do not work",
    },
}

REASONS = {
    "CB-059": "builds run on this machine or in a container; there is no Lambda compute",
    "CB-107": "there are no triggers, and no debugging of a project's batch",
    "CB-174": "there are no hosted runners of GitHub Actions; such filters are refused by name",
    "TG-085": "rotation needs functions, which are simulated; RotateSecret says it is not there",
}


class Test(NamedTuple):
    """A test function; `file` is relative to the folder of tests."""

    file: str
    name: str


def rows() -> dict[str, str]:
    """All ids with their behaviour."""
    return {row: text for section in SECTIONS.values() for row, text in section.items()}


def citations(folder: Path) -> Iterator[tuple[str, Test]]:
    """(id, test that names it), in the order of files and lines; a pair comes once."""
    for path in sorted(folder.rglob("test_*.py")):
        if path.name != "test_conformance.py":  # its ids are examples
            file = path.relative_to(folder).as_posix()
            for name, row in cited(path.read_text(encoding="utf-8")):
                yield row, Test(file, name)


def cited(text: str) -> list[tuple[str, str]]:
    """(test function, id) pairs of a test file; ids outside all tests come with the name ''."""
    tree, lines = ast.parse(text), text.splitlines()
    tables = _tables(tree, lines)
    pairs: dict[tuple[str, str], None] = {}
    for test in _tests(tree):
        used = (tables[name] for name in _names(test) if name in tables)
        for piece in (_text(test, lines), *used):
            pairs.update(((test.name, row), None) for row in ID.findall(piece))
    stray = set(ID.findall(text)) - {row for _, row in pairs}
    return [*pairs, *(("", row) for row in sorted(stray))]


def _tests(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test_"):
            yield node


def _tables(tree: ast.Module, lines: Sequence[str]) -> dict[str, str]:
    """The text of each module-level assignment by the name it gives."""
    tables = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                tables[target.id] = _text(node, lines)
    return tables


def _names(test: Function) -> Iterator[str]:
    """The names a test uses, its decorators included; a list, as order decides the page."""
    for node in ast.walk(test):
        if isinstance(node, ast.Name):
            yield node.id


def _text(node: ast.stmt, lines: Sequence[str]) -> str:
    """The source of a statement with its decorators and the comment lines right above."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


def problems(
    known: Mapping[str, str], reasons: Mapping[str, str], shown: Mapping[str, Sequence[Test]]
) -> list[str]:
    """What is inconsistent, a line each."""
    found = [
        f"{row} is named by {tests[0].file}, but is no row: mend it there, or add it to SECTIONS"
        for row, tests in shown.items()
        if row not in known
    ]
    found += [f"{row} has a reason but is no row" for row in reasons if row not in known]
    for row, text in known.items():
        tests = [test for test in shown.get(row, ()) if test.name]
        if tests and row in reasons:
            found.append(f"{row} has a reason, but {tests[0].file} shows it: remove the reason")
        if not tests and row not in reasons:
            found.append(f"{row} has no test and no reason: {text}")
    return found


def page(shown: Mapping[str, Sequence[Test]]) -> str:
    """docs/conformance.md."""
    lines = [
        "# Conformance",
        "",
        "<!-- Made by `make docs` from the tests; do not edit. -->",
        "",
        "What AWS does, and the tests that show Penstock doing it: those that run builds",
        "first, then those that read documents. The ids are Penstock's own. `make check` and",
        "`make test` fail when this page is stale, or a row has neither a test nor a reason.",
    ]
    for title, section in SECTIONS.items():
        lines += ["", f"## {title}", "", "| id | behaviour | shown by |", "| --- | --- | --- |"]
        lines += [
            f"| {row} | {text} | {_evidence(row, shown.get(row, ()))} |"
            for row, text in section.items()
        ]
    return "\n".join(lines) + "\n"


def _evidence(row: str, tests: Sequence[Test]) -> str:
    named = [test for test in tests if test.name]
    links = [f"[{test.name}](../tests/{test.file})" for test in named[:SHOWN_TESTS]]
    if len(named) > SHOWN_TESTS:
        links.append(f"{len(named) - SHOWN_TESTS} more")
    if row in REASONS:
        links.append(f"*not here:* {REASONS[row]}")
    return "<br>".join(links)


def main() -> int:
    shown: dict[str, list[Test]] = {}
    for row, test in citations(TESTS):
        shown.setdefault(row, []).append(test)
    print(page(shown), end="")
    found = problems(rows(), REASONS, shown)
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
