"""CB-016: AWS access key ids and the values of secrets never show in the output."""

from __future__ import annotations

import base64
import json
import shlex
import shutil
import subprocess
import urllib.parse
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from penstock.runner.codebuild.masking import MASK, Masker
from penstock.runner.codebuild.masking.forms import SHORTEST, forms

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
NASTY = 'it\'s "q" \\ $x `y` <a&b>+é/☃,~1%\t{z}!'
QUOTES = "a long enough 'start' \"and\" a $long `end` of it"
PEM = "-----BEGIN KEY-----\n" + "\n".join(f"{n:060d}/+xy" for n in range(9)) + "\n-----END KEY-----"

# Few letters, so that values overlap, nest and begin like one another; no `*`, as a mask may
# complete a secret that itself contains the mask.
values = st.text("abA'/\n\té", min_size=1, max_size=12)
secret_sets = st.lists(values, max_size=4).map(lambda found: dict(enumerate(found)))
pieces = st.one_of(values.map(str.encode), st.binary(max_size=6), st.just(KEY_ID.encode()))


@st.composite
def masked_cases(draw: st.DrawFn) -> tuple[dict[str, str], bytes]:
    secrets = {str(name): value for name, value in draw(secret_sets).items()}
    known = sorted(form for value in secrets.values() for form in forms(value))
    parts = st.one_of(pieces, st.sampled_from(known)) if known else pieces
    return secrets, b"".join(draw(st.lists(parts, max_size=12)))


def stream(masker: Masker, data: bytes, cuts: list[int]) -> bytes:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    shown = [masker.feed(data[start:end]) for start, end in pairwise(places)]
    return b"".join(shown) + masker.flush()


def covered(secrets: dict[str, str], data: bytes) -> list[bool]:
    """Which bytes belong to a form, found by trying every form at every place."""
    hidden = [False] * len(data)
    for form in {form for value in secrets.values() for form in forms(value)}:
        for at in range(len(data)):
            if data.startswith(form, at):
                hidden[at : at + len(form)] = [True] * len(form)
    for at in range(len(data) - 19):
        key_id = data[at : at + 20]
        if key_id[:4] in (b"AKIA", b"ASIA") and not key_id.strip(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        ):
            hidden[at : at + 20] = [True] * 20
    return hidden


@given(masked_cases(), st.lists(st.integers(0, 80)))
def test_a_stream_cut_anywhere_shows_what_the_whole_shows(
    case: tuple[dict[str, str], bytes], cuts: list[int]
) -> None:
    """CB-016"""
    secrets, data = case
    assert stream(Masker(secrets), data, cuts) == Masker(secrets).mask(data)


@given(masked_cases())
def test_exactly_the_bytes_of_secrets_are_masked(case: tuple[dict[str, str], bytes]) -> None:
    """CB-016"""
    secrets, data = case
    assume(b"*" not in data)
    hidden = covered(secrets, data)
    shown = bytes(byte for byte, hide in zip(data, hidden, strict=True) if not hide)
    masked = Masker(secrets).mask(data)
    assert masked.replace(MASK, b"") == shown
    assert (MASK in masked) == any(hidden)


@given(masked_cases(), st.lists(st.integers(0, 80)))
def test_no_form_of_a_secret_is_left_in_the_output(
    case: tuple[dict[str, str], bytes], cuts: list[int]
) -> None:
    """CB-016"""
    secrets, data = case
    assume(b"*" not in data)
    shown = stream(Masker(secrets), data, cuts)
    assert not [form for value in secrets.values() for form in forms(value) if form in shown]


@given(masked_cases(), st.binary(max_size=40))
def test_only_what_may_be_the_beginning_of_a_form_is_held_back(
    case: tuple[dict[str, str], bytes], data: bytes
) -> None:
    secrets, before = case
    masker = Masker(secrets)
    shown = masker.feed(before + data)
    held = masker.flush()
    if held and MASK not in shown + held:
        known = {form for value in secrets.values() for form in forms(value)}
        key_id = held[:4] in (b"AKIA"[: len(held)], b"ASIA"[: len(held)])
        assert key_id or any(form.startswith(held) for form in known)


