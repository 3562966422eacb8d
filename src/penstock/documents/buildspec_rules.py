"""Every rule a buildspec diagnostic can carry. `docs/buildspec.md` lists the same rules."""

from __future__ import annotations

RULES = {
    # Text and YAML (nodes, yaml_text)
    "not-utf8": "The file is neither UTF-8 nor UTF-16 text.",
    "control-character": "A control character, which YAML or a shell cannot take.",
    "yaml-syntax": "The YAML cannot be parsed.",
    "empty-file": "The file holds nothing, or only comments.",
    "several-documents": "A second YAML document; only the first one counts.",
    "yaml-depth": "Nested too deep.",
    "yaml-size": "More values than any build has.",
    "yaml-alias": "An alias without an anchor above it, or inside its own anchor.",
    "yaml-expansion": "Aliases repeat too many values.",
    "yaml-key": "A list or mapping used as a key.",
    "yaml-merge": "`<<` with something that is not a mapping.",
    "yaml-tag": "A tag such as `!Sub`, which is ignored.",
    "duplicate-key": "A key twice in one mapping; the last one counts.",
    # Any key (sections)
    "wrong-type": "A text, list or mapping where another of these is wanted.",
    "unknown-key": "A key CodeBuild does not know; it is ignored.",
    "null-value": "A key without a value.",
    "missing-value": "A name whose value is required has none.",
    "not-a-list": "A single text where a list is wanted; it counts as a list of one.",
    "empty-list": "A list without items.",
    "empty-item": "An empty item in a list; it is ignored.",
    "bad-flag": "A yes/no setting that is neither; it is ignored.",
    "more-problems": "Too many problems to list; this one counts the rest.",
    # Version and phases
    "missing-version": "`version` is missing.",
    "bad-version": "`version` is not 0.1 or 0.2.",
    "old-key": "A key of the other buildspec version; it is ignored.",
    "missing-phases": "`phases` is missing.",
    "unknown-phase": "A phase other than install, pre_build, build, post_build.",
    "phase-outside-phases": "A phase beside `phases` instead of below it; it is ignored.",
    "missing-commands": "pre_build, build or post_build without `commands`.",
    "only-finally": "pre_build, build or post_build with `finally` but no `commands`.",
    "commands-not-list": "`commands` or `finally` is not a list.",
    "command-not-string": "A command that YAML reads as a mapping or list.",
    "empty-command": "A command without text; it succeeds.",
    "bad-on-failure": "`on-failure` is not ABORT, CONTINUE or a form of RETRY.",
    "misplaced-runtime-versions": "`runtime-versions` outside install; it is ignored.",
    # Environment
    "unknown-shell": "`env.shell` is not one CodeBuild documents.",
    "variable-name": "A variable no shell can refer to, or none can hold.",
    "bad-secret-reference": "A `secrets-manager` value that names no secret version.",
    # Artifacts, cache, reports
    "missing-files": "`files` is missing.",
    "only-secondary-artifacts": "`secondary-artifacts` without `files` beside it.",
    "too-many-fallback-keys": "More than 5 cache fallback keys.",
    "fallback-without-key": "Cache `fallback-keys` without `key`; they are ignored.",
    "bad-cache-action": "Cache `action` is not restore or save; it is ignored.",
    "too-many-report-groups": "More than 5 report groups.",
    "bad-file-format": "A report `file-format` CodeBuild does not know.",
    # Batch
    "no-batch-kind": "`batch` without one of its four kinds; it is ignored.",
    "several-batch-kinds": "`batch` with more than one of its four kinds.",
    "missing-identifier": "A batch task without `identifier`.",
    "duplicate-identifier": "Two batch tasks with one identifier.",
    "unknown-dependency": "`depend-on` names no task of the batch.",
    "cyclic-dependency": "Batch tasks that wait for each other.",
    "bad-parallelism": "`parallelism` is missing or not a whole number above 0.",
}
