"""Every rule against its own examples, and all rules against buildspecs that are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.documents.buildspec_rules import RULES as READER_RULES
from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.lint import lint_file
from penstock.lint.rules import REPORTED, RULES
from penstock.lint.rules.refused import BuildspecRule

CLEAN = Path(__file__).parent / "fixtures" / "clean"
ALL = (*RULES, *REPORTED)


def lint(folder: Path, text: str) -> tuple[Diagnostic, ...]:
    file = folder / "buildspec.yml"
    file.write_text(text)
    return lint_file(str(file), shellcheck=False)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_finds_its_bad_example_with_its_severity(
    tmp_path: Path, rule: BuildspecRule
) -> None:
    """CB-200, CB-201, CB-202, CB-203, CB-204, CB-205, CB-206, CB-207, CB-208, CB-209, CB-210,
    CB-211, CB-212, CB-213, CB-214, CB-215, CB-216, CB-217, CB-218, CB-219."""
    found = [one for one in lint(tmp_path, rule.bad) if one.rule == rule.id]
    assert {one.severity for one in found} == {rule.severity}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_has_nothing_against_its_good_example(tmp_path: Path, rule: BuildspecRule) -> None:
    found = lint(tmp_path, rule.good)
    assert rule.id not in {one.rule for one in found}
    assert {one.severity for one in found} <= {Severity.INFO}


def test_ids_are_unique_and_only_the_reader_finds_errors() -> None:
    assert len({rule.id for rule in ALL}) == len(ALL)
    assert {rule.id for rule in REPORTED} <= READER_RULES.keys()
    assert Severity.ERROR not in {rule.severity for rule in RULES}


@pytest.mark.parametrize("file", sorted(CLEAN.iterdir()), ids=lambda file: file.stem)
def test_correct_buildspecs_have_no_warning(file: Path) -> None:
    grave = [one for one in lint_file(str(file)) if one.severity is not Severity.INFO]
    assert grave == []


def build(*commands: str, before: str = "", after: str = "") -> str:
    items = "".join(f"      - {command}\n" for command in commands)
    return f"version: 0.2\n{before}phases:\n  build:\n    commands:\n{items}{after}"


def places(found: tuple[Diagnostic, ...], rule: str) -> list[tuple[int, int]]:
    return [one.at for one in found if one.rule == rule]


@pytest.mark.parametrize(
    ("command", "finds"),
    [
        ("echo 'Issue #1'", True),
        ("echo Build #$CODEBUILD_BUILD_NUMBER", True),
        ("npm ci # install first", False),
        ("npm ci #42", False),
        ("\"echo 'Issue #1'\"", False),
        ("echo a#b", False),
    ],
)
def test_a_comment_that_cuts_a_command(tmp_path: Path, command: str, finds: bool) -> None:
    """CB-200."""
    found = places(lint(tmp_path, build(command)), "comment-cuts-command")
    assert found == ([(5, 9 + command.index("#"))] if finds else [])


@pytest.mark.parametrize(
    "command",
    [
        "if [[ -n $A ]]; then make; fi",
        "source venv/bin/activate",
        "set -o pipefail",
        "set -euo pipefail",
        "make; names=(a b)",
        'echo "${NAMES[0]}"',
        'echo "${SHA:0:7}"',
        'echo "${NAME//-/_}"',
        'echo "${NAME^^}"',
        'echo "${!NAME}"',
        "make &> log",
        "cat <<< text",
        "diff <(a) b",
        '[ "$A" == b ]',
        "declare -A map",
        "for i in {1..5}; do make; done",
        "pushd app",
        "function f { make; }",
        "A=1; A+=2",
    ],
)
def test_bash_under_sh_is_found_and_under_bash_is_not(tmp_path: Path, command: str) -> None:
    """CB-205."""
    block = "|\n        " + command
    assert places(lint(tmp_path, build(block)), "bashism")
    assert not places(lint(tmp_path, build(block, before="env:\n  shell: bash\n")), "bashism")


def test_a_finding_in_a_block_stands_at_its_own_line_and_column(tmp_path: Path) -> None:
    text = build("|\n        make all\n        cd app && source ./settings")
    assert places(lint(tmp_path, text), "bashism") == [(7, 19)]


@pytest.mark.parametrize(
    ("command", "finds"),
    [
        ("docker push $IMAGE", True),
        ("aws s3 sync --delete site s3://$BUCKET", True),
        ("aws s3 cp s3://$BUCKET/a .", False),
        ("aws s3 ls s3://$BUCKET", False),
        ("aws --region eu-west-1 ecs update-service --service web", True),
        ("npx cdk deploy", True),
        ("kubectl get pods", False),
        ("git push --dry-run", False),
        ("if [ $CODEBUILD_BUILD_SUCCEEDING = 1 ]; then docker push $IMAGE; fi", False),
        ("echo docker push", False),
    ],
)
def test_what_post_build_publishes(tmp_path: Path, command: str, finds: bool) -> None:
    """CB-206."""
    text = build("make", after=f"  post_build:\n    commands:\n      - {command}\n")
    assert bool(places(lint(tmp_path, text), "unguarded-post-build")) == finds


@pytest.mark.parametrize(
    "build_phase", ["", "  build:\n    on-failure: ABORT\n    commands: [x]\n"]
)
def test_post_build_needs_no_guard_if_no_build_failed(tmp_path: Path, build_phase: str) -> None:
    """CB-206."""
    text = f"version: 0.2\nphases:\n{build_phase}  post_build:\n    commands: [docker push a]\n"
    assert not places(lint(tmp_path, text), "unguarded-post-build")


@pytest.mark.parametrize(
    ("artifacts", "finds"),
    [
        ("files: [/tmp/app.zip]", True),
        ("files: [../app.zip]", True),
        ("base-directory: out\n  files: [out/a]", True),
        ("base-directory: ./out/\n  files: [./out/a]", True),
        ("base-directory: $OUT\n  files: [out/a]", False),
        ("base-directory: out\n  files: [output/a]", False),
        ("files: ['**/*', a/b.., 'a*/x']", False),
    ],
)
def test_artifact_paths_that_lead_elsewhere(tmp_path: Path, artifacts: str, finds: bool) -> None:
    """CB-208."""
    text = build("make", after=f"artifacts:\n  {artifacts}\n")
    assert bool(places(lint(tmp_path, text), "artifact-path")) == finds


def test_a_repeated_base_directory_that_exists_is_fine(tmp_path: Path) -> None:
    """CB-208."""
    (tmp_path / "out" / "out").mkdir(parents=True)
    text = build("make", after="artifacts:\n  base-directory: out\n  files: [out/a]\n")
    assert not places(lint(tmp_path, text), "artifact-path")


@pytest.mark.parametrize(
    ("commands", "finds"),
    [
        (["cd web", "make"], True),
        (["cd web", "make", "cd ..", "make dist"], False),
        (["cd web && make && cp -r dist ../dist"], False),
        (["(cd web && make)", "make dist"], False),
        (["mkdir dist", "cd web", "make"], False),
        (["cd $SOMEWHERE", "make"], False),
    ],
)
def test_artifacts_relative_to_a_cd(tmp_path: Path, commands: list[str], finds: bool) -> None:
    """CB-208: the tree shows that the folder is the one below the `cd`."""
    (tmp_path / "web" / "dist").mkdir(parents=True)
    text = build(*commands, after="artifacts:\n  files: ['dist/**/*']\n")
    assert bool(places(lint(tmp_path, text), "artifact-after-cd")) == finds


@pytest.mark.parametrize(
    ("pattern", "finds"),
    [("Handlers/*", True), ("handlers/*", False), ("dist/*", False), ("elsewhere/*", False)],
)
def test_a_misspelt_artifact_folder(tmp_path: Path, pattern: str, finds: bool) -> None:
    """CB-207."""
    (tmp_path / "handlers").mkdir()
    text = build("make", after=f"artifacts:\n  files: ['{pattern}']\n")
    assert bool(places(lint(tmp_path, text), "artifact-folder")) == finds


@pytest.mark.parametrize(
    ("runtime", "rules"),
    [
        ("nodejs: 22", set()),
        ("nodejs: 20.x", set()),
        ("nodejs: latest", set()),
        ("nodejs: $NODE", set()),
        ("nodejs: 20.11.1", set()),
        ("dotnet: 8", set()),
        ("nodejs: 16", {"uninstalled-runtime"}),
        ("nodejs: 16.x", {"unknown-runtime"}),
        ("java: openjdk11", {"unknown-runtime"}),
        ("docker: 20", {"unknown-runtime"}),
        ("elixir: 1.17", {"unknown-runtime"}),
    ],
)
def test_runtimes_of_the_standard_images(tmp_path: Path, runtime: str, rules: set[str]) -> None:
    """CB-054, CB-209."""
    text = f"version: 0.2\nphases:\n  install:\n    runtime-versions:\n      {runtime}\n"
    assert {one.rule for one in lint(tmp_path, text)} == rules


@pytest.mark.parametrize(
    ("value", "finds"),
    [
        ("$HOME/bin", True),
        ("${STAGE}-app", True),
        ("$(date)", True),
        ("'5 $'", False),
        ("a$$b", False),
        ("US$5", False),
    ],
)
def test_references_in_variables_stay_literal(tmp_path: Path, value: str, finds: bool) -> None:
    """CB-211."""
    found = lint(tmp_path, build("make", before=f"env:\n  variables:\n    A: {value}\n"))
    assert bool(places(found, "literal-reference")) == finds


def test_a_template_variable_that_is_expanded_later_is_fine(tmp_path: Path) -> None:
    """CB-211."""
    text = build('eval "URL=$TEMPLATE"', before="env:\n  variables:\n    TEMPLATE: a-$STAGE\n")
    assert not places(lint(tmp_path, text), "literal-reference")


@pytest.mark.parametrize(
    ("variable", "finds"),
    [
        ("KEY_ID: AKIAIOSFODNN7EXAMPLE", True),
        ("GITHUB: ghp_" + "a1B2" * 9, True),
        ("DB_PASSWORD: aB3dE6gH9jK2mN5pQ", True),
        ("DB_PASSWORD: postgres", False),
        ("API_TOKEN: /prod/api/Token1234567", False),
        ("TOKEN_URL: aB3dE6gH9jK2mN5pQ", False),
    ],
)
def test_values_that_look_like_credentials(tmp_path: Path, variable: str, finds: bool) -> None:
    found = lint(tmp_path, build("make", before=f"env:\n  variables:\n    {variable}\n"))
    assert bool(places(found, "literal-secret")) == finds


@pytest.mark.parametrize(
    ("command", "finds"),
    [
        ("echo $TOKEN", True),
        ('printf "%s" "${TOKEN}" >&2', True),
        ("echo '$TOKEN'", False),
        ("echo $TOKEN > file", False),
        ("X=$(echo $TOKEN)", False),
        ("echo $TOKENS", False),
    ],
)
def test_secrets_that_are_printed(tmp_path: Path, command: str, finds: bool) -> None:
    """CB-016."""
    text = build(command, before="env:\n  parameter-store:\n    TOKEN: /token\n")
    assert bool(places(lint(tmp_path, text), "echoed-secret")) == finds


def test_exports_of_aws_names_and_parameters_are_found(tmp_path: Path) -> None:
    """CB-216."""
    env = "env:\n  parameter-store: {KEY: /k}\n  exported-variables: [KEY, AWS_REGION, OTHER]\n"
    found = places(lint(tmp_path, build("OTHER=1", before=env)), "exported-secret")
    assert [column for _, column in found] == [24, 29]


@pytest.mark.parametrize(
    ("command", "finds"),
    [
        ("TAG=1", False),
        ("export TAG", False),
        ("read -r TAG < file", False),
        (". ./settings", False),
        ("echo $TAG ${TAG}", True),
    ],
)
def test_exports_nothing_sets(tmp_path: Path, command: str, finds: bool) -> None:
    text = build(command, before="env:\n  exported-variables: [TAG]\n")
    assert bool(places(lint(tmp_path, text), "unset-export")) == finds


@pytest.mark.parametrize(
    ("block", "finds"),
    [
        ("make a\n        make b", True),
        ("set -e\n        make a\n        make b", False),
        ("make a &&\n        make b", False),
        ("make a || exit 1\n        make b", False),
        ("echo start\n        make b", False),
        ("if make a; then\n          make b\n        fi", False),
        ("make a\n        STATUS=$?", False),
    ],
)
def test_failures_a_block_ignores(tmp_path: Path, block: str, finds: bool) -> None:
    """CB-028."""
    text = build(f"|\n        {block}")
    assert bool(places(lint(tmp_path, text), "ignored-failure")) == finds


@pytest.mark.parametrize(
    ("command", "finds"),
    [
        ("./server &", True),
        ("nohup ./server &", False),
        ("./server & wait", False),
        ("./server & make test", False),
        ("make a && make b", False),
    ],
)
def test_commands_left_in_the_background(tmp_path: Path, command: str, finds: bool) -> None:
    """CB-031."""
    assert bool(places(lint(tmp_path, build(command)), "background-command")) == finds


def test_powershell_commands_are_not_read_as_shell(tmp_path: Path) -> None:
    text = build("$env:A = 1", "source x", "docker build .")
    assert lint(tmp_path, text) == ()


@pytest.mark.parametrize("path", ["/root/.npm/**/*", ".cache/**/*", "/root/.m2", "node_modules"])
def test_cached_folders_are_fine(tmp_path: Path, path: str) -> None:
    """CB-219."""
    text = build("make", after=f"cache:\n  paths: ['{path}']\n")
    assert lint(tmp_path, text) == ()
