from __future__ import annotations

import pytest

from penstock.documents.buildspec import Buildspec, Command, Entry, FailureAction, Proxy
from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.diagnostics import Diagnostic, Position

GOOD = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"


def good(text: str) -> Buildspec:
    spec, problems = read_buildspec(text.encode(), "buildspec.yml")
    assert spec is not None, [str(problem) for problem in problems]
    assert problems == ()
    return spec


def problems_of(text: str) -> list[Diagnostic]:
    return list(read_buildspec(text.encode(), "buildspec.yml")[1])


def rules_of(text: str) -> list[str]:
    return [problem.rule for problem in problems_of(text)]


@pytest.mark.parametrize("written", ["0.1", "0.2", '"0.1"', "'0.2'"])
def test_the_version_may_be_a_number_or_a_text(written: str) -> None:
    """CB-004"""
    assert good(GOOD.replace("0.2", written)).version == written.strip("'\"")


@pytest.mark.parametrize("written", ["0.3", "1", "2", "'0.20'", "[0.2]"])
def test_another_version_is_an_error(written: str) -> None:
    """CB-004, CB-202"""
    assert rules_of(GOOD.replace("0.2", written)) == ["bad-version"]


def test_version_01_calls_env_environment_variables() -> None:
    """CB-005"""
    spec = good(
        GOOD.replace("0.2", "0.1")
        + "environment_variables:\n  plaintext:\n    A: b\n"
        + "artifacts:\n  type: zip\n  files:\n    - '*'\n"
    )
    assert spec.env.variables == (Entry("A", "b", Position(8, 5)),)


def test_version_02_warns_of_the_keys_of_version_01() -> None:
    """CB-005, CB-218"""
    text = GOOD + "environment_variables:\n  plaintext:\n    A: b\n"
    text += "env:\n  plaintext:\n    A: b\nartifacts:\n  type: zip\n  files: ['*']\n"
    assert [(p.rule, p.at.line) for p in problems_of(text)] == [
        ("old-key", 6),
        ("old-key", 10),
        ("old-key", 13),
    ]


def test_version_01_warns_of_env() -> None:
    """CB-005"""
    assert rules_of(GOOD.replace("0.2", "0.1") + "env:\n  variables:\n    A: b\n") == ["old-key"]


@pytest.mark.parametrize(
    ("written", "flag"),
    [
        ("yes", True),
        ("YES", True),
        ("True", True),
        ("'true'", True),
        ("no", False),
        ("False", False),
    ],
)
def test_flags_are_yes_no_true_or_false_in_any_case(written: str, flag: bool) -> None:
    """CB-006"""
    spec = good(GOOD + f"proxy:\n  logs: {written}\n")
    assert spec.proxy == Proxy(upload_artifacts=False, logs=flag)


def test_run_as_and_proxy_are_read_and_default_to_nothing() -> None:
    """CB-018, CB-019"""
    assert good(GOOD)[2:] == Buildspec("0.2")[2:]
    assert good(GOOD + "run-as: builder\n").run_as == "builder"


def test_phases_come_in_the_order_they_run() -> None:
    """CB-006"""
    names = ["post_build", "build", "install", "pre_build"]
    text = "version: 0.2\nphases:\n" + "".join(f"  {n}:\n    commands: [a]\n" for n in names)
    assert [phase.name for phase in good(text).phases] == [
        *("install", "pre_build", "build", "post_build")
    ]


def test_a_whole_phase_is_read() -> None:
    """CB-018, CB-030, CB-044, CB-050"""
    (phase,) = good(
        "version: 0.2\nphases:\n  install:\n    run-as: builder\n    on-failure: RETRY-2\n"
        "    runtime-versions:\n      nodejs: 18\n      java: corretto17\n"
        "    commands:\n      - a\n    finally:\n      - b\n"
    ).phases
    assert phase.run_as == "builder"
    assert phase.on_failure is not None
    assert phase.on_failure[:2] == (FailureAction.RETRY, 2)
    assert [entry[:2] for entry in phase.runtime_versions] == [
        ("nodejs", "18"),
        ("java", "corretto17"),
    ]
    assert [command.text for command in phase.commands + phase.finally_] == ["a", "b"]


def test_a_command_stands_where_its_text_starts() -> None:
    """CB-028: a multi-line scalar is one command."""
    text = GOOD + "      - |\n        a\n        b\n      - 'c'\n"
    assert good(text).phases[0].commands == (
        Command("make", Position(5, 9)),
        Command("a\nb\n", Position(7, 9)),
        Command("c", Position(9, 10)),
    )


@pytest.mark.parametrize("written", ["true", "42", "1.0", "yes", "2001-01-01"])
def test_a_command_that_looks_like_another_type_keeps_its_text(written: str) -> None:
    assert good(GOOD.replace("make", written)).phases[0].commands[0].text == written


