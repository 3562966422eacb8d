"""`batch` of a buildspec: several builds in one (CB-100…103)."""

from __future__ import annotations

from penstock.documents.batch import Batch, BatchEnv, BatchTask, Fanout, Matrix, MatrixAxis
from penstock.documents.buildspec import Text
from penstock.documents.buildspec_env import read_variables
from penstock.documents.findings import Findings, shown
from penstock.documents.sections import Section, open_section

KINDS = ("build-graph", "build-list", "build-matrix", "build-fanout")

_ENV_KEYS = ("compute-type", "fleet", "image", "privileged-mode", "type", "variables")
_TASK_KEYS = ("identifier", "buildspec", "env", "debug-session", "ignore-failure")
_MOST_DIGITS = 6


def read_batch(top: Section) -> Batch | None:
    body = top.child("batch", (*KINDS, "fast-fail"))
    if body is None:
        return None
    kinds = [kind for kind in body.keys if kind in KINDS]
    if not kinds:
        message = f"`batch` has none of {', '.join(KINDS)}: it is ignored"
        body.findings.warn(body.at, "no-batch-kind", message, "add one of them")
        return None
    for kind in kinds[1:]:
        message = f"`batch` takes one kind of build, but has {kinds[0]} and {kind}"
        body.findings.error(body.at_key(kind), "several-batch-kinds", message, "keep one")
    return Batch(
        fast_fail=bool(body.flag("fast-fail")),
        graph=_tasks(body, "build-graph", (*_TASK_KEYS, "depend-on")),
        list=_tasks(body, "build-list", _TASK_KEYS),
        matrix=_matrix(body.child("build-matrix", ("static", "dynamic"))),
        fanout=_fanout(body.child("build-fanout", ("parallelism", "ignore-failure"))),
        at=body.at,
    )


def _tasks(body: Section, kind: str, known: tuple[str, ...]) -> tuple[BatchTask, ...]:
    tasks: list[BatchTask] = []
    names: set[str] = set()
    for index, item in enumerate(body.sequence(kind)):
        section = open_section(item, f"{body.path_of(kind)}[{index}]", item.at, body.findings)
        if section is None:
            continue
        section.allow(known, {"depend-on": "only the tasks of a build-graph depend on others"})
        tasks.append(_task(section, _identifier(section, names), "depend-on" in known))
    _check_dependencies(tasks, names, body.findings)
    return tuple(tasks)


def _identifier(section: Section, names: set[str]) -> str:
    text = None if section.lacks("identifier") else section.text("identifier")
    if text is None or not text.value:
        message = f"`{section.path}` has no `identifier`"
        section.findings.error(section.at, "missing-identifier", message, "add `identifier: name`")
        return ""
    if text.value in names:
        message = f"another task is called `{shown(text.value)}` already"
        hint = "give each task an identifier of its own"
        section.findings.error(text.at, "duplicate-identifier", message, hint)
    names.add(text.value)
    return text.value


def _task(section: Section, identifier: str, depends: bool) -> BatchTask:
    return BatchTask(
        identifier=identifier,
        buildspec=section.string("buildspec"),
        env=_env(section, _ENV_KEYS),
        debug_session=bool(section.flag("debug-session")),
        ignore_failure=bool(section.flag("ignore-failure")),
        depend_on=section.texts("depend-on") if depends else (),
        at=section.at,
    )


def _env(section: Section, known: tuple[str, ...]) -> BatchEnv:
    body = section.child("env", known)
    if body is None:
        return BatchEnv()
    texts = {key.replace("-", "_"): key for key in ("compute-type", "fleet", "image", "type")}
    given = {field: body.string(key) for field, key in texts.items() if key in known}
    variables = read_variables(body, "variables") if "variables" in known else ()
    return BatchEnv(**given, privileged_mode=body.flag("privileged-mode"), variables=variables)


def _matrix(body: Section | None) -> Matrix | None:
    if body is None:
        return None
    static = body.child("static", ("ignore-failure", "env"))
    dynamic = body.child("dynamic", ("buildspec", "env"))
    axes = dynamic.child("env", ("compute-type", "image", "variables")) if dynamic else None
    variables = axes.child("variables") if axes else None
    return Matrix(
        ignore_failure=bool(static and static.flag("ignore-failure")),
        static_env=_env(static, ("privileged-mode", "type")) if static else BatchEnv(),
        buildspecs=_strings(dynamic, "buildspec"),
        compute_types=_strings(axes, "compute-type"),
        images=_strings(axes, "image"),
        variables=tuple(
            MatrixAxis(name, values)
            for name in (variables.keys if variables else ())
            if (values := _strings(variables, name))
        ),
    )


def _strings(section: Section | None, key: str) -> tuple[str, ...]:
    return tuple(text.value for text in section.texts(key)) if section else ()


def _fanout(body: Section | None) -> Fanout | None:
    if body is None:
        return None
    text = None if body.lacks("parallelism") else body.text("parallelism")
    digits = text.value if text else ""
    whole = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    if not whole or int(digits) < 1:
        at = text.at if text else body.at
        message = f"`{body.path_of('parallelism')}` is not a whole number above 0"
        body.findings.error(at, "bad-parallelism", message, "write `parallelism: 2`")
        return None
    return Fanout(int(digits), bool(body.flag("ignore-failure")))


def _check_dependencies(tasks: list[BatchTask], names: set[str], findings: Findings) -> None:
    hint = f"the tasks are {shown(', '.join(sorted(names)))}"
    for task in tasks:
        for other in task.depend_on:
            if other.value not in names:
                message = f"`{shown(other.value)}` is no task of this batch"
                findings.error(other.at, "unknown-dependency", message, hint)
    after = {task.identifier: task.depend_on for task in tasks}
    done: set[str] = set()
    for name in after:
        _search_cycles(name, after, done, findings)


def _search_cycles(
    root: str, after: dict[str, tuple[Text, ...]], done: set[str], findings: Findings
) -> None:
    """Depth first without recursion, as a hostile file may chain thousands of tasks."""
    if root in done:
        return
    path = {root: iter(after[root])}
    while path:
        name = next(reversed(path))
        other = next(path[name], None)
        if other is None:
            del path[name]
            done.add(name)
        elif other.value in path:
            message = f"`{shown(name)}` and `{shown(other.value)}` wait for each other"
            if name == other.value:
                message = f"`{shown(name)}` waits for itself"
            findings.error(other.at, "cyclic-dependency", message, "remove one `depend-on`")
        elif other.value not in done and other.value in after:
            path[other.value] = iter(after[other.value])