@given(st.text(min_size=SHORTEST), st.binary(max_size=5), st.binary(max_size=5))
def test_base64_of_a_secret_among_other_bytes_is_masked(
    secret: str, before: bytes, after: bytes
) -> None:
    """CB-016"""
    secret = "#" + secret.strip()  # a secret's own white space at its ends is not secret
    whole = base64.b64encode(before + secret.encode() + after)
    for text in (whole, whole.translate(bytes.maketrans(b"+/", b"-_"))):
        masked = Masker({"T": secret}).mask(text)
        left = -(-8 * len(before) // 6)
        right = 8 * (len(before) + len(secret.encode())) // 6
        assert masked[:left] == text[:left]
        assert masked[left:].startswith(MASK)
        assert len(masked) <= left + len(MASK) + len(text) - right


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST))
def test_encodings_of_the_standard_library_are_masked(secret: str) -> None:
    """CB-016"""
    secret = f"#{secret}#"
    masker = Masker({"T": secret})
    for text in (
        secret,
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        secret.encode().hex(),
        secret.encode().hex().upper(),
        secret.replace("\n", "\r\n"),
    ):
        assert masker.mask_text(f"<{text}>") == "<***>"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("p%40ss%2Fw%3A+x", "***"),
        ("p%40ss%2fw%3a%20x", "***"),
        ("p@ss/w:%20x", "***"),
        ("p@ss\\/w: x", "***"),
        ("user:p@ss/w: x@host", "user:***@host"),
        ("p@ss/w: xp@ss/w: x", "******"),
    ],
)
def test_a_secret_is_masked_however_it_is_spelled(written: str, shown: str) -> None:
    """CB-016"""
    assert Masker({"T": "p@ss/w: x"}).mask_text(written) == shown


PRINTERS = [
    ["bash", "-c", 'printf "%s\\n" "$1"'],
    ["bash", "-c", 'printf "%q\\n" "$1"'],
    ["bash", "-c", 'V="$1"; declare -p V'],
    ["bash", "-c", 'set -x; : "$1"'],
    ["dash", "-c", 'set -x; : "$1"'],
    ["dash", "-c", 'V="$1"; set'],
    ["sh", "-c", 'printf %s "$1" | base64'],
    ["sh", "-c", 'printf "user:%s" "$1" | base64 -w0'],
    ["sh", "-c", 'printf %s "$1" | xxd -p'],
    ["sh", "-c", 'printf %s "$1" | openssl base64'],
    ["sh", "-c", 'jq -n --arg v "$1" "[\\$v]"'],
    ["sh", "-c", 'jq -na --arg v "$1" "[\\$v]"'],
    ["sh", "-c", 'jq -nr --arg v "$1" "\\$v|@uri"'],
]


@pytest.mark.parametrize(
    "secret", [NASTY, QUOTES, PEM, "hunter22"], ids=["nasty", "quotes", "pem", "plain"]
)
@pytest.mark.parametrize("printer", PRINTERS, ids=lambda printer: f"{printer[0]} {printer[2]}")
def test_what_real_programs_print_of_a_secret_is_masked(printer: list[str], secret: str) -> None:
    """CB-016"""
    for tool in ("bash", "dash", "xxd", "openssl", "jq"):
        if tool in " ".join(printer) and not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    run = subprocess.run(
        [*printer, "_", secret], env=environment, stdout=-1, stderr=subprocess.STDOUT, check=True
    )
    output, masked = run.stdout, Masker({"T": secret}).mask(run.stdout)
    assert MASK in masked
    windows = {output[at : at + 12] for at in range(len(output) - 11)}
    secret_windows = {w for w in windows if w in secret.encode() or w in base64_of(secret)}
    assert not [window for window in secret_windows if window in masked]


