"""`penstock rehearse`: a whole pipeline, from the working tree, in this terminal."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from penstock.cli.api import Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.rehearsal.assemblies import Assembly, publish, read_assembly
from penstock.cli.rehearsal.instance import (
    Clients,
    Instance,
    other_instance,
    own_instance,
    variables_of,
)
from penstock.cli.rehearsal.parameters import ParametersError, read_parameters
from penstock.cli.rehearsal.runs import Run, stop_runs
from penstock.cli.rehearsal.secrets import plain_names, put_secrets
from penstock.cli.rehearsal.sources import (
    Feeding,
    SourceError,
    folders_for,
    sources_of,
    unprompted,
)
from penstock.cli.rehearsal.stacks import (
    StackFailed,
    make_stack,
    pipelines_of,
    remove_stack,
)
from penstock.cli.rehearsal.stages import StagesError, choose
from penstock.cli.rehearsal.subjects import Subject, SubjectError, subject_of
from penstock.cli.rehearsal.tellers import JsonTeller, PrettyTeller, Teller
from penstock.cli.rehearsal.working_tree import TreeError
from penstock.cli.server_command import HELP, CommandError, options, settings_of
from penstock.cli.terminal import Terminal
from penstock.serving.detached import StartError

USAGE = Usage(
    "rehearse",
    "Makes a template's stack on a server of its own, and runs its pipeline from your files.",
    (
        Option(
            ("--source",),
            "the folder that source actions fetch, or one of them; default: .",
            "[ACTION=]DIR",
            True,
        ),
        Option(("--param",), "a parameter of the template", "NAME=VALUE", True),
        Option(("--parameters",), "a file of parameters", "FILE", True),
        Option(("--secrets",), "a file of parameters and secrets for builds", "FILE", True),
        Option(
            ("--approve",),
            "how approvals are answered; default: ask",
            "HOW",
            False,
            ("auto", "ask", "reject"),
        ),
        Option(("--only",), "run the sources and this stage only", "STAGE", True),
        Option(("--skip",), "leave out a stage", "STAGE", True),
        Option(("--stop-after",), "leave out all stages after this one", "STAGE"),
        Option(
            ("--pipeline",),
            "which pipeline, where there are several: its name, or what the template calls it",
            "NAME",
        ),
        Option(("--stack-name",), "what the stack is called; default: as the file", "NAME"),
        Option(("--app",), "a CDK app as synth leaves it, in place of a template", "DIR"),
        Option(("--stack",), "a stack of the app; default: all", "NAME", True),
        Option(("--keep",), "leave the server up, and say how to reach it"),
        Option(("--server",), "on a server that is up, in place of an own one", "URL"),
        Option(("--json",), "print events as JSON, one a line"),
        *options(
            "time_scale", "region", "account", "images", "services", "runner.where", "runner.builds"
        ),
        HELP,
    ),
    words="[TEMPLATE]",
    notes="Exit codes: 0 green, 1 red, 2 bad usage or template, 3 a fault of Penstock's own.",
)
_BAD = (ParametersError, SourceError, StagesError, SubjectError, TreeError)


def perform(given: Given) -> int:
    if bool(given.words) == given.has("app") or len(given.words) > 1:
        raise UsageError("penstock rehearse takes one TEMPLATE, or --app with a CDK app's folder")
    terminal = Terminal()
    teller: Teller = JsonTeller(terminal) if given.has("json") else PrettyTeller(terminal)
    try:
        asked = _asked(given)
        with _ended_by_signals(), _instance(given, teller) as instance:
            try:
                return Rehearsal(given, instance, teller).perform(asked)
            finally:
                teller.doing("")
                if given.has("keep"):
                    _say_where(instance, teller)
    except StartError as error:
        raise CommandError(str(error)) from None
    except _BAD as error:
        raise UsageError(str(error)) from None


class Asked(NamedTuple):
    """What files say, which needs no server; a CDK app is read for the account that is there."""

    parameters: Mapping[str, str]
    template: Subject | None


def _asked(given: Given) -> Asked:
    parameters = read_parameters(given.all("parameters"), given.all("param"))
    if given.has("app"):
        return Asked(parameters, None)
    stack = given.last("stack_name") or ""
    return Asked(parameters, subject_of(given.words[0], stack, parameters))


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A terminal that is closed, or a job that is cancelled, takes the server with it."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _instance(given: Given, teller: Teller) -> Iterator[Instance]:
    url = given.last("server")
    if url:
        api = Api(given._replace(options={**given.options, "endpoint": (url,)}))
        with other_instance(url, *api.place) as other:
            yield other
        return
    teller.doing("starting a server")
    with own_instance(settings_of(given), keep=given.has("keep")) as own:
        yield own


def _say_where(instance: Instance, teller: Teller) -> None:
    if instance.data:
        teller.note(f"The server stays up: penstock down --data {shlex.quote(instance.data)}")
        for name, text in variables_of(instance).items():
            teller.note(f"  export {name}={shlex.quote(text)}")


class Rehearsal:
    def __init__(self, given: Given, instance: Instance, teller: Teller) -> None:
        self._given = given
        self._teller = teller
        self._instance = instance
        self._clients = Clients(instance)
        self._folders = given.all("source") or (".",)

    def perform(self, asked: Asked) -> int:
        from botocore.exceptions import ClientError

        subjects = self._subjects(asked)
        stacks: list[str] = []
        try:
            plain: set[str] = set()
            for subject in subjects:
                plain |= set(plain_names(subject, self._clients))
            put_secrets(self._given.all("secrets"), plain, self._clients)
            for subject in subjects:
                made = make_stack(subject, self._clients, self._teller)
                stacks.append(made.arn)
                self._teller.stack(made)
            return self._run(self._pipeline(stacks))
        except StackFailed as error:
            stacks.append(error.arn)
            print(f"penstock rehearse: {error}", file=sys.stderr)
            return 1
        except ClientError as error:
            if error.operation_name not in ("CreateStack", "GetTemplateSummary"):
                raise
            said = error.response["Error"]
            raise SubjectError(f"{subject.file}: {said['Code']}: {said['Message']}") from None
        finally:
            if not self._instance.data and not self._given.has("keep"):
                for stack in reversed(stacks):
                    self._remove(stack)

    def _remove(self, stack: str) -> None:
        status = remove_stack(stack, self._clients)
        if status != "DELETE_COMPLETE":
            self._teller.note(f"{stack} is left there: it is {status}")

    def _subjects(self, asked: Asked) -> Sequence[Subject]:
        given = self._given
        if asked.template is not None:
            return [asked.template]
        place = self._clients["sts"].get_caller_identity()["Account"], self._instance.region
        assembly: Assembly = read_assembly(
            given.last("app") or "", place, stacks=given.all("stack"), parameters=asked.parameters
        )
        publish(assembly, self._clients)
        return assembly.subjects

    def _pipeline(self, stacks: Sequence[str]) -> str:
        client = self._clients["cloudformation"]
        found = {name: id for stack in stacks for name, id in pipelines_of(client, stack).items()}
        if not found:
            raise SubjectError("there is no pipeline in it (AWS::CodePipeline::Pipeline)")
        asked = self._given.last("pipeline")
        chosen = [one for one in found.items() if asked is None or asked in one]
        if len(chosen) == 1:
            return chosen[0][0]
        there = ", ".join(f"{id} ({name})" for name, id in found.items())
        if not chosen:
            raise SubjectError(f"there is no pipeline {asked}: there are {there}")
        raise SubjectError(f"there are several pipelines, say --pipeline: {there}")

    def _run(self, name: str) -> int:
        client, given = self._clients["codepipeline"], self._given
        pipeline = client.get_pipeline(name=name)["pipeline"]
        stages = choose(
            pipeline["stages"],
            only=given.all("only"),
            skip=given.all("skip"),
            stop_after=given.last("stop_after") or "",
        )
        if not self._instance.data:  # there it is begun once it is made, and by what it is given
            stages = unprompted(stages)
            stop_runs(client, name)
        if stages != pipeline["stages"]:
            client.update_pipeline(pipeline={**pipeline, "stages": stages})
        self._feed(pipeline)
        run = client.start_pipeline_execution(name=name)["pipelineExecutionId"]
        approve = given.last("approve") or "ask"
        folder = self._folders[-1].rpartition("=")[2]
        following = Run(self._clients, name, self._teller, approve=approve, folder=folder)
        return 0 if following.follow(run).status == "Succeeded" else 1

    def _feed(self, pipeline: dict[str, Any]) -> None:
        feeding = Feeding(self._clients, self._instance.folder, self._instance.mirrors)
        for source, folder in folders_for(sources_of(pipeline), self._folders):
            feeding.feed(source, folder)
            shown = os.path.relpath(folder) if not os.path.isabs(folder) else folder
            self._teller.note(f"{source.action} is {shown} in place of {source}")
