"""Paginators of boto3."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from .boto import REAL, Client, Until, built, code_of, listed, make_project, pages_of, status_of


@pytest.fixture
def project(client: Client) -> str:
    return make_project(client("codebuild"))


PAGED = {
    "codebuild": {
        "DescribeCodeCoverages", "DescribeTestCases", "ListBuildBatches",
        "ListBuildBatchesForProject", "ListBuilds", "ListBuildsForProject", "ListProjects",
        "ListReportGroups", "ListReports", "ListReportsForReportGroup",
    },
    "logs": {
        "DescribeLogGroups", "DescribeLogStreams", "DescribeMetricFilters", "FilterLogEvents",
        "DescribeSubscriptionFilters",
    },
    "s3": {
        "ListBuckets", "ListMultipartUploads", "ListObjectVersions", "ListObjects",
        "ListObjectsV2", "ListParts",
    },
    "ssm": {"DescribeParameters", "GetParameterHistory", "GetParametersByPath"},
    "secretsmanager": {"ListSecrets"},
    "sts": set(),
}  # fmt: skip
"""All other paginators of botocore belong to operations that are not there."""


@pytest.mark.parametrize("service", REAL)
def test_every_paginator_pages_or_its_operation_says_it_is_not_there(
    client: Client, service: str
) -> None:
    found = client(service)
    for operation in found.meta.service_model.operation_names:
        name = xform_name(operation)
        if not found.can_paginate(name) or operation in PAGED[service]:
            continue
        with pytest.raises(ClientError) as refused:
            getattr(found, name)(**least(found.meta.service_model.operation_model(operation)))
        if operation == "ListDirectoryBuckets":  # which is signed for another service
            assert code_of(refused) == "UnknownOperationException"
            continue
        assert (code_of(refused), status_of(refused)) == ("NotImplemented", 501), operation
        assert operation in str(refused.value)


def least(operation: Any) -> dict[str, Any]:
    """The least that botocore sends."""
    shape = operation.input_shape
    return {name: value_of(shape.members[name]) for name in shape.required_members}


def value_of(shape: Any) -> Any:
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "list":
        return [value_of(shape.member)]
    if shape.type_name == "structure":
        return {name: value_of(shape.members[name]) for name in shape.required_members}
    return {"integer": 1, "long": 1, "boolean": True, "timestamp": 0}[shape.type_name]


def test_pages_of_parameters(client: Client) -> None:
    ssm, top = client("ssm"), f"/{uuid4().hex}"
    names = [f"{top}/{number}" for number in range(5)]
    for name in names:
        ssm.put_parameter(Name=name, Type="String", Value="1")
    for value in ("2", "3"):
        ssm.put_parameter(Name=names[0], Value=value, Overwrite=True)
    found = listed(pages_of(ssm, "get_parameters_by_path", Path=top), "Parameters")
    assert [item["Name"] for item in found] == names
    below = [{"Key": "Path", "Values": [top]}]
    found = listed(pages_of(ssm, "describe_parameters", ParameterFilters=below), "Parameters")
    assert sorted(item["Name"] for item in found) == names
    found = listed(pages_of(ssm, "get_parameter_history", 1, Name=names[0]), "Parameters")
    assert [item["Value"] for item in found] == ["1", "2", "3"]


def test_pages_of_secrets(client: Client) -> None:
    secrets, top = client("secretsmanager"), uuid4().hex
    for number in range(3):
        secrets.create_secret(Name=f"{top}/{number}", SecretString="s")
    below = [{"Key": "name", "Values": [top]}]
    found = listed(pages_of(secrets, "list_secrets", 1, Filters=below), "SecretList")
    assert sorted(item["Name"] for item in found) == [f"{top}/{number}" for number in range(3)]


def test_pages_of_logs(client: Client) -> None:
    logs, top = client("logs"), f"/{uuid4().hex}"
    now = int(time.time() * 1000)
    for group in ("a", "b", "c"):
        logs.create_log_group(logGroupName=f"{top}/{group}")
        logs.create_log_stream(logGroupName=f"{top}/a", logStreamName=group)
        event = {"timestamp": now, "message": group}
        logs.put_log_events(logGroupName=f"{top}/a", logStreamName=group, logEvents=[event])
        logs.put_metric_filter(
            logGroupName=f"{top}/a",
            filterName=group,
            filterPattern="ERROR",
            metricTransformations=[{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}],
        )
    of_group = {"logGroupName": f"{top}/a"}
    found = listed(pages_of(logs, "describe_log_groups", 1, logGroupNamePrefix=top), "logGroups")
    assert [item["logGroupName"] for item in found] == [f"{top}/{one}" for one in "abc"]
    found = listed(pages_of(logs, "describe_log_streams", 1, **of_group), "logStreams")
    assert [item["logStreamName"] for item in found] == ["a", "b", "c"]
    found = listed(pages_of(logs, "describe_metric_filters", 1, **of_group), "metricFilters")
    assert [item["filterName"] for item in found] == ["a", "b", "c"]
    found = listed(pages_of(logs, "filter_log_events", 1, **of_group), "events")
    assert sorted(item["message"] for item in found) == ["a", "b", "c"]


def test_pages_of_builds_and_projects(client: Client, project: str, until: Until) -> None:
    codebuild = client("codebuild")
    make_project(codebuild)
    started = [codebuild.start_build(projectName=project)["build"]["id"] for _ in range(3)]
    # These take no page size of botocore's; there is more than a page from 101 on only.
    of_project = pages_of(codebuild, "list_builds_for_project", 0, projectName=project)
    assert [build for page in of_project for build in page["ids"]] == started[::-1]
    all_builds = [one for page in pages_of(codebuild, "list_builds", 0) for one in page["ids"]]
    assert set(started) <= set(all_builds)
    assert len(all_builds) == len(set(all_builds))
    names = [one for page in pages_of(codebuild, "list_projects", 0) for one in page["projects"]]
    assert project in names
    assert pages_of(codebuild, "list_build_batches_for_project", 0, projectName=project)
    assert pages_of(codebuild, "list_build_batches", 0)


def test_pages_of_reports(client: Client, until: Until) -> None:
    codebuild = client("codebuild")
    cases = "".join(f"<testcase name='t{number}' classname='c'/>" for number in range(3))
    project = make_project(
        codebuild,
        f"echo \"<testsuite name='s'>{cases}</testsuite>\" > junit.xml",
        reports={"a": {"files": ["junit.xml"]}, "b": {"files": ["junit.xml"]}},
    )
    [first, _] = built(codebuild, project, until)["reportArns"]
    again = built(codebuild, project, until)["reportArns"]
    found = listed(pages_of(codebuild, "describe_test_cases", 1, reportArn=first), "testCases")
    assert sorted(item["name"] for item in found) == ["t0", "t1", "t2"]
    assert set(again) < set(listed(pages_of(codebuild, "list_reports", 1), "reports"))
    groups = listed(pages_of(codebuild, "list_report_groups", 1), "reportGroups")
    [group] = [one for one in groups if one.endswith(f"{project}-a")]
    of_group = pages_of(codebuild, "list_reports_for_report_group", 1, reportGroupArn=group)
    assert len(listed(of_group, "reports")) == 2
    assert pages_of(codebuild, "describe_code_coverages", 1, reportArn=first)
