"""The parser without its package. Each script is a Python of its own: pytest has imported yaml."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

SOURCE = Path(__file__).parents[3] / "src"
PYYAML = Path(yaml.__file__).parent

READ = """
import sys
from penstock.documents.nodes import compose
assert compose(b"a: [b, &c d, *c]", "f.yml")[0]
"""
SHOW = """
import sys
import yaml, yaml.events
for name, module in sorted(sys.modules.items()):
    if name.partition(".")[0] == "yaml":
        spec = module.__spec__
        print(name, spec.origin, type(spec.loader), sorted(vars(module)))
        print([vars(module)[part] for part in sorted(vars(module)) if part.endswith("Error")])
print(sys.meta_path)
"""
LOADED = "print(*(name for name in sys.modules if name.partition('.')[0] == 'yaml'))"


def printed(script: str, pyyaml: Path = PYYAML) -> str:
    # -S: what a machine's site-packages import by themselves is not ours.
    return subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": f"{SOURCE}:{pyyaml.parent}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_reading_leaves_nothing_of_yaml_behind() -> None:
    assert printed(READ + LOADED).split() == []


def test_a_later_import_of_yaml_is_the_same_as_without_us() -> None:
    assert printed(READ + SHOW) == printed(SHOW)


def test_a_later_import_of_yaml_has_one_set_of_classes() -> None:
    script = """
import yaml
for part in vars(yaml._yaml):
    if part.endswith(("Error", "Event", "Token", "Node")) and hasattr(yaml, part):
        assert getattr(yaml, part) is getattr(yaml._yaml, part), part
assert yaml.load("a: [1, yes]", Loader=yaml.CSafeLoader) == {"a": [1, True]}
assert isinstance(yaml.compose("a", Loader=yaml.CSafeLoader), yaml.nodes.ScalarNode)
assert isinstance(next(yaml.scan("a", Loader=yaml.CLoader)), yaml.tokens.StreamStartToken)
assert yaml.dump({"a": [1]}, Dumper=yaml.CSafeDumper) == yaml.safe_dump({"a": [1]})
try:
    yaml.load("a: [", Loader=yaml.CSafeLoader)
except yaml.parser.ParserError as error:
    print(type(error) is yaml.parser.ParserError, error.problem_mark.line)
"""
    assert printed(READ + script).split() == ["True", "1"]


def test_a_broken_text_is_told_of_and_leaves_yaml_whole() -> None:
    script = READ + 'print(compose(b"a: b: c", "f.yml")[1][0].message)'
    message = "mapping values are not allowed in this context at line 1"
    assert printed(script).splitlines() == [message]
    assert printed(script + SHOW) == f"{message}\n{printed(SHOW)}"


def test_beside_threads_the_whole_package_is_imported() -> None:
    assert "yaml.reader" in printed("import threading\n" + READ + LOADED)


def test_a_pyyaml_without_libyaml_reads_too(tmp_path: Path) -> None:
    without = shutil.copytree(PYYAML, tmp_path / "yaml", ignore=shutil.ignore_patterns("_yaml*"))
    assert "yaml.reader" in printed(READ + LOADED, without)


def test_where_pyyaml_is_not_as_expected_it_is_imported_whole(tmp_path: Path) -> None:
    other = shutil.copytree(PYYAML, tmp_path / "yaml")
    (other / "tokens.py").rename(other / "other_tokens.py")
    (other / "__init__.py").write_text(
        "from . import other_tokens\nimport sys\nsys.modules['yaml.tokens'] = other_tokens\n"
        "tokens = other_tokens\n" + (PYYAML / "__init__.py").read_text()
    )
    assert "yaml.reader" in printed(READ + LOADED, other)
