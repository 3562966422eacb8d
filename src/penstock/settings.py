"""What can be set: one table, from which files, variables and flags are read, and the docs made.

`penstock.toml` is the weakest, then `PENSTOCK_*` variables, then flags. Of a table such as
`[services]` each key counts by itself; anything else is replaced by what is stronger.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NamedTuple

FILE = "penstock.toml"
CONFIG = "PENSTOCK_CONFIG"
PREFIX = "PENSTOCK_"
ELSEWHERE = ("sandbox", "aws")

# A variable as near as this to one of ours is a slip of the finger; others are somebody else's.
_SLIP = 0.75
# What Kubernetes sets for a service that is called penstock, or penstock-worker.
_KUBERNETES = re.compile(r"(\w+_)?(SERVICE_(HOST|PORT)|PORT_[0-9])\w*")


class SettingsError(Exception):
    """A setting that is not there, or cannot be what it is given as. The text says where."""


class Setting(NamedTuple):
    """A row of the table. `name` is its place in the file: `port`, or `runner.where` of [runner].

    `shown` is what the docs say of a default that depends on the machine. `must` says in words
    what `check` asks of a value. A `path` counts from the file's folder, or the current one.
    """

    name: str
    attribute: str
    default: Any
    help: str
    shown: str
    choices: tuple[str, ...]
    check: Callable[[Any], bool]
    must: str
    path: bool

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper().replace(".", "_")

    @property
    def flag(self) -> str:
        return "--" + self.name.replace(".", "-").replace("_", "-")

    @property
    def is_many(self) -> bool:
        """Whether it is a list or a table, whose flag may be repeated."""
        return isinstance(self.default, tuple | MappingProxyType)

    @property
    def kind(self) -> str:
        """How a value is written on a command line."""
        if self.choices:
            return "|".join(self.choices)
        if isinstance(self.default, bool):
            return "true|false"
        words = {int: "N", float: "SECONDS", tuple: "NAME", MappingProxyType: "NAME=VALUE"}
        return words.get(type(self.default), "PATH" if self.path else "TEXT")


def _any(_: Any) -> bool:
    return True


def _setting(
    default: Any,
    help_: str,
    *,
    name: str = "",
    shown: str = "",
    choices: tuple[str, ...] = (),
    check: Callable[[Any], bool] = _any,
    must: str = "",
    path: bool = False,
) -> Any:
    row = (default, help_, shown, choices, check, must, path)
    # Before Python 3.12 a dataclass takes a read-only mapping for a mutable one.
    return field(default_factory=lambda: default, metadata={"name": name, "row": row})


def _is_elsewhere(table: Mapping[str, str]) -> bool:
    return all(
        value in ELSEWHERE or re.match("https?://[^/]", value) is not None
        for value in table.values()
    )


_REPOSITORY = "{repository}"


def _is_git_place(table: Mapping[str, str]) -> bool:
    return all(
        _REPOSITORY in value and re.match("/|(https?|ssh|git|file)://[^-]", value) is not None
        for value in table.values()
    )


_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its value; `table()` has the rows."""

    host: str = _setting("127.0.0.1", "the address to listen on", check=bool, must="an address")
    port: int = _setting(
        4545,
        "the port to listen on; 0 takes one that is free",
        check=lambda port: 0 <= port <= 65535,
        must="from 0 to 65535",
    )
    data: str = _setting(
        "",
        "the folder for all that is kept: database, blobs, keys",
        shown="`$XDG_DATA_HOME/penstock` or `~/.local/share/penstock`",
        path=True,
    )
    database: str = _setting(
        "", "the URL of a PostgreSQL to use", shown="one of its own, in the data folder"
    )
    storage: str = _setting(
        "",
        "where blobs are kept: a folder, or a bucket's URL (`s3://…`, `gs://…`, `az://…`)",
        shown="`blobs` in the data folder",
        path=True,
    )
    key_file: str = _setting(
        "",
        "the file of master keys, which seal secrets at rest",
        shown="`master.keys` in the data folder",
        path=True,
    )
    repositories: str = _setting(
        "",
        "the folder of hosted git repositories; several servers share one, at the same path",
        shown="`repositories` in the data folder",
        path=True,
    )
    account: str = _setting(
        "000000000000",
        "the account that callers without an account of their own are in",
        check=lambda account: re.fullmatch("[0-9]{12}", account) is not None,
        must="12 digits",
    )
    region: str = _setting(
        "us-east-1",
        "the region of callers that name none",
        check=lambda region: re.fullmatch("[a-z0-9-]+", region) is not None,
        must="a region's name",
    )
    verify: bool = _setting(
        False, "whether callers on the loopback have to sign too; all others always have to"
    )
    hosts: tuple[str, ...] = _setting(
        (), "further names this server goes by, for buckets in host names (`BUCKET.NAME`)"
    )
    endpoint: str = _setting(
        "",
        "the URL by which builds reach this server from every machine, and links lead to it",
        shown="its own address, as this machine has it",
        check=lambda url: not url or re.match("https?://[^/]", url) is not None,
        must="a URL",
    )
    container_endpoint: str = _setting(
        "",
        "the URL by which builds in containers reach this server",
        shown="`endpoint`, or its port on the address of Docker's bridge",
        check=lambda url: not url or re.match("https?://[^/]", url) is not None,
        must="a URL",
    )
    metrics: bool = _setting(True, "whether `/metrics` is served")
    triggers: bool = _setting(
        True, "whether pipelines start by themselves: when made, by pushes, deliveries and rules"
    )
    time_scale: int = _setting(
        1,
        "how many times as fast pipelines wait: for alarms, deployment windows, approvals to end",
        check=lambda factor: factor >= 1,
        must="1 or more",
    )
    drain: float = _setting(
        60.0,
        "how long builds and requests may go on after a SIGTERM or Ctrl-C",
        check=lambda seconds: seconds >= 0,
        must="0 or more",
    )
    images: Mapping[str, str] = _setting(
        _NONE, "images that stand in for others; `penstock run` heeds it too"
    )
    services: Mapping[str, str] = _setting(
        _NONE,
        "who answers for a service, by its name in the CLI: `sandbox`, `aws`, or a URL",
        shown="Penstock itself, or the sandbox",
        check=_is_elsewhere,
        must="sandbox, aws or a URL for each service",
    )
    connections: Mapping[str, str] = _setting(
        _NONE,
        "where the repositories of connections are, by provider (`GitHub`, `GitLab`, …): a URL or"
        " path in which `{repository}` stands for `owner/name`; `*` is for connections that were"
        " made elsewhere",
        check=_is_git_place,
        must="for each provider a path, or a URL of https, http, ssh, git or file, with"
        " {repository} in it",
    )
    connection_tokens: Mapping[str, str] = _setting(
        _NONE,
        "secrets of Secrets Manager that hold the tokens of connections, by provider: their names",
    )
    connection_webhook_secrets: Mapping[str, str] = _setting(
        _NONE,
        "secrets of Secrets Manager that sign what repositories deliver to connections, by"
        " provider: their names",
    )
    runner_where: str = _setting(
        "auto",
        "where builds run: `auto` is in a container where there is an engine",
        name="runner.where",
        choices=("auto", "container", "host"),
    )
    runner_builds: int = _setting(
        0,
        "how many builds a worker runs at once",
        name="runner.builds",
        shown="as many as there are processors",
        check=lambda builds: builds >= 0,
        must="0 or more",
    )
    runner_folder: str = _setting(
        "",
        "the folder in which builds have theirs",
        name="runner.folder",
        shown="`builds` in the data folder",
        path=True,
    )
    runner_allow_host: bool = _setting(
        False,
        "whether builds may run on the host; the worker beside a server on a loopback address may",
        name="runner.allow_host",
    )
    runner_sources: Mapping[str, str] = _setting(
        _NONE,
        "beginnings of source URLs, and what stands in for them",
        name="runner.sources",
    )
    log_format: str = _setting(
        "pretty", "how the server logs", name="log.format", choices=("pretty", "json")
    )
    log_requests: bool = _setting(False, "whether each request is logged", name="log.requests")


