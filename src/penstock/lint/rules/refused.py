"""CB-200…204, 209, 212, 215, 216, 218: what the reader of buildspecs reports by itself.

Only the documentation is here. The commonest rules have examples; `documents.buildspec_rules` names
all of them.
"""

from __future__ import annotations

from penstock.documents.buildspec_rules import RULES as SUMMARIES
from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Rule
from penstock.lint.subject import Subject

BuildspecRule = Rule[Subject]

_BUILD = """\
phases:
  build:
    commands:
      - make
"""
_WHOLE = f"version: 0.2\n{_BUILD}"


def _refused(id: str, bad: str, good: str = _WHOLE) -> BuildspecRule:
    return BuildspecRule(id, Severity.ERROR, SUMMARIES[id], bad, good)


def _read(id: str, bad: str, good: str = _WHOLE) -> BuildspecRule:
    return BuildspecRule(id, Severity.WARNING, SUMMARIES[id], bad, good)


RULES = (
    _refused(
        "command-not-string",
        _WHOLE + "      - echo Step: test\n",
        _WHOLE + "      - 'echo Step: test'\n",
    ),
    _refused("yaml-syntax", "version: 0.2\nphases:\n\tbuild:\n\t\tcommands:\n\t\t\t- make\n"),
    _refused("commands-not-list", "version: 0.2\nphases:\n  build:\n    commands: make\n"),
    _refused("missing-commands", "version: 0.2\nphases:\n  build:\n    run-as: root\n"),
    _refused("missing-phases", "version: 0.2\n"),
    _refused("missing-version", _BUILD),
    _refused("bad-version", f"version: 1.0\n{_BUILD}"),
    _refused("unknown-phase", _WHOLE.replace("build:", "post-build:")),
    _read("phase-outside-phases", _WHOLE + "post_build:\n  commands:\n    - make site\n"),
    _read("unknown-key", _WHOLE.replace("commands:", "command: []\n    commands:")),
    _read(
        "old-key",
        f"version: 0.2\nenvironment_variables:\n  plaintext:\n    STAGE: test\n{_BUILD}",
        f"version: 0.2\nenv:\n  variables:\n    STAGE: test\n{_BUILD}",
    ),
    _read(
        "misplaced-runtime-versions",
        "version: 0.2\nphases:\n  build:\n    runtime-versions:\n      nodejs: 22\n"
        "    commands:\n      - make\n",
        "version: 0.2\nphases:\n  install:\n    runtime-versions:\n      nodejs: 22\n"
        "  build:\n    commands:\n      - make\n",
    ),
    _refused(
        "bad-on-failure",
        _WHOLE.replace("    commands:", "    on-failure: STOP\n    commands:"),
        _WHOLE.replace("    commands:", "    on-failure: ABORT\n    commands:"),
    ),
    _refused(
        "bad-secret-reference",
        f"version: 0.2\nenv:\n  secrets-manager:\n    KEY: app:key:AWSCURRENT:0a1b\n{_BUILD}",
        f"version: 0.2\nenv:\n  secrets-manager:\n    KEY: app:key:AWSCURRENT\n{_BUILD}",
    ),
    _refused(
        "missing-files",
        _WHOLE + "artifacts:\n  base-directory: site\n",
        _WHOLE + "artifacts:\n  base-directory: site\n  files:\n    - '**/*'\n",
    ),
    _read(
        "only-secondary-artifacts",
        _WHOLE + "artifacts:\n  secondary-artifacts:\n    docs:\n      files:\n        - docs/*\n",
        _WHOLE + "artifacts:\n  files:\n    - app\n"
        "  secondary-artifacts:\n    docs:\n      files:\n        - docs/*\n",
    ),
    _refused(
        "bad-file-format",
        _WHOLE + "reports:\n  unit:\n    files:\n      - junit.xml\n    file-format: JUNIT\n",
        _WHOLE + "reports:\n  unit:\n    files:\n      - junit.xml\n    file-format: JUNITXML\n",
    ),
    _refused(
        "too-many-report-groups",
        _WHOLE
        + "reports:\n"
        + "".join(f"  r{n}:\n    files:\n      - r{n}.xml\n" for n in range(6)),
        _WHOLE + "reports:\n  all:\n    files:\n      - r*.xml\n",
    ),
    _refused(
        "cyclic-dependency",
        "version: 0.2\nbatch:\n  build-graph:\n    - identifier: unit\n      depend-on:\n"
        f"        - image\n    - identifier: image\n      depend-on:\n        - unit\n{_BUILD}",
        "version: 0.2\nbatch:\n  build-graph:\n    - identifier: unit\n"
        f"    - identifier: image\n      depend-on:\n        - unit\n{_BUILD}",
    ),
)
