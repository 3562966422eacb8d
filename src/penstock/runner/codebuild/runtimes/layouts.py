"""Where version managers and systems keep the versions of runtimes: one line to add another."""

from __future__ import annotations

from typing import NamedTuple


class Layout(NamedTuple):
    """Where a version manager, or the system, keeps versions of a runtime, one folder for each.

    The programs are in `bin` of a version's folder, or of the folder `inner` within it.
    """

    runtime: str
    source: str
    roots: tuple[str, ...]
    inner: str = ""


_ASDF = ("$ASDF_DATA_DIR/installs", "~/.asdf/installs")
_MISE = (
    "$MISE_DATA_DIR/installs",
    "$XDG_DATA_HOME/mise/installs",
    "~/.local/share/mise/installs",
)
_FNM = ("$FNM_DIR", "$XDG_DATA_HOME/fnm", "~/.local/share/fnm", "~/.fnm")


def _each(roots: tuple[str, ...], folder: str) -> tuple[str, ...]:
    return tuple(f"{root}/{folder}" for root in roots)


LAYOUTS = (
    Layout("golang", "goenv", ("$GOENV_ROOT/versions", "~/.goenv/versions")),
    Layout("golang", "asdf", _each(_ASDF, "golang"), "go"),
    Layout("golang", "mise", _each(_MISE, "go")),
    Layout("golang", "", ("/usr/lib", "/usr/local")),
    Layout("java", "sdkman", ("$SDKMAN_DIR/candidates/java", "~/.sdkman/candidates/java")),
    Layout("java", "asdf", _each(_ASDF, "java")),
    Layout("java", "mise", _each(_MISE, "java")),
    Layout("java", "", ("/usr/lib/jvm",)),
    Layout("nodejs", "nvm", ("$NVM_DIR/versions/node", "~/.nvm/versions/node")),
    Layout("nodejs", "fnm", _each(_FNM, "node-versions"), "installation"),
    Layout("nodejs", "volta", ("$VOLTA_HOME/tools/image/node", "~/.volta/tools/image/node")),
    Layout("nodejs", "nodenv", ("$NODENV_ROOT/versions", "~/.nodenv/versions")),
    Layout("nodejs", "n", ("$N_PREFIX/n/versions/node", "/usr/local/n/versions/node")),
    Layout("nodejs", "asdf", _each(_ASDF, "nodejs")),
    Layout("nodejs", "mise", _each(_MISE, "node")),
    Layout("php", "phpenv", ("$PHPENV_ROOT/versions", "~/.phpenv/versions")),
    Layout("php", "asdf", _each(_ASDF, "php")),
    Layout("php", "mise", _each(_MISE, "php")),
    Layout("python", "pyenv", ("$PYENV_ROOT/versions", "~/.pyenv/versions")),
    Layout("python", "asdf", _each(_ASDF, "python")),
    Layout("python", "mise", _each(_MISE, "python")),
    Layout("ruby", "rbenv", ("$RBENV_ROOT/versions", "~/.rbenv/versions")),
    Layout("ruby", "asdf", _each(_ASDF, "ruby")),
    Layout("ruby", "mise", _each(_MISE, "ruby")),
    Layout("rust", "rustup", ("$RUSTUP_HOME/toolchains", "~/.rustup/toolchains")),
    Layout("rust", "asdf", _each(_ASDF, "rust")),
)