def table() -> tuple[Setting, ...]:
    return tuple(
        Setting(one.metadata["name"] or one.name, one.name, *one.metadata["row"])
        for one in fields(Settings)
    )


TABLE = table()


def read_settings(
    flags: Mapping[str, Sequence[str]], environ: Mapping[str, str], config: str | None = None
) -> Settings:
    """The settings of a file, the environment and a command line (values by attribute).

    `config` names the file; without it PENSTOCK_CONFIG does, and without both it is the
    `penstock.toml` of the current folder, if there is one. Raises SettingsError.
    """
    found: dict[str, Any] = {}
    file = config if config is not None else environ.get(CONFIG)
    if file is None and os.path.exists(FILE):
        file = FILE
    for values in (_of_file(file) if file else {}, _of_environment(environ), _of_flags(flags)):
        for attribute, value in values.items():
            merged = isinstance(value, dict)
            found[attribute] = found.get(attribute, {}) | value if merged else value
    frozen: dict[str, Any] = {
        key: MappingProxyType(value) if isinstance(value, dict) else value
        for key, value in found.items()
    }
    return Settings(**frozen)


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that give another process of this machine the same settings, and no file's."""
    values = {row.variable: _text(getattr(settings, row.attribute)) for row in TABLE}
    return {CONFIG: "", **values}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ",".join(f"{name}={text}" for name, text in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)


