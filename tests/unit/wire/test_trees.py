"""JSON and CBOR are read strictly: a wrong type never becomes a right one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.wire.catalogue import load_model
from penstock.wire.compiling import Malformed
from penstock.wire.trees import TreeReader, TreeWriter

DESCRIBE = load_model("ssm").operation_model("DescribeParameters").input_shape
PUT = load_model("ssm").operation_model("PutParameter").input_shape
EVENTS = load_model("logs").operation_model("PutLogEvents").input_shape
BUILD = load_model("codebuild").operation_model("BatchGetBuilds").output_shape


@pytest.mark.parametrize(
    ("shape", "raw", "message"),
    [
        (PUT, [], "Start of list can not be converted to a structure"),
        (PUT, {"Name": 5}, "NUMBER_VALUE can not be converted to a String"),
        (PUT, {"Overwrite": "true"}, "STRING_VALUE can not be converted to a Boolean"),
        (PUT, {"Tags": "abc"}, "STRING_VALUE can not be converted to a list"),
        (PUT, {"Tags": {"Key": "a"}}, "Start of structure or map can not be converted to a list"),
        (PUT, {"Tags": ["a"]}, "STRING_VALUE can not be converted to a structure"),
        (DESCRIBE, {"MaxResults": "5"}, "STRING_VALUE can not be converted to an Integer"),
        (DESCRIBE, {"MaxResults": 5.5}, "DECIMAL_VALUE can not be converted to an Integer"),
        (DESCRIBE, {"MaxResults": True}, "BOOLEAN_VALUE can not be converted to an Integer"),
        (DESCRIBE, {"MaxResults": 1 << 31}, "2147483648 is not a number of 32 bits"),
    ],
)
def test_wrong_types_are_named(shape: Any, raw: Any, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        TreeReader().of(shape)(raw)


def test_null_is_as_good_as_absent_and_what_the_model_lacks_is_left_out() -> None:
    raw = {"Name": "a", "Description": None, "Another": 1}
    assert TreeReader().of(PUT)(raw) == {"Name": "a"}


def test_numbers_without_a_fraction_are_integers() -> None:
    assert TreeReader().of(DESCRIBE)({"MaxResults": 5.0}) == {"MaxResults": 5}


@pytest.mark.parametrize("raw", [1767323045, 1767323045.0, "1767323045", "2026-01-02T03:04:05Z"])
def test_timestamps_come_in_several_ways_and_are_aware(raw: Any) -> None:
    shape = load_model("cloudwatch").operation_model("PutMetricData").input_shape
    read = TreeReader().of(shape)
    found = read({"Namespace": "a", "MetricData": [{"MetricName": "m", "Timestamp": raw}]})
    assert found["MetricData"][0]["Timestamp"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.text()
            | st.sampled_from(
                ["Name", "Value", "Tags", "Key", "logEvents", "timestamp", "message"]
            ),
            inner,
        )
    ),
)


@given(TREES)
def test_any_tree_is_read_or_refused(raw: Any) -> None:
    for shape in (PUT, EVENTS):
        try:
            assert isinstance(TreeReader().of(shape)(raw), dict)
        except Malformed:
            pass


def test_what_the_model_lacks_is_not_written() -> None:
    answer = {"builds": [{"id": "a:1", "startTime": datetime(2026, 1, 1, tzinfo=UTC), "x": 1}]}
    assert TreeWriter().of(BUILD)(answer) == {"builds": [{"id": "a:1", "startTime": 1767225600}]}
