"""What `penstock run` imports: each module counts (bench/ has the times)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"

# The price of each is in the milliseconds that a build of two commands has to be under.
OWN = {
    "penstock",
    "penstock.cli",
    "penstock.cli.alarm",
    "penstock.cli.options",
    "penstock.cli.perform",
    "penstock.cli.pretty",
    "penstock.cli.request",
    "penstock.cli.run",
    "penstock.cli.services",
    "penstock.cli.terminal",
}
HEAVY = {
    "argparse", "asyncio", "botocore", "boto3", "dataclasses", "difflib", "docker", "email",
    "hashlib", "http", "importlib.metadata", "importlib.resources", "inspect", "json", "logging",
    "pathlib", "pwd", "shutil", "socket", "ssl", "subprocess", "tempfile", "threading", "urllib",
    "urllib.parse", "xml", "yaml", "zipfile", "tarfile", "ahocorasick_rs", "isal",
}  # fmt: skip


def imported(folder: Path) -> set[str]:
    """The modules that a run of the folder's buildspec has imported at its end."""
    script = (
        "import sys\n"
        "from penstock.cli import _main\n"
        "code = _main(['run'])\n"
        "print(*sys.modules, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        # -S: what a machine's site-packages import by themselves is not ours.
        [sys.executable, "-S", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": _path(), "HOME": str(folder.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def _path() -> str:
    import yaml

    return f"{SOURCE}:{Path(yaml.__file__).parents[1]}"


def test_a_run_of_a_known_buildspec_imports_next_to_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "buildspec.yml").write_text("version: 0.2\nphases: {build: {commands: [echo]}}\n")
    first = imported(folder)
    assert "penstock.documents.libyaml" in first
    assert not first & HEAVY
    second = imported(folder)
    assert not second & HEAVY
    own = {name for name in second if name.startswith("penstock")}
    assert {name for name in own if name.startswith("penstock.cli") or name == "penstock"} == OWN
    assert len(own) <= 43
