"""`docs/settings.md`, written from the table: `python -m penstock.serving.settings_page`."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.settings import TABLE, Setting

_INTRODUCTION = """\
# Settings

<!-- Made by `make docs` from the table in src/penstock/settings.py; do not edit. -->

Each setting can stand in a file, in a variable or on the command line. From weakest to strongest:

1. `penstock.toml` in the current folder, or the file that `--config` or `PENSTOCK_CONFIG` names;
2. variables, `PENSTOCK_*`;
3. options of the commands of the server.

```toml
port = 8080
data = "/var/lib/penstock"

[services]
dynamodb = "http://127.0.0.1:8000"   # another emulator
kms = "aws"                          # AWS itself

[runner]
where = "container"
builds = 8
```

A setting with a dot is in a section of the file: `runner.where` is `where` below `[runner]`. Paths
in a file count from its folder. In variables, lists and tables are written with commas
(`PENSTOCK_SERVICES='sqs=aws,kms=aws'`); options are repeated (`--services sqs=aws --services
kms=aws`). Of a table each key counts by itself: what is weaker fills in the others.

A setting that is not there, or has a value it cannot have, ends the command, naming file, line and
the nearest setting that is there.

| setting | default | | variable | option |
| --- | --- | --- | --- | --- |
"""


def page() -> str:
    return _INTRODUCTION + "".join(_rows())


def _rows() -> Iterator[str]:
    for row in TABLE:
        kind = row.kind.replace("|", "\\|")
        yield (
            f"| `{row.name}` | {_default(row)} | {row.help} | `{row.variable}` |"
            f" `{row.flag} {kind}` |\n"
        )


def _default(row: Setting) -> str:
    if row.shown:
        return row.shown
    if isinstance(row.default, bool):
        return "`true`" if row.default else "`false`"
    if row.is_many or row.default == "":
        return "none"
    return f"`{row.default:g}`" if isinstance(row.default, float) else f"`{row.default}`"


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
