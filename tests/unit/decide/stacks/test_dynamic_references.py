"""`{{resolve:…}}` (TG-126)."""

from __future__ import annotations

import pytest

from penstock.decide.stacks.dynamic_references import (
    Reference,
    check_references,
    references_in,
    substitute,
)
from penstock.errors import AwsError
from penstock.state.stacks import Wanted

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-a1b2c3"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("ssm:/a/b.c-d_e", ("ssm", "/a/b.c-d_e")),
        ("ssm:/a:3", ("ssm", "/a", "3")),
        ("ssm-secure:/a:3", ("ssm-secure", "/a", "3")),
        ("secretsmanager:db", ("secretsmanager", "db")),
        ("secretsmanager:db:SecretString", ("secretsmanager", "db")),
        ("secretsmanager:db:SecretString:user", ("secretsmanager", "db", "", "user")),
        (
            "secretsmanager:db:SecretString:user:AWSPREVIOUS",
            ("secretsmanager", "db", "", "user", "AWSPREVIOUS"),
        ),
        ("secretsmanager:db:SecretString:user::v-1", ("secretsmanager", "db", "v-1", "user")),
        ("secretsmanager:db:SecretString:::v-1", ("secretsmanager", "db", "v-1")),
        (f"secretsmanager:{ARN}", ("secretsmanager", ARN)),
        (f"secretsmanager:{ARN}:SecretString:user", ("secretsmanager", ARN, "", "user")),
    ],
)
def test_references_are_read(inner: str, expected: tuple[str, ...]) -> None:
    """TG-126"""
    text = f"{{{{resolve:{inner}}}}}"
    assert references_in({"a": [f"x{text}y"]}) == (Reference(text, *expected),)


@pytest.mark.parametrize(
    "inner",
    [
        "ssm:",
        "ssm:/a:b",
        "ssm:/a:",
        "other:/a",
        "secretsmanager:",
        "secretsmanager:db:Other:user",
        "secretsmanager:db:SecretString:user:stage:version",
        "secretsmanager:db:SecretString:a:b:c:d",
    ],
)
def test_references_that_are_not_well_formed(inner: str) -> None:
    """TG-126"""
    with pytest.raises(AwsError, match="Incorrect format is used") as raised:
        references_in(f"{{{{resolve:{inner}}}}}")
    assert raised.value.code == "ValidationError"


def test_values_are_put_in_and_not_read_again() -> None:
    """TG-126"""
    values = {"/a": "{{resolve:ssm:/b}}", "/b": "2"}
    given = {"k": ["{{resolve:ssm:/a}}-{{resolve:ssm:/b}}", 3, {"l": "plain {{resolve"}]}
    found = substitute(given, lambda reference: values[reference.name])
    assert found == {"k": ["{{resolve:ssm:/b}}-2", 3, {"l": "plain {{resolve"}]}


def test_each_different_reference_is_named_once() -> None:
    """TG-126"""
    names = [one.name for one in references_in(["{{resolve:ssm:b}}{{resolve:ssm:a}}"] * 2)]
    assert names == ["b", "a"]


@pytest.mark.parametrize(("count", "fits"), [(60, True), (61, False)])
def test_there_are_no_more_than_sixty(count: int, fits: bool) -> None:
    """TG-126"""
    texts = ["{{resolve:ssm:/a}}"] * count
    resources = {"A": Wanted("T", {"P": texts[:30]}), "B": Wanted("T", {"P": texts[30:]})}
    if fits:
        check_references(resources)
        return
    with pytest.raises(AwsError, match="61 dynamic references"):
        check_references(resources)


def test_secure_ones_are_for_passwords_only() -> None:
    """TG-126"""
    secure = "{{resolve:ssm-secure:/password}}"
    check_references(
        {
            "A": Wanted("AWS::RDS::DBInstance", {"MasterUserPassword": secure}),
            "B": Wanted("AWS::IAM::User", {"LoginProfile": {"Password": secure}}),
        }
    )
    with pytest.raises(AwsError) as raised:
        check_references({"A": Wanted("AWS::S3::Bucket", {"BucketName": secure})})
    message = "SSM Secure reference is not supported in: [AWS::S3::Bucket/Properties/BucketName]"
    assert raised.value.message == message
