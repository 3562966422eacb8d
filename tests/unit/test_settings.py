"""Where settings come from, which are stronger, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.serving.settings_page import page
from penstock.settings import TABLE, Settings, SettingsError, as_environment, read_settings

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_set_gives_the_defaults(folder: Path) -> None:
    settings = read_settings({}, {})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.account) == ("127.0.0.1", 4545, "000000000000")


def test_flags_beat_variables_and_these_the_file(folder: Path) -> None:
    (folder / "penstock.toml").write_text(
        'port = 1\nregion = "eu-west-1"\naccount = "111111111111"'
    )
    settings = read_settings(
        {"port": ("3",)}, {"PENSTOCK_PORT": "2", "PENSTOCK_REGION": "eu-north-1"}
    )
    assert (settings.port, settings.region, settings.account) == (3, "eu-north-1", "111111111111")


def test_of_a_table_each_key_counts_by_itself(folder: Path) -> None:
    (folder / "penstock.toml").write_text('[services]\nsqs = "aws"\nsns = "aws"')
    settings = read_settings(
        {"services": ("iam=sandbox",)}, {"PENSTOCK_SERVICES": "sns=http://localhost:1, kms=aws"}
    )
    assert settings.services == {
        "sqs": "aws",
        "sns": "http://localhost:1",
        "kms": "aws",
        "iam": "sandbox",
    }


def test_a_list_is_replaced_by_what_is_stronger(folder: Path) -> None:
    (folder / "penstock.toml").write_text('hosts = ["a.test"]')
    assert read_settings({}, {}).hosts == ("a.test",)
    assert read_settings({}, {"PENSTOCK_HOSTS": "b.test, c.test"}).hosts == ("b.test", "c.test")


def test_the_file_may_be_elsewhere_and_its_paths_count_from_there(folder: Path) -> None:
    (folder / "etc").mkdir()
    file = folder / "etc" / "server.toml"
    file.write_text('data = "kept"\nstorage = "s3://bucket/a"')
    by_flag = read_settings({}, {}, str(file))
    assert by_flag == read_settings({}, {"PENSTOCK_CONFIG": str(file)})
    assert by_flag.data == str(folder / "etc" / "kept")
    assert by_flag.storage == "s3://bucket/a"
    assert read_settings({"data": ("~/p",)}, {}).data == os.path.expanduser("~/p")


def test_an_empty_variable_for_the_file_means_none(folder: Path) -> None:
    (folder / "penstock.toml").write_text("port = 1")
    assert read_settings({}, {"PENSTOCK_CONFIG": ""}).port == 4545


FAULTS = {
    "no setting": ("host = '::1'\n\nprot = 1", r"penstock\.toml:3: prot is no setting\. .* port\?"),
    "in a section": ("[runner]\nwear = 'host'", r"toml:2: runner\.wear is no .* runner\.where\?"),
    "a wrong type": ("\nport = '80'", r"toml:2: port must be a whole number"),
    "a boolean for a number": ("port = true", r"toml:1: port must be a whole number"),
    "a text for a list": ("hosts = 'a'", r"hosts must be a list of texts"),
    "not texts in a list": ("hosts = [1]", r"hosts must be a list of texts"),
    "a table of numbers": ("[services]\nsqs = 1", r"toml:1: services must be a table of texts"),
    "a section for a text": ("[host]\na = 1", r"host must be a text in quotes"),
    "a section as a value": ("runner = 1", r"runner is no setting"),
    "out of range": ("port = 65536", r"port must be from 0 to 65535, not '65536'"),
    "none of the words": (
        "[log]\nformat = 'xml'",
        r"log\.format is one of pretty, json, not 'xml'",
    ),
    "an account": ("account = '12'", r"account must be 12 digits, not '12'"),
    "who answers": ("[services]\nsqs = 'moto'", r"services must be sandbox, aws or a URL"),
    "no TOML": ("port = = 1", r"penstock\.toml cannot be read: .*line 1"),
}


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_in_the_file_is_named_with_its_line(folder: Path, text: str, said: str) -> None:
    (folder / "penstock.toml").write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_settings({}, {})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PENSTOCK_PORT", "tcp://10.0.0.1:80", "PENSTOCK_PORT must be a whole number"),
        ("PENSTOCK_PROT", "1", "PENSTOCK_PROT is no setting. Did you mean PENSTOCK_PORT?"),
        ("PENSTOCK_METRICS", "maybe", "PENSTOCK_METRICS must be true or false"),
        ("PENSTOCK_DRAIN", "-1", "PENSTOCK_DRAIN must be 0 or more"),
        ("PENSTOCK_SERVICES", "sqs", "PENSTOCK_SERVICES: 'sqs' is not NAME=VALUE"),
        ("PENSTOCK_HOST", "", "PENSTOCK_HOST must be an address"),
    ],
)
def test_a_fault_in_a_variable_is_named(folder: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({}, {name: value})
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        "PENSTOCK_SERVICE_HOST",
        "PENSTOCK_SERVICE_PORT",
        "PENSTOCK_PORT_4545_TCP_ADDR",
        "PENSTOCK_WORKER_PORT",
        "PENSTOCK_WORKER_SERVICE_HOST",
        "PENSTOCK_SHARD",
        "PENSTOCK_TRACEBACK",
    ],
)
def test_variables_of_others_are_left_alone(folder: Path, name: str) -> None:
    assert read_settings({}, {name: "x"}) == Settings()


def test_a_missing_file_that_was_named_is_a_fault(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        read_settings({}, {}, "nowhere.toml")


names = st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True)


@given(
    st.builds(
        Settings,
        port=st.integers(0, 65535),
        metrics=st.booleans(),
        drain=st.integers(0, 10**6).map(lambda number: number / 4),
        hosts=st.lists(names, max_size=3).map(tuple),
        services=st.dictionaries(names, st.sampled_from(["aws", "sandbox", "http://h:1/a=b"])),
        runner_where=st.sampled_from(["auto", "container", "host"]),
    )
)
def test_another_process_gets_the_same_settings_by_its_environment(settings: Settings) -> None:
    assert read_settings({}, as_environment(settings)) == settings


def test_every_setting_has_its_own_variable_and_flag() -> None:
    assert len({row.variable for row in TABLE}) == len({row.flag for row in TABLE}) == len(TABLE)


def test_the_page_of_settings_is_fresh() -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == page(), "run `make docs`"
