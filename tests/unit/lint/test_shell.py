from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.lint.quoting import expandable, unquoted
from penstock.lint.shell import calls


@pytest.mark.parametrize(
    ("script", "programs"),
    [
        ("make", ["make"]),
        ("a; b && c || d | e & f\ng", list("abcdefg")),
        ("if a; then b; elif c; then d; else e; fi", list("abcde")),
        ("while ! a; do b; done", ["a", "b"]),
        ("case $x in a|b) c;; *) d;; esac; e", ["c", "d", "e"]),
        ("(a; b) | { c; }", ["a", "b", "c"]),
        ("f() { a; }", ["a"]),
        ("X=1 sudo -E env Y=2 /usr/bin/make all", ["make"]),
        ("echo $(git log) \"$(date +'%F)')\"", ["echo", "git", "date"]),
        ("X=$(a | b)", ["", "a", "b"]),
        ("echo 'a; b' \"c; d\" e\\;f # g; h", ["echo"]),
        ("cat <<EOF | a\nb; c\nEOF\nd", ["cat", "a", "d"]),
        ("cat <<-'E'\n\tb\n\tE\nd", ["cat", "d"]),
        ("a > b 2>&1 < c", ["a"]),
        ("a \\\n  b", ["a"]),
        ("diff <(a) <(b)", ["diff", "a", "b"]),
        ("", []),
        ("# only a comment", []),
    ],
)
def test_the_programs_a_script_calls_are_found(script: str, programs: list[str]) -> None:
    assert [call.program for call in calls(script)] == programs


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("[[ a && b ]]", ("[[ a && b ]]",)),
        ("((i++))", ("((i++))",)),
        ("function f { a; }", ("function", "f", "{", "a")),
        ("trap 'rm -f x' EXIT", ("trap", "'rm -f x'", "EXIT")),
    ],
)
def test_words_keep_their_quotes_and_bash_forms_stay_whole(
    script: str, words: tuple[str, ...]
) -> None:
    assert calls(script)[0].words == words


def test_a_call_knows_its_surroundings() -> None:
    inner, outer = calls('A=1 x="$(if a; then b; fi)"; c >log &')[1], calls("c 2>&1 >log &")[0]
    assert (inner.depth, inner.block, inner.captured) == (1, 1, True)
    assert (outer.ends, outer.redirections) == ("&", (("2>&", "1"), (">", "log")))


def test_an_array_is_one_assignment() -> None:
    assert calls('names=(a "b c")')[0].assignments == ('names=(a "b c")',)


def test_quotes_are_removed_as_the_shell_removes_them() -> None:
    assert unquoted("""a'b'"c"\\d""") == "abcd"
    assert expandable("""'$a'"$b"$c""") == """''"$b"$c"""


@pytest.mark.parametrize("script", ["$(" * 5000, "(" * 5000, '"$(' * 5000, "`" * 4999, "<<" * 999])
def test_hostile_nesting_ends(script: str) -> None:
    assert isinstance(calls(script), tuple)


@given(st.text(alphabet="ab $(){}[]<>&|;'\"\\`#=!\n\t-*"))
def test_any_text_yields_calls_inside_of_it(script: str) -> None:
    for call in calls(script):
        assert 0 <= call.at < len(script)
        assert call.words or call.assignments
