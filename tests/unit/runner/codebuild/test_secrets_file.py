"""Files of secrets: which formats they have, which keys they use, what is said of broken ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.buildspec_env import parse_secret_reference
from penstock.runner.codebuild.secrets import Refusal, SecretsError
from penstock.runner.codebuild.secrets.dotenv import parse
from penstock.runner.codebuild.secrets.file import SecretsFile

PARAMETER_ARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/app/token"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbC123"

FILES = {
    "secrets.env": '/app/token=hunter22\napp/db={"password": "pa55"}\n',
    "secrets.json": '{"/app/token": "hunter22", "app/db": {"password": "pa55"}}',
    "text.json": '{"/app/token": "hunter22", "app/db": "{\\"password\\": \\"pa55\\"}"}',
    "secrets.yaml": "/app/token: hunter22\napp/db:\n  password: pa55\n",
    "sections.yml": (
        "parameter-store:\n  /app/token: hunter22\nsecrets-manager:\n  app/db: {password: pa55}\n"
    ),
    "sections": '{"parameter-store": {"/app/token": "hunter22"}, "app/db": {"password": "pa55"}}',
    "dotenv-by-content": "# comment\n\nexport /app/token=hunter22\napp/db:password=pa55\n",
    "yaml-by-content": "# comment\n/app/token: hunter22\napp/db: {password: pa55}\n",
}


def secrets_file(folder: Path, text: str | bytes, name: str = "s.env") -> SecretsFile:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return SecretsFile(str(path))


def secret(source: SecretsFile, text: str) -> str | Refusal:
    reference = parse_secret_reference(text)
    assert reference
    return source.secret(reference)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_each_format_gives_parameters_and_secrets(tmp_path: Path, name: str, breaks: str) -> None:
    """CB-012, CB-013"""
    source = secrets_file(tmp_path, "\ufeff" + FILES[name].replace("\n", breaks), name)
    assert source.parameters(["/app/token", "/app/none"]) == {"/app/token": "hunter22"}
    assert secret(source, "app/db:password") == "pa55"
    assert source.parameters([PARAMETER_ARN]) == {PARAMETER_ARN: "hunter22"}
    assert secret(source, f"{SECRET_ARN}:password") == "pa55"
    assert isinstance(secret(source, "app/none"), Refusal)
    assert isinstance(secret(source, "app/db:none"), Refusal)


VERSIONS = """\
app/db={"k": "current"}
app/db::AWSPREVIOUS={"k": "previous"}
app/db:::v-1={"k": "first"}
app/db:k:OWN=own
"""


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("app/db", '{"k": "current"}'),
        ("app/db:k", "current"),
        ("app/db:k:AWSCURRENT", "current"),
        ("app/db:k:AWSPREVIOUS", "previous"),
        ("app/db:k::v-1", "first"),
        ("app/db:k:OWN", "own"),
        (f"{SECRET_ARN}:k:AWSPREVIOUS", "previous"),
    ],
)
def test_a_key_names_a_version_as_the_buildspec_does(
    tmp_path: Path, reference: str, value: str
) -> None:
    """CB-013"""
    assert secret(secrets_file(tmp_path, VERSIONS), reference) == value


@pytest.mark.parametrize("reference", ["app/db::OTHER", "app/db:k::v-2", "app"])
def test_another_version_is_not_given_instead(tmp_path: Path, reference: str) -> None:
    """CB-013"""
    assert isinstance(secret(secrets_file(tmp_path, VERSIONS), reference), Refusal)


def test_the_name_of_a_variable_is_no_key(tmp_path: Path) -> None:
    assert secrets_file(tmp_path, "TOKEN=hunter22").parameters(["/app/token"]) == {}


def test_a_section_keeps_parameters_and_secrets_of_one_name_apart(tmp_path: Path) -> None:
    text = "parameter-store: {x: parameter}\nsecrets-manager: {x: secret}\n"
    source = secrets_file(tmp_path, text, "s.yaml")
    assert (source.parameters(["x"]), secret(source, "x")) == ({"x": "parameter"}, "secret")


@pytest.mark.parametrize("text", ['{"/n": 0.10}', "/n: 0.10", "/n=0.10"])
def test_numbers_keep_their_digits(tmp_path: Path, text: str) -> None:
    assert secrets_file(tmp_path, text, "s").parameters(["/n"]) == {"/n": "0.10"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("K=plain", "plain"),
        ("K=  two words  # comment", "two words"),
        ("K=#hash#es", "#hash#es"),
        ("K= # nothing", ""),
        ("K=", ""),
        ("export K=$x`y`\\n", "$x`y`\\n"),
        ("K='a # b' # comment", "a # b"),
        ("K='it is \"so\"\\n'", 'it is "so"\\n'),
        ('K="a\\nb\\t\\"c\\" \\$d \\q \\\\"', 'a\nb\t"c" $d \\q \\'),
        ('K="first\nsecond # no comment\n"\n', "first\nsecond # no comment\n"),
        ("K = 'first\nsecond'", "first\nsecond"),
        ("  K=it's", "it's"),
        ("K=a=b==", "a=b=="),
    ],
)
def test_dotenv_values_are_read_as_a_shell_quotes_them(text: str, value: str) -> None:
    assert parse(f"# head\n\n{text}\nLAST=1\n", "f") == {"K": value, "LAST": "1"}


@given(
    st.dictionaries(
        st.from_regex(r"[\w/.:@-]+", fullmatch=True, alphabet=st.characters(codec="ascii")),
        st.text(),
    )
)
def test_any_text_survives_double_quotes(values: dict[str, str]) -> None:
    lines = []
    for key, value in values.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{key}="{escaped}"')
    assert parse("\n".join(lines), "f") == values


@given(st.text("K='\"\\#\n $x", max_size=40))
def test_any_text_is_read_or_refused_by_line(text: str) -> None:
    try:
        values = parse(text, "f")
    except SecretsError as error:
        assert str(error).startswith("f:")
    else:
        assert all(isinstance(value, str) for value in values.values())


BROKEN = [
    ("s.env", "A=1\ns3cr3t\n", "s.env:2: expected KEY=value"),
    ("s.env", "A=-----BEGIN\ns3cr3t/+==\n-----END", "s.env:3: expected KEY=value"),
    ("s.env", 'A="s3cr3t\n\nB=1\n', "s.env:1: the quote that opens here is never closed"),
    ("s.env", "\nA='a\nb' s3cr3t\n", "s.env:3: text follows the closing quote"),
    ("s.env", "A=s3cr3t\nA=s3cr3t2\n", "s.env:2: A is given a second time"),
    ("s.env", b"A=1\nB=s3cr3t\xff\n", "s.env:2: is not UTF-8 text"),
    ("s.json", '{"a":\n "s3cr3t" "b"}', "s.json:2: this is not JSON: Expecting ',' delimiter"),
    ("s.json", '{"a": "s3cr3t", "a": "b"}', "s.json: a is given a second time"),
    ("s.json", '["s3cr3t"]', "s.json: must hold an object of names and values"),
    ("s.json", '{"a": ["s3cr3t"]}', "s.json: the value of a must be a text or a mapping"),
    ("s.json", '{"a": null}', "s.json: the value of a must be a text or a mapping"),
    ("s.json", '{"a":' * 9999, "s.json: is nested too deeply"),
    ("s.json", '{"parameter-store": "s3cr3t"}', "s.json: parameter-store and secrets-manager must"),
    ("s.yaml", "a: b\nb: s3cr3t: x\n", "s.yaml:2: this is not YAML"),
    ("s.yaml", "a: *s3cr3t\n", "s.yaml:1: a `*` begins an alias"),
    ("s.yaml", "a: b\nb: !s3cr3t x\n", "s.yaml:2: a `!` begins a tag"),
    ("s.yaml", "a: s3cr3t\na: b\n", "s.yaml:2: this key is given a second time"),
    ("s.yaml", "a: b\n---\na: s3cr3t\n", "s.yaml:2: a second document starts here"),
    ("s.yaml", "# nothing\n", "s.yaml:1: the file says nothing"),
    ("s.yaml", "- s3cr3t\n", "s.yaml: must hold a mapping of names and values"),
    ("s.yaml", "a: [s3cr3t]\n", "s.yaml: the value of a must be a text or a mapping"),
]


@pytest.mark.parametrize(("name", "text", "message"), BROKEN)
def test_a_broken_file_is_refused_by_line_and_never_quoted(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    with pytest.raises(SecretsError) as raised:
        secrets_file(tmp_path, text, name)
    assert str(raised.value).startswith(f"{tmp_path}/{message}")
    assert "s3cr3t" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretsError, match=r"none\.env: cannot be read: No such file"):
        SecretsFile(str(tmp_path / "none.env"))


def test_an_alias_bomb_in_yaml_is_refused(tmp_path: Path) -> None:
    levels = ["a0: &a0 {x: y, z: y}"]
    levels += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40)]
    with pytest.raises(SecretsError, match="aliases repeat too much"):
        secrets_file(tmp_path, "\n".join(levels), "s.yaml")


def test_a_nested_object_is_the_json_text_of_a_whole_secret(tmp_path: Path) -> None:
    """CB-013"""
    text = json.dumps({"app/db": {"user": "é", "on": True, "deep": {"a": ["b"]}}})
    whole = secret(secrets_file(tmp_path, text, "s.json"), "app/db")
    assert json.loads(str(whole)) == {"user": "é", "on": True, "deep": {"a": ["b"]}}
