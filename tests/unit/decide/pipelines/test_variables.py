"""Variables: where they come from, and what becomes of `#{namespace.key}`."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.pipelines.variables import byte_count, resolve, resolve_configuration
from penstock.documents.pipelines import Condition, Result, Rule, TypeId, VariableDeclaration
from penstock.errors import AwsError
from penstock.state.pipelines import (
    ActionStatus,
    Begin,
    ConditionKind,
    ConditionStatus,
    EndedAction,
    Failed,
    Override,
    Revision,
    StartAction,
    StartRule,
    Succeeded,
)

from .world import CAUSE, World, action, pipeline, stage

UNRESOLVED = (
    "An action in this pipeline failed because one or more variables could not be resolved:"
    " Action name=build"
)
VARIABLES = {
    "Git": {"ID": "abc", "id": "lower", "Odd.Key": "odd"},
    "variables": {"ENV": "#{Git.ID}"},
}


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("plain", "plain"),
        ("#{Git.ID}", "abc"),
        ("<#{Git.ID}>#{Git.id}#{Git.ID}", "<abc>lowerabc"),
        ("#{Git.Odd.Key}", "odd"),
        ("#{variables.ENV}", "#{Git.ID}"),  # values are not read again
        ("#{Git}", "#{Git}"),
        ("${Git.ID} #{}", "${Git.ID} #{}"),
    ],
)
def test_references_become_values(text: str, resolved: str) -> None:
    """CP-090, CP-091"""
    assert resolve(text, VARIABLES) == resolved


@pytest.mark.parametrize("text", ["#{git.ID}", "#{Git.Id}", "#{Other.ID}", "a #{variables.NONE}"])
def test_what_has_no_value_in_its_own_case_is_unresolved(text: str) -> None:
    """CP-091, CP-093"""
    assert resolve_configuration("build", {"Key": text}, VARIABLES) == Failed(
        "ConfigurationError", UNRESOLVED
    )


@given(st.text(), st.text(), st.text())
def test_text_around_a_reference_stays_as_it_was(before: str, value: str, after: str) -> None:
    """CP-090"""
    before, after = before.replace("#{", ""), after.replace("#{", "")
    assert resolve(f"{before}|#{{A.b}}|{after}", {"A": {"b": value}}) == f"{before}|{value}|{after}"


@given(st.dictionaries(st.text(), st.text()))
def test_sizes_are_those_of_the_bytes(values: dict[str, str]) -> None:
    """CP-096"""
    assert byte_count(values) == sum(
        len(text.encode(errors="surrogatepass")) for pair in values.items() for text in pair
    )


def world(
    text: str, namespace: str = "Git", defaults: tuple[VariableDeclaration, ...] = ()
) -> World:
    source = stage("Source", action("source", namespace=namespace))
    build = stage("Build", action("build", configuration={"Text": text}))
    return World(pipeline(source, build, variables=defaults))


def resolved(there: World, number: int) -> str:
    started = there.started(number, "build")
    assert isinstance(started, StartAction)
    return started.configuration["Text"]


def test_outputs_of_an_earlier_action_are_resolved_as_the_action_starts() -> None:
    """CP-090, CP-091"""
    there = world("commit #{Git.ID}")
    there.end(there.begin(), "source", outcome=Succeeded(variables={"ID": "abc"}))
    assert resolved(there, 1) == "commit abc"


def test_outputs_of_an_action_without_a_namespace_cannot_be_referred_to() -> None:
    """CP-091"""
    there = world("#{Git.ID}", namespace="")
    there.end(there.begin(), "source", outcome=Succeeded(variables={"ID": "abc"}))
    assert there.statuses() == ["Failed"]


def test_an_action_whose_variable_is_missing_fails_without_having_been_started() -> None:
    """CP-093"""
    there = world("#{Git.ID}")
    there.end(there.begin(), "source")
    assert not [e for e in there.effects if isinstance(e, StartAction) and e.action == "build"]
    ended = [effect for effect in there.effects if isinstance(effect, EndedAction)][-1]
    assert ended.failure == Failed("ConfigurationError", UNRESOLVED)
    assert (ended.stage, ended.action, ended.kind) == ("Build", "build", None)
    assert there.action_run(1, "Build", "build").status is ActionStatus.FAILED
    assert there.statuses() == ["Failed"]


def test_a_rule_whose_variable_is_missing_fails_its_condition() -> None:
    """CP-090, CP-093"""
    rule = Rule("rule", TypeId("Rule", "AWS", "VariableCheck"), {"Variable": "#{Git.ID}"})
    source = stage("Source", action("source", namespace="Git"))
    guarded = stage("Build", entry=Condition(Result.FAIL, (rule,)))
    there = World(pipeline(source, guarded))
    there.end(there.begin(), "source", outcome=Succeeded(variables={"ID": "abc"}))
    started = there.started(1, "rule")
    assert isinstance(started, StartRule) and started.configuration == {"Variable": "abc"}
    there.stop(1)
    there.end(1, "rule")
    there.end(there.begin(), "source")
    assert there.check(2, "Build", ConditionKind.BEFORE_ENTRY) is ConditionStatus.ERRORED
    ended = [effect for effect in there.effects if isinstance(effect, EndedAction)][-1]
    assert (ended.action, ended.kind) == ("rule", ConditionKind.BEFORE_ENTRY)


def test_the_id_of_the_run_is_a_variable() -> None:
    """CP-094"""
    there = world("#{codepipeline.PipelineExecutionId}")
    there.end(there.begin(), "source")
    assert resolved(there, 1) == str(there.run(1).id)


WITH_DEFAULT = (VariableDeclaration("ENV", "test"),)
WITHOUT_DEFAULT = (VariableDeclaration("ENV"),)


def test_a_variable_of_the_pipeline_has_its_default_or_what_the_start_gives() -> None:
    """CP-095"""
    for given_, expected in (({}, "test"), ({"ENV": "live"}, "live")):
        there = world("#{variables.ENV}", defaults=WITH_DEFAULT)
        there.end(there.begin(**given_), "source")
        assert resolved(there, 1) == expected


@pytest.mark.parametrize(
    ("declared", "given_"),
    [
        (WITHOUT_DEFAULT, {}),
        (WITH_DEFAULT, {"OTHER": "x"}),
        (WITH_DEFAULT, {"ENV": ""}),
        (WITH_DEFAULT, {"ENV": "x" * 1001}),
    ],
)
def test_a_start_is_refused_whose_variables_have_no_value_or_no_declaration(
    declared: tuple[VariableDeclaration, ...], given_: dict[str, str]
) -> None:
    """CP-095"""
    there = world("", defaults=declared)
    assert there.refused(Begin(UUID(int=1), CAUSE, given_)) == "Validation"
    assert there.state.runs == {}


def test_a_start_is_refused_that_gives_a_revision_to_what_is_no_source() -> None:
    """CP-102"""
    there = world("")
    for name, answer in (("build", "Validation"), ("source", "")):
        override = Override(name, "COMMIT_ID", "abc")
        assert there.refused(Begin(UUID(int=1), CAUSE, overrides=(override,))) == answer
    assert there.run(1).overrides == (Override("source", "COMMIT_ID", "abc"),)


def test_refusals_say_what_there_is() -> None:
    """CP-095"""
    with pytest.raises(AwsError, match=r"no variable named OTHER\. Its variables are: ENV"):
        world("", defaults=WITH_DEFAULT).happen(Begin(UUID(int=1), CAUSE, {"OTHER": "x"}))


@pytest.mark.parametrize(("size", "status"), [(122_880, "Succeeded"), (122_881, "Failed")])
def test_outputs_of_an_action_have_a_size_they_may_not_exceed(size: int, status: str) -> None:
    """CP-096"""
    there = world("")
    there.end(there.begin(), "source", outcome=Succeeded(variables={"K": "x" * (size - 1)}))
    assert there.action_run(1, "Source", "source").status == status


@pytest.mark.parametrize(("size", "status"), [(102_400, "InProgress"), (102_401, "Failed")])
def test_a_resolved_configuration_has_a_size_it_may_not_exceed(size: int, status: str) -> None:
    """CP-096"""
    there = world("#{Git.K}")
    value = "x" * (size - len("Text"))
    there.end(there.begin(), "source", outcome=Succeeded(variables={"K": value}))
    assert there.action_run(1, "Build", "build").status == status


def test_the_run_keeps_revisions_and_artifacts_of_what_succeeded() -> None:
    """CP-053"""
    there = world("")
    there.end(there.begin(), "source", outcome=Succeeded(revision=Revision("abc", "a commit")))
    assert there.run(1).revisions == {"source": Revision("abc", "a commit")}
