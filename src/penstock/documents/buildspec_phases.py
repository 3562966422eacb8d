"""`phases` of a buildspec: commands, and what their failure leads to (CB-003, CB-025…050)."""

from __future__ import annotations

import re

from penstock.documents.buildspec import Command, FailureAction, OnFailure, Phase
from penstock.documents.findings import shown
from penstock.documents.nodes import Node, Scalar, Sequence
from penstock.documents.sections import Section

PHASES = ("install", "pre_build", "build", "post_build")
"""In the order CodeBuild runs them."""

_KEYS = ("commands", "finally", "run-as", "on-failure")
_RETRY = re.compile("RETRY(?:-([0-9]+))?(?:-(.+))?", re.DOTALL)
_LONGEST_PATTERN = 1000


def read_phases(top: Section, other_keys: tuple[str, ...]) -> tuple[Phase, ...]:
    """The phases in run order. `other_keys` are those that belong beside `phases`."""
    if top.lacks("phases"):
        _missing_phases(top)
        return ()
    body = top.child("phases")
    if body is None:
        return ()
    for name, key in body.keys.items():
        if name not in PHASES:
            # The wording is CodeBuild's (CB-003).
            message = (
                f"Invalid buildspec phase name: {shown(name)}. "
                "Expecting: BUILD,INSTALL,POST_BUILD,PRE_BUILD"
            )
            near = body.findings.nearest(name, PHASES)
            hint = f"did you mean `{near}`?" if near else ""
            if name in other_keys:
                hint = f"`{name}` belongs beside `phases`: indent it less"
            body.findings.error(key.at, "unknown-phase", message, hint)
    return tuple(_phase(body, name) for name in PHASES if name in body.keys)


def parse_on_failure(text: str) -> OnFailure | None:
    """CB-043, CB-044: ABORT, CONTINUE, RETRY, RETRY-n, RETRY-regex or RETRY-n-regex (n 0-100)."""
    if text in ("ABORT", "CONTINUE"):
        return OnFailure(FailureAction(text))
    match = _RETRY.fullmatch(text)
    if match is None:
        return None
    count, pattern = match[1] or "3", match[2] or ".*"
    if len(count) > 3 or int(count) > 100 or not _compiles(pattern):
        return None
    return OnFailure(FailureAction.RETRY, int(count), pattern)


def _compiles(pattern: str) -> bool:
    import warnings

    if len(pattern) > _LONGEST_PATTERN:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _missing_phases(top: Section) -> None:
    hint = "write `phases:` and below it `build:` with `commands:`"
    message = "`phases` is missing"
    # Whether a buildspec that only lists a batch needs phases of its own is unspecified.
    report = top.findings.warn if "batch" in top.keys else top.findings.error
    report(top.at_key("phases"), "missing-phases", message, hint)


def _phase(phases: Section, name: str) -> Phase:
    at = phases.at_key(name)
    required = name != "install"
    if required and phases.lacks(name):
        _missing_commands(phases, name)
        return Phase(name, at=at)
    body = phases.child(name)
    if body is None:
        return Phase(name, at=at)
    body.allow((*_KEYS, "runtime-versions"))
    if required and body.lacks("commands"):
        _missing_commands(phases, name, not body.lacks("finally"))
        commands: tuple[Command, ...] = ()
    else:
        commands = _commands(body, "commands")
    runtimes = body.child("runtime-versions")
    if runtimes and name != "install":
        message = f"`{runtimes.path}` is ignored: only install selects runtimes"
        hint = "move it below `phases.install`"
        body.findings.warn(runtimes.at, "misplaced-runtime-versions", message, hint)
        runtimes = None
    return Phase(
        name=name,
        commands=commands,
        finally_=_commands(body, "finally"),
        run_as=body.string("run-as"),
        on_failure=_on_failure(body),
        runtime_versions=runtimes.entries(need_value=True) if runtimes else (),
        at=at,
    )


def _missing_commands(phases: Section, name: str, has_finally: bool = False) -> None:
    at, message = phases.at_key(name), f"`{phases.path_of(name)}` has no `commands`"
    hint = "add `commands:` with a list below it, or remove the phase"
    if has_finally:
        # CB-006 requires `commands`, yet files with `finally` alone are in use: not refused here.
        phases.findings.warn(at, "only-finally", message, "move `finally` to `commands`")
    else:
        phases.findings.error(at, "missing-commands", message, hint)


def _commands(body: Section, key: str) -> tuple[Command, ...]:
    node = body.values.get(key)
    if node is None or body.lacks(key) or isinstance(node, Sequence):
        items = body.sequence(key)
        return tuple(_command(body, key, index, item) for index, item in enumerate(items))
    message = f"`{body.path_of(key)}` is not a list"
    hint = "write each command on a line of its own, after `- `"
    body.findings.error(node.at, "commands-not-list", message, hint)
    return ()


def _command(body: Section, key: str, index: int, item: Node) -> Command:
    if not isinstance(item, Scalar):
        # The wording is CodeBuild's (CB-003); its second line is always the one before.
        message = (
            f"Expected {key.capitalize()}[{index}] to be of string type: found subkeys instead "
            f"at line {item.at.line}, value of the key tag on line {item.at.line - 1} "
            "might be empty"
        )
        why = "text beginning with `[` is a list" if isinstance(item, Sequence) else "`: ` splits"
        hint = f"to YAML {why}: quote the whole command, or write it as a block below `- |`"
        body.findings.error(item.at, "command-not-string", message, hint)
        return Command("", item.at)
    text = "" if item.is_null else item.value
    if not text.strip():
        # Unspecified; kept, so that the commands keep their numbers. An empty script succeeds.
        message = f"`{body.path_of(key)}[{index}]` is an empty command"
        body.findings.warn(item.at, "empty-command", message, "fill it, or remove the `-`")
    return Command(text, item.at)


def _on_failure(body: Section) -> OnFailure | None:
    text = body.text("on-failure")
    if text is None:
        return None
    parsed = parse_on_failure(text.value)
    if parsed is None:
        message = f"`{body.path_of('on-failure')}` cannot be `{shown(text.value)}`"
        hint = "write ABORT, CONTINUE, RETRY, RETRY-n (0 to 100), RETRY-regex or RETRY-n-regex"
        body.findings.error(text.at, "bad-on-failure", message, hint)
    return parsed
