"""What is a filter pattern, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.filter_conditions import (
    All,
    AnyOf,
    Comparison,
    Number,
    Selector,
    Wild,
    read_selector,
)
from penstock.documents.filter_pattern import (
    Column,
    Columns,
    FilterPatternError,
    Json,
    Terms,
    parse,
)

LATENCY = Selector("$.latency", ("latency",))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", Terms()),
        ('" "', Terms()),
        ("ERROR", Terms(("ERROR",))),
        ("ERROR ARGUMENTS", Terms(("ERROR", "ARGUMENTS"))),
        ('"INTERNAL SERVER ERROR"', Terms(("INTERNAL SERVER ERROR",))),
        (r'"say \"no\" \\ thanks"', Terms((r'say "no" \ thanks',))),
        ("?ERROR ?WARN", Terms(optional=("ERROR", "WARN"))),
        ("?ERROR ?WARN REQUEST", Terms(("REQUEST",))),  # optional ones are ignored then
        ("ERROR -ARGUMENTS", Terms(("ERROR",), (), ("ARGUMENTS",))),
        ('-"not this" ERROR', Terms(("ERROR",), (), ("not this",))),
        ("größe_1", Terms(("größe_1",))),
    ],
)
def test_terms(text: str, terms: Terms) -> None:
    """TG-048: words, ?optional, -excluded and "phrases"."""
    assert parse(text) == terms


def test_json_conditions_nest_as_and_binds_before_or() -> None:
    """TG-049: () before && before ||."""
    a, b, c = (Comparison(Selector(f"$.{name}", (name,)), "=", Number(1.0, "1")) for name in "abc")
    assert parse("{ $.a = 1 || $.b = 1 && $.c = 1 }") == Json(AnyOf((a, All((b, c)))))
    assert parse("{ ($.a = 1 || $.b = 1) && $.c = 1 }") == Json(All((AnyOf((a, b)), c)))


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ("500", Number(500.0, "500")),
        ("+1e-3", Number(0.001, "+1e-3")),
        ('"500"', Wild("500")),
        ("123.123.*", Wild("123.123.*")),
        ("*", Wild("*")),
    ],
)
def test_operands(text: str, operand: Wild | Number) -> None:
    """TG-049: numbers, texts, and what asterisks are in."""
    assert parse(f"{{$.latency={text}}}") == Json(Comparison(LATENCY, "=", operand))


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$.users[0].email", ("users", 0, "email")),
        ("$.coordinates[0][1]", ("coordinates", 0, 1)),
        ("$.['cluster.name']", ("cluster.name",)),
        ("$.arrayKey[*]", ("arrayKey", None)),
        ("$.*", (None,)),
        ("$.detail-type", ("detail-type",)),
    ],
)
def test_selectors(text: str, steps: tuple[str | int | None, ...]) -> None:
    """TG-049: fields, indices, quoted fields and the wildcard."""
    assert read_selector(text) == Selector(text, steps)


def test_columns() -> None:
    """TG-050: names, conditions, `...`, and columns without a name."""
    big = Comparison(None, ">", Number(1000.0, "1000"))
    four = Comparison(None, "=", Wild("4*"))
    other = Comparison(None, "!=", Number(403.0, "403"))
    assert parse("[ip, ..., status = 4* && status != 403, bytes>1000,]") == Columns(
        (Column("ip"),),
        (Column("status", All((four, other))), Column("bytes", big), Column("")),
    )
    assert parse("[w1=ERROR || w1=WARN, w2]") == Columns(
        (
            Column(
                "w1",
                AnyOf((Comparison(None, "=", Wild("ERROR")), Comparison(None, "=", Wild("WARN")))),
            ),
            Column("w2"),
        )
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo:bar", "Invalid character(s) in term ':'"),
        ("?Status: timeout", "Invalid character(s) in term ':'"),
        ("user@example.com", "Invalid character(s) in term '@'"),
        ('"unclosed', "Invalid character(s) in term '\"'"),
        ("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"),
        ("[a, b", "If a filter pattern starts with '[' it must end with ']'"),
        ('{ $."sc-status" = 5* }', "Invalid filter pattern"),
        ("{ $.a > high }", "Invalid filter pattern"),
        ("{ $.a IS NOT NULL }", "Invalid filter pattern"),
        ("{ $.a EXISTS }", "Invalid filter pattern"),
        ("{ $.*.b.* = 1 }", "Invalid filter pattern"),
        ("{ $.a[*]=1 && $.b[*]=1 && $.c[*]=1 && $.d[*]=1 }", "Invalid filter pattern"),
        ("{ $.a = 1 } }", "Invalid filter pattern"),
        ("{}", "Invalid filter pattern"),
        ("{ " + "(" * 500 + "$.a = 1" + ")" * 500 + " }", "Invalid filter pattern"),
        ("[a, ..., b, ..., c]", "Invalid filter pattern"),
        ("[w1=ERROR || other=WARN]", "Invalid filter pattern"),
        ("[a b]", "Invalid filter pattern"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    """TG-048, TG-049, TG-050: with what CloudWatch Logs says, where it is known."""
    with pytest.raises(FilterPatternError) as caught:
        parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        *("%(a)%", "%something!%", "%ü%", "%[a%", "%*a%", "%a{3,1}%", "%a{,}%", r"%\q%", r"%\x4%"),
        "%a{1001}%",
        "%[b-a]%",
        "%a^b%",
        "%a$b%",
        "%%",
        "%a% %b% %c%",
        "{$.a=%a% && $.b=%b% && $.c=%c%}",
    ],
)
def test_what_regular_expressions_may_not_be(text: str) -> None:
    """TG-051: no groups, no other signs, two in a pattern."""
    with pytest.raises(FilterPatternError):
        parse(text)


@given(st.text(alphabet='ab $.[]{}()"%?-=<>!&|*,\\01ISNULL', max_size=60))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    for wrapped in (text, f"{{{text}}}", f"[{text}]"):
        try:
            parse(wrapped)
        except FilterPatternError:
            pass
