"""Command lines as tables of options: one table parses, shows `--help` and feeds the docs.

The standard library's parsers cost `penstock run` more of its start than the whole of its own work.
"""

from collections.abc import Sequence
from typing import NamedTuple


class UsageError(Exception):
    """The command line asks for something that is not there. The text says what and what is."""


class Option(NamedTuple):
    """An option such as `--env NAME=VALUE`; without a `value` it is a switch.

    `names` begins with the long name. `many` collects every use; `choices` are the values allowed.
    """

    names: tuple[str, ...]
    help: str
    value: str = ""
    many: bool = False
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.names[0].lstrip("-").replace("-", "_")


class Usage(NamedTuple):
    """A command: its name, what it does, its options, and what its other words are (`""`: none)."""

    command: str
    summary: str
    options: tuple[Option, ...]
    words: str = ""
    notes: str = ""


class Given(NamedTuple):
    """What a command line gave. A switch is "" when set; `options` holds only what was given."""

    options: dict[str, tuple[str, ...]]
    words: tuple[str, ...]

    def has(self, key: str) -> bool:
        return key in self.options

    def last(self, key: str) -> str | None:
        values = self.options.get(key)
        return values[-1] if values else None

    def all(self, key: str) -> tuple[str, ...]:
        return self.options.get(key, ())


def parse(usage: Usage, arguments: Sequence[str]) -> Given:
    """Reads a command line; `--name=value` and `--name value` are the same. Raises UsageError."""
    options: dict[str, tuple[str, ...]] = {}
    words: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        option, value = _option(usage, word, rest)
        values = options.get(option.key, ())
        options[option.key] = (*values, value) if option.many else (value,)
    if words and not usage.words:
        raise UsageError(f"penstock {usage.command} takes no {words[0]!r}")
    return Given(options, tuple(words))


def _option(usage: Usage, word: str, rest: list[str]) -> tuple[Option, str]:
    name, equals, value = word.partition("=")
    if not word.startswith("--") and len(word) > 2 and not equals:
        name, value, equals = word[:2], word[2:], "="  # -j4
    option = next((option for option in usage.options if name in option.names), None)
    if option is None:
        raise UsageError(_unknown(usage, name))
    if not option.value:
        if equals:
            raise UsageError(f"{name} takes no value")
        return option, ""
    if not equals:
        if not rest:
            raise UsageError(f"{name} needs a value: {name} {option.value}")
        value = rest.pop(0)
    if option.choices and value not in option.choices:
        raise UsageError(f"{name} is one of {', '.join(option.choices)}, not {value!r}")
    return option, value


def _unknown(usage: Usage, name: str) -> str:
    from difflib import get_close_matches

    known = [name for option in usage.options for name in option.names]
    near = get_close_matches(name, known, 1)
    hint = f" Did you mean {near[0]}?" if near else f" See penstock {usage.command} --help."
    return f"penstock {usage.command} has no option {name}.{hint}"


def describe(usage: Usage) -> str:
    """The text of `--help`."""
    words = f" {usage.words}" if usage.words else ""
    lines = [f"penstock {usage.command} [OPTIONS]{words}", "", usage.summary, "", "Options:"]
    for option in usage.options:
        names = ", ".join(option.names) + (f" {option.value}" if option.value else "")
        lines.append(f"  {names:<28}  {option.help}" if len(names) < 29 else f"  {names}")
        lines += [] if len(names) < 29 else [f"{'':32}{option.help}"]
        lines += [f"{'':32}one of {', '.join(option.choices)}"] if option.choices else []
    return "\n".join([*lines, *(("", usage.notes) if usage.notes else ())]) + "\n"