def test_install_needs_no_commands_and_an_absent_phase_is_empty() -> None:
    """CB-006, CB-036"""
    spec = good(GOOD + "  install:\n    runtime-versions:\n      python: 3.12\n")
    assert [spec.phase(name).commands for name in ("install", "pre_build")] == [(), ()]


@pytest.mark.parametrize("name", ["pre_build", "build", "post_build"])
@pytest.mark.parametrize("body", ["", "\n    commands:", "\n    run-as: root"])
def test_the_other_phases_need_commands(name: str, body: str) -> None:
    """CB-006"""
    assert rules_of(f"version: 0.2\nphases:\n  {name}:{body}\n") == ["missing-commands"]


def test_a_colon_in_a_command_is_reported_in_codebuilds_words() -> None:
    """CB-003, CB-200: the file and the message of a public report."""
    text = 'version: 0.2\n\nphases:\n  build:\n    commands:\n     - echo "Hello: world"\n'
    (problem,) = problems_of(text)
    assert problem.at == Position(6, 8)
    assert problem.message == (
        "Expected Commands[0] to be of string type: found subkeys instead at line 6, "
        "value of the key tag on line 5 might be empty"
    )
    assert "quote the whole command" in problem.hint


@pytest.mark.parametrize("command", ["[ -f x ]", "{a, b}", "- a", "a: b", "a:"])
def test_a_command_that_yaml_takes_apart_is_an_error(command: str) -> None:
    """CB-200"""
    assert rules_of(GOOD.replace("make", command)) == ["command-not-string"]


@pytest.mark.parametrize("commands", ["make", "\n      make: x"])
def test_commands_must_be_a_list(commands: str) -> None:
    """CB-201"""
    text = f"version: 0.2\nphases:\n  build:\n    commands: {commands}\n"
    assert rules_of(text) == ["commands-not-list"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prebuild", "did you mean `pre_build`?"),
        ("postbuild", "did you mean `post_build`?"),
        ("post-build", "did you mean `post_build`?"),
        ("Build", "did you mean `build`?"),
        ("artifacts", "`artifacts` belongs beside `phases`: indent it less"),
        ("deploy_everything", ""),
    ],
)
def test_an_unknown_phase_is_an_error_with_the_nearest_name(name: str, hint: str) -> None:
    """CB-003, CB-204"""
    (problem,) = problems_of(GOOD.replace("build", name))
    assert problem.message == (
        f"Invalid buildspec phase name: {name}. Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD"
    )
    assert problem.hint == hint


def test_a_phase_beside_phases_says_where_it_belongs() -> None:
    """CB-203"""
    problems = problems_of("version: 0.2\nprebuild:\n  commands: [a]\n")
    assert [problem.rule for problem in problems] == ["missing-phases", "phase-outside-phases"]
    assert problems[1].hint == "indent it below `phases:`, as `pre_build:`"


def test_tab_indentation_is_an_error_that_asks_for_spaces() -> None:
    """CB-203"""
    (problem,) = problems_of("version: 0.2\nphases:\n\tbuild:\n")
    assert (problem.rule, problem.at) == ("yaml-syntax", Position(3, 1))
    assert "spaces" in problem.hint


def test_runtime_versions_outside_install_are_ignored_with_a_warning() -> None:
    """CB-209"""
    spec, problems = read_buildspec(
        (GOOD + "    runtime-versions:\n      nodejs: 18\n").encode(), "buildspec.yml"
    )
    assert spec is not None
    assert spec.phases[0].runtime_versions == ()
    assert [problem.rule for problem in problems] == ["misplaced-runtime-versions"]


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    (problem,) = problems_of(GOOD + "artefacts:\n  files: ['*']\n")
    assert problem.hint == "did you mean `artifacts`?"


def test_all_problems_are_reported_in_the_order_of_the_file() -> None:
    text = "version: 3\nphases:\n  prebuild: {}\n  build:\n    commands: x\nreports:\n  a: {}\n"
    problems = problems_of(text)
    assert [problem.rule for problem in problems] == [
        *("bad-version", "unknown-phase", "commands-not-list", "missing-files")
    ]
    assert problems == sorted(problems, key=lambda problem: problem.at)


def test_a_buildspec_that_only_lists_a_batch_is_not_refused() -> None:
    spec, problems = read_buildspec(
        b"version: 0.2\nbatch:\n  build-list:\n    - identifier: a\n      buildspec: a.yml\n", "b"
    )
    assert spec is not None
    assert [problem.rule for problem in problems] == ["missing-phases"]


def test_messages_show_no_control_characters_and_no_endless_text() -> None:
    (problem,) = problems_of(GOOD + f'"\\e[31m{"x" * 5000}": 1\n')
    assert "\x1b" not in str(problem)
    assert len(str(problem)) < 300
