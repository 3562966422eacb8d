"""`penstock completion`: completes commands and their options in bash, zsh and fish."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from penstock.cli import COMMANDS
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.server_command import HELP

SHELLS = ("bash", "zsh", "fish")
USAGE = Usage(
    "completion",
    'Prints a completion for a shell: eval "$(penstock completion bash)".',
    (HELP,),
    words="bash|zsh|fish",
    notes="For fish: penstock completion fish | source",
)


def perform(given: Given) -> int:
    if len(given.words) != 1 or given.words[0] not in SHELLS:
        raise UsageError(f"penstock completion takes one of {', '.join(SHELLS)}")
    lines = {"bash": _bash, "zsh": _zsh, "fish": _fish}[given.words[0]]
    print("\n".join(lines()))
    return 0


def usages() -> Iterator[tuple[str, Usage]]:
    """Each command with its own table of options."""
    for command in COMMANDS:
        yield command, import_module(f"penstock.cli.{command.replace('-', '_')}").USAGE


def _names(usage: Usage) -> str:
    return " ".join(name for option in usage.options for name in option.names)


def _chosen(usage: Usage) -> Iterator[Option]:
    return (option for option in usage.options if option.choices)


def _bash() -> Iterator[str]:
    """Files where no option is begun: what most commands take, and the shell's own default."""
    yield "_penstock() {"
    yield "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} names="
    yield '  if [ "$COMP_CWORD" -eq 1 ]; then'
    yield f"    COMPREPLY=($(compgen -W '{' '.join(COMMANDS)}' -- \"$word\"))"
    yield "    return"
    yield "  fi"
    yield "  case ${COMP_WORDS[1]}:$before in"
    for command, usage in usages():
        for option in _chosen(usage):
            places = "|".join(f"{command}:{name}" for name in option.names)
            yield f"    {places}) names='{' '.join(option.choices)}' ;;"
    yield "    *) case ${COMP_WORDS[1]} in"
    for command, usage in usages():
        yield f"      {command}) names='{_names(usage)}' ;;"
    yield "    esac"
    yield "    [[ $word == -* ]] || names= ;;"
    yield "  esac"
    yield '  COMPREPLY=($(compgen -W "$names" -- "$word"))'
    yield "}"
    yield "complete -o default -F _penstock penstock"


def _zsh() -> Iterator[str]:
    """By zsh's own reading of bash's completions."""
    yield "autoload -Uz bashcompinit compinit"
    yield "(( $+functions[compdef] )) || compinit"
    yield "bashcompinit"
    yield from _bash()


def _fish() -> Iterator[str]:
    for command, summary in COMMANDS.items():
        yield (
            f"complete -c penstock -n __fish_use_subcommand -f -a {command} -d {_quoted(summary)}"
        )
    for command, usage in usages():
        for option in usage.options:
            yield f"complete -c penstock {' '.join(_fish_option(command, option))}"


def _fish_option(command: str, option: Option) -> Iterator[str]:
    yield f"-n '__fish_seen_subcommand_from {command}'"
    for name in option.names:
        yield f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
    if option.choices:
        yield f"-x -a {_quoted(' '.join(option.choices))}"
    elif option.value:
        yield "-r"
    yield f"-d {_quoted(option.help)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
