"""YAML's short forms of intrinsic functions: `!Sub x` is {"Fn::Sub": "x"}."""

from __future__ import annotations

from typing import Any

SHORT = {
    **{f"!{name}": name for name in ("Ref", "Condition")},
    **{
        f"!{name}": f"Fn::{name}"
        for name in (
            "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals",
            "FindInMap", "GetAZs", "GetAtt", "If", "ImportValue", "Join", "Length", "Not", "Or",
            "RefAll", "Select", "Split", "Sub", "ToJsonString", "Transform", "ValueOf",
            "ValueOfAll",
        )
    },
}  # fmt: skip
"""Tag -> key. `Fn::ForEach::NAME` has no short form, as it is the name that it repeats under."""


def written_out(key: str, value: Any) -> dict[str, Any]:
    """`!GetAtt A.B.C` has the attribute's dots in it: ["A", "B.C"]."""
    if key == "Fn::GetAtt" and isinstance(value, str):
        return {key: value.split(".", 1)}
    return {key: value}