def base64_of(secret: str) -> bytes:
    return base64.b64encode(secret.encode())


def test_shell_words_of_python_are_masked() -> None:
    assert Masker({"T": NASTY}).mask_text(shlex.quote(NASTY)) == "'***'"


def test_overlapping_secrets_leave_nothing_of_either() -> None:
    """CB-016"""
    assert Masker({"A": "abcd", "B": "bcdefgh"}).mask(b"abcdefgh") == b"***"
    assert Masker({"A": "abcdef", "B": "efghij", "C": "cdef"}).mask(b"<abcdefghij>") == b"<***>"


def test_a_mask_is_shown_before_an_overlapping_secret_is_complete() -> None:
    masker = Masker({"A": "abcd", "B": "cdefgh"})
    assert masker.feed(b"abcd") == b"***"
    assert masker.feed(b"ef") == b""
    assert masker.feed(b"gh.") == b"."


def test_each_line_of_a_multi_line_secret_is_masked() -> None:
    """CB-016"""
    masker = Masker({"K": "first line\r\nx\r\n  second line\n"})
    assert masker.mask(b"1: first line\n2: x\n3: second line\n") == b"1: ***\n2: x\n3: ***\n"
    assert masker.mask(b"first line\r\nx\r\n  second line\r\n") == b"***\r\n"


@pytest.mark.parametrize("secrets", [{}, {"T": "hunter22"}])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"id={KEY_ID}", "id=***"),
        (f"{KEY_ID.replace('AKIA', 'ASIA')}\n", "***\n"),
        (KEY_ID[:-1] + "x", KEY_ID[:-1] + "x"),
        (KEY_ID[:-1], KEY_ID[:-1]),
        ("AKIA", "AKIA"),
        ("AKIAAKIA" + KEY_ID, "***"),
    ],
)
def test_access_key_ids_are_masked_without_any_secrets_too(
    secrets: dict[str, str], text: str, shown: str
) -> None:
    """CB-016"""
    assert Masker(secrets).mask_text(text) == shown
    assert stream(Masker(secrets), text.encode(), list(range(len(text)))) == shown.encode()


def test_values_too_short_to_mask_are_named() -> None:
    masker = Masker({"A": "abc", "B": "abcd", "C": "", "D": " \n  a\n ", "E": "é1a"})
    assert masker.too_short == ("A", "D")
    assert masker.mask(b"abc abcd") == b"abc ***"


def test_a_prompt_is_shown_at_once() -> None:
    assert Masker({"T": "hunter22"}).feed(b"Continue? [y/n] ") == b"Continue? [y/n] "


@pytest.mark.parametrize("secrets", [{}, {"T": "hunter22"}])
def test_a_chunk_with_nothing_to_hide_is_not_copied(secrets: dict[str, str]) -> None:
    chunk = b"npm install\n" * 100
    assert Masker(secrets).feed(chunk) is chunk


def test_hundreds_of_secrets_are_masked() -> None:
    secrets = {str(n): f"{n * 7919:08d}-secret" for n in range(300)}
    text = " ".join(secrets.values())
    assert Masker(secrets).mask_text(text) == " ".join(["***"] * 300)


def test_a_secret_of_64_kib_is_masked_across_chunks() -> None:
    secret = "".join(f"{n:07d}-" for n in range(8192))
    masker = Masker({"T": secret})
    text = f"<{secret}>{secret[:-1]}.".encode()
    shown = [masker.feed(text[at : at + 5000]) for at in range(0, len(text), 5000)]
    assert b"".join(shown) + masker.flush() == b"<***>" + secret[:-1].encode() + b"."


@given(st.text(st.characters()))
def test_text_without_secrets_comes_back_as_it_was(text: str) -> None:
    assume("AKIA" not in text and "ASIA" not in text)
    assert Masker({"T": "hunter22hunter22"}).mask_text(text) == text
