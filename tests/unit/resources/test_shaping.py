"""From a template's properties to requests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.resources.shaping import check_names, request_of, shaped, whole_number

VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Name", "Value", "Type", "Status", "x"]), inner, max_size=3
    ),
    max_leaves=8,
)  # fmt: skip
PROJECT = ("Cache", "Environment", "LogsConfig", "SecondarySources", "Tags", "TimeoutInMinutes")
OF_TYPES = ("Invalid type", "Unknown parameter")


@given(st.dictionaries(st.sampled_from(PROJECT), VALUES, max_size=4))
def test_what_is_shaped_has_the_models_types_or_is_refused(properties: dict[str, Any]) -> None:
    try:
        found = shaped("codebuild", "CreateProjectInput", properties)
    except AwsError as error:
        assert error.code == "ValidationError"
        return
    model = Session().get_service_model("codebuild").shape_for("CreateProjectInput")
    report = ParamValidator().validate(found, model).generate_report()
    assert not any(text in report for text in OF_TYPES), report


@pytest.mark.parametrize(
    ("value", "made"), [("7", 7), (7, 7), (7.0, 7), ("7.0", 7), (10**18, 10**18)]
)
def test_numbers_may_be_texts(value: Any, made: int) -> None:
    found = shaped("codebuild", "CreateProjectInput", {"TimeoutInMinutes": value})
    assert found == {"timeoutInMinutes": made}


@pytest.mark.parametrize("value", ["", "a", "7.5", True, None, [7, 8], {}, "nan", "inf", 1.5])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(AwsError, match="TimeoutInMinutes must be a whole number"):
        shaped("codebuild", "CreateProjectInput", {"TimeoutInMinutes": value})


@pytest.mark.parametrize(
    ("value", "made"),
    [(True, True), ("true", True), ("False", False)],
)
def test_booleans_may_be_texts(value: Any, made: bool) -> None:
    found = shaped("codebuild", "CreateProjectInput", {"BadgeEnabled": value})
    assert found == {"badgeEnabled": made}


def test_one_value_may_stand_for_a_list() -> None:
    found = shaped("codebuild", "CreateProjectInput", {"VpcConfig": {"Subnets": "subnet-1"}})
    assert found == {"vpcConfig": {"subnets": ["subnet-1"]}}


def test_an_object_where_a_text_is_asked_for_is_json() -> None:
    found = shaped("s3", "PutBucketPolicyRequest", {"Policy": {"Statement": [1]}})
    assert found == {"Policy": '{"Statement":[1]}'}


def test_times_are_aware() -> None:
    rule = {"Rules": [{"Status": "Enabled", "Expiration": {"Date": "2030-01-01"}}]}
    found = shaped("s3", "BucketLifecycleConfiguration", rule)
    assert found["Rules"][0]["Expiration"] == {"Date": datetime(2030, 1, 1, tzinfo=UTC)}
    rule["Rules"][0]["Expiration"] = {"Date": "soon"}
    with pytest.raises(AwsError, match="Rules/0/Expiration/Date must be a time in ISO 8601"):
        shaped("s3", "BucketLifecycleConfiguration", rule)


def test_only_what_is_taken_or_set_apart_is_there() -> None:
    given_ = {"Name": "a", "Value": "b", "Tags": {}}
    asked = request_of("ssm", "PutParameterRequest", given_, ("Value",), ("Name", "Tags"))
    assert asked == {"Value": "b"}
    with pytest.raises(AwsError, match="Encountered unsupported property Tags"):
        request_of("ssm", "PutParameterRequest", given_, ("Value",), ("Name",))
    with pytest.raises(AwsError, match="Encountered unsupported property name"):
        check_names({"name": 1}, ("Name",))


def test_whole_numbers_have_bounds() -> None:
    assert whole_number("3", "Count", 1, 3) == 3
    with pytest.raises(AwsError, match="Value of property Count must be from 1 to 3"):
        whole_number(4, "Count", 1, 3)