# Reading each of the three.


def _of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    rows = {row.variable: row for row in TABLE}
    known = [name.removeprefix(PREFIX) for name in (*rows, CONFIG)]
    for name in environ:
        word = name.removeprefix(PREFIX)
        if word == name or word in known or _KUBERNETES.fullmatch(word):
            continue
        if near := get_close_matches(word, known, 1, _SLIP):
            raise SettingsError(f"{name} is no setting. Did you mean {PREFIX}{near[0]}?")
    return {
        row.attribute: _parse(row, _split(row, environ[name]), name, os.getcwd())
        for name, row in rows.items()
        if name in environ
    }


def _of_flags(flags: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {
        row.attribute: _parse(row, flags[row.attribute], row.flag, os.getcwd())
        for row in TABLE
        if row.attribute in flags
    }


def _split(row: Setting, text: str) -> list[str]:
    if not row.is_many:
        return [text]
    return [part.strip() for part in text.split(",") if part.strip()]


def _parse(row: Setting, texts: Sequence[str], place: str, folder: str) -> Any:
    """The value of a flag or variable."""
    value: Any = texts[-1] if texts else ""
    match row.default:
        case bool():
            value = {"true": True, "false": False}.get(value.lower(), value)
        case int():
            value = int(value) if re.fullmatch("-?[0-9]+", value) else value
        case float():
            value = float(value) if re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", value) else value
        case tuple():
            value = list(texts)
        case MappingProxyType():
            value = _pairs(texts, place)
    return _checked(row, value, place, folder)


def _pairs(texts: Iterable[str], place: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if not name or not value:
            raise SettingsError(f"{place}: {text!r} is not NAME=VALUE")
        pairs[name] = value
    return pairs


def _of_file(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        document = tomllib.loads(text)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    folder = os.path.dirname(os.path.abspath(path))
    rows = {row.name: row for row in TABLE}
    found = {}
    for name, value in _flatten(document):
        place = f"{path}:{_line(text, name)}: {name}"
        if name not in rows:
            near = get_close_matches(name, rows, 1)
            hint = f" Did you mean {near[0]}?" if near else f" There are {', '.join(rows)}."
            raise SettingsError(f"{place} is no setting.{hint}")
        found[rows[name].attribute] = _checked(rows[name], value, place, folder)
    return found


def _flatten(document: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """(name, value) of a file's settings: those of a section have it in front of their name."""
    sections = {row.name.partition(".")[0] for row in TABLE if "." in row.name}
    for key, value in document.items():
        if key in sections and isinstance(value, dict):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def _line(text: str, name: str) -> int:
    """The line that sets `name` in a TOML text; 1 where it is written in a way of its own."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]]+?)\s*\]", line):
            section = header[1] + "."
            if header[1] == name:
                return number
        elif (key := re.match(r"\s*([\w.-]+)\s*=", line)) and section + key[1] == name:
            return number
    return 1


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number of seconds",
    str: "a text in quotes",
    tuple: "a list of texts",
    MappingProxyType: "a table of texts",
}


def _checked(row: Setting, value: Any, place: str, folder: str) -> Any:
    """The value as the table has it. Raises SettingsError where it is none of the setting's."""
    kind = type(row.default)
    match value:
        case int() if kind is float and not isinstance(value, bool):
            value = float(value)
        case list() if all(isinstance(item, str) for item in value):
            value = tuple(value)
        case dict() if all(isinstance(item, str) for item in value.values()):
            pass
        case list() | dict():
            value = None
    if type(value) is not (dict if kind is MappingProxyType else kind):
        raise SettingsError(f"{place} must be {_WORDS[kind]}")
    if row.choices and value not in row.choices:
        raise SettingsError(f"{place} is one of {', '.join(row.choices)}, not {value!r}")
    if not row.check(value):
        raise SettingsError(f"{place} must be {row.must}, not {_text(value)!r}")
    if row.path and value and "://" not in str(value):
        return os.path.join(folder, os.path.expanduser(str(value)))
    return value
