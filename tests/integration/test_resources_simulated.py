"""Types that the sandbox's library has models of, by Cloud Control."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from penstock.documents.resource_schemas import has_schema
from penstock.errors import AwsError
from penstock.resources import MODULES
from penstock.resources.simulated import HANDLERS, TYPES
from penstock.sandbox.cloudcontrol.models import has_removal, model_of
from penstock.state.stacks import Kind

from .sandbox_bench import SandboxBench
from .sandbox_bench import sandbox as sandbox

pytestmark = pytest.mark.anyio

RAREST = {
    "AWS::DataPipeline::Pipeline", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SpotFleet",
    "AWS::EMR::Cluster", "AWS::EMR::InstanceGroupConfig", "AWS::EMR::SecurityConfiguration",
    "AWS::RDS::DBSecurityGroup", "AWS::Route53::RecordSetGroup",
}  # fmt: skip
"""Those that are only recorded: their models are wrong, or cannot say how one is removed."""

Resource = tuple[str, str, Mapping[str, Any]]
HASH = {"AttributeName": "id", "KeyType": "HASH"}
TEXT = {"AttributeName": "id", "AttributeType": "S"}
VPC = ("Vpc", "AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"})
SUBNET = ("Subnet", "AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"})
OTHER = (
    "Other",
    "AWS::EC2::Subnet",
    {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-east-1b"},
)
TABLE = ("Table", "AWS::EC2::RouteTable", {"VpcId": {"Ref": "Vpc"}})
GATEWAY: Resource = ("Gateway", "AWS::EC2::InternetGateway", {})
GROUP = ("Group", "AWS::EC2::SecurityGroup", {"GroupDescription": "a", "VpcId": {"Ref": "Vpc"}})
API = ("Api", "AWS::ApiGateway::RestApi", {"Name": "shop"})
CLUSTER: Resource = ("Cluster", "AWS::ECS::Cluster", {})
TASKS = (
    "Tasks",
    "AWS::ECS::TaskDefinition",
    {"Family": "web", "ContainerDefinitions": [{"Name": "web", "Image": "nginx", "Memory": 64}]},
)
BALANCER = (
    "Balancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    {"Subnets": [{"Ref": "Subnet"}, {"Ref": "Other"}]},
)
TARGETS = (
    "Targets",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    {"Port": 80, "Protocol": "HTTP", "VpcId": {"Ref": "Vpc"}},
)
FORWARD = {"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}
LISTENER = (
    "Listener",
    "AWS::ElasticLoadBalancingV2::Listener",
    {
        "LoadBalancerArn": {"Ref": "Balancer"},
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": [FORWARD],
    },
)
FILES: Resource = ("Files", "AWS::EFS::FileSystem", {})

CASES: list[tuple[Resource, ...]] = [
    (("Orders", "AWS::DynamoDB::Table", {"KeySchema": [HASH], "AttributeDefinitions": [TEXT],
      "BillingMode": "PAY_PER_REQUEST",
      "StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}),),
    (("Jobs", "AWS::SQS::Queue", {"VisibilityTimeout": 60}),),
    (("Jobs", "AWS::SQS::Queue", {"FifoQueue": True}),),
    (("Events", "AWS::Kinesis::Stream", {"ShardCount": 1}),),
    (("Machine", "AWS::StepFunctions::StateMachine", {
        "RoleArn": "arn:aws:iam::000000000000:role/runs",
        "DefinitionString": '{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}'}),),
    (VPC, SUBNET, GROUP, TABLE, GATEWAY,
     ("Attached", "AWS::EC2::VPCGatewayAttachment",
      {"VpcId": {"Ref": "Vpc"}, "InternetGatewayId": {"Ref": "Gateway"}}),
     ("Out", "AWS::EC2::Route", {"RouteTableId": {"Ref": "Table"},
      "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}),
     ("Routed", "AWS::EC2::SubnetRouteTableAssociation",
      {"RouteTableId": {"Ref": "Table"}, "SubnetId": {"Ref": "Subnet"}}),
     ("Address", "AWS::EC2::EIP", {"Domain": "vpc"}),
     ("Interface", "AWS::EC2::NetworkInterface", {"SubnetId": {"Ref": "Subnet"}}),
     ("Link", "AWS::EC2::VPCEndpoint",
      {"VpcId": {"Ref": "Vpc"}, "ServiceName": "com.amazonaws.us-east-1.s3"})),
    (("Disk", "AWS::EC2::Volume", {"AvailabilityZone": "us-east-1a", "Size": 1}),),
    (("Template", "AWS::EC2::LaunchTemplate",
      {"LaunchTemplateData": {"InstanceType": "t3.nano"}}),),
    (("Vpn", "AWS::EC2::VPNGateway", {"Type": "ipsec.1"}),),
    (("Hub", "AWS::EC2::TransitGateway", {}),),
    (CLUSTER, TASKS, ("Web", "AWS::ECS::Service", {"Cluster": {"Ref": "Cluster"},
      "TaskDefinition": {"Ref": "Tasks"}, "DesiredCount": 1})),
    (VPC, SUBNET, OTHER, BALANCER, TARGETS, LISTENER,
     ("Rule", "AWS::ElasticLoadBalancingV2::ListenerRule", {
         "ListenerArn": {"Ref": "Listener"}, "Priority": 1, "Actions": [FORWARD],
         "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}]})),
    (API, ("Items", "AWS::ApiGateway::Resource", {"RestApiId": {"Ref": "Api"},
      "ParentId": "ROOT", "PathPart": "items"}),
     ("Get", "AWS::ApiGateway::Method", {"RestApiId": {"Ref": "Api"},
      "ResourceId": {"Ref": "Items"}, "HttpMethod": "GET", "AuthorizationType": "NONE",
      "Integration": {"Type": "MOCK", "IntegrationHttpMethod": "GET"}}),
     ("Deployed", "AWS::ApiGateway::Deployment",
      {"RestApiId": {"Ref": "Api"}, "StageName": "prod"})),
    (("Zone", "AWS::Route53::HostedZone", {"Name": "example.com"}),
     ("Record", "AWS::Route53::RecordSet", {"HostedZoneId": {"Ref": "Zone"},
      "Name": "www.example.com", "Type": "A", "TTL": "60", "ResourceRecords": ["10.0.0.1"]})),
    (("Check", "AWS::Route53::HealthCheck",
      {"HealthCheckConfig": {"Type": "TCP", "IPAddress": "10.0.0.1", "Port": 80}}),),
    (VPC, SUBNET, OTHER, ("Subnets", "AWS::RDS::DBSubnetGroup", {
        "DBSubnetGroupDescription": "a", "SubnetIds": [{"Ref": "Subnet"}, {"Ref": "Other"}]}),
     ("Database", "AWS::RDS::DBInstance", {"Engine": "postgres", "DBInstanceClass": "db.t3.micro",
      "AllocatedStorage": "20", "MasterUsername": "admin1", "MasterUserPassword": "password1",
      "DBSubnetGroupName": {"Ref": "Subnets"}})),
    (("Settings", "AWS::RDS::DBParameterGroup", {"Family": "postgres16", "Description": "a"}),),
    (VPC, SUBNET, FILES, ("Mount", "AWS::EFS::MountTarget", {"FileSystemId": {"Ref": "Files"},
      "SubnetId": {"Ref": "Subnet"}, "SecurityGroups": []}),
     ("Point", "AWS::EFS::AccessPoint", {"FileSystemId": {"Ref": "Files"}})),
    (("Jobs", "AWS::Batch::JobDefinition", {"Type": "container",
      "ContainerProperties": {"Image": "busybox", "Memory": 64, "Vcpus": 1}}),),
    (("Launch", "AWS::AutoScaling::LaunchConfiguration",
      {"ImageId": "ami-12c6146b", "InstanceType": "t3.nano"}),
     ("Fleet", "AWS::AutoScaling::AutoScalingGroup", {"MinSize": "0", "MaxSize": "1",
      "AvailabilityZones": ["us-east-1a"], "LaunchConfigurationName": {"Ref": "Launch"}})),
]  # fmt: skip


def resolved(value: Any, made: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if "Ref" in value:
            return made[value["Ref"]]
        return {key: resolved(each, made) for key, each in value.items()}
    return [resolved(each, made) for each in value] if isinstance(value, list) else value


async def test_every_type_has_a_model_that_can_remove_what_it_makes() -> None:
    for type in TYPES:
        assert model_of(type).cloudformation_type() == type
        assert has_removal(type), type
        assert has_schema(type)


async def test_no_model_is_left_out_by_chance() -> None:
    from moto.cloudformation.parsing import get_model_map

    others = {
        type for type in get_model_map()
        if type.startswith("AWS::") and has_schema(type) and type not in TYPES
        and type.rpartition("::")[0] not in MODULES
    }  # fmt: skip
    assert {
        type for type in others if not type.startswith(("AWS::IoT", "AWS::SageMaker"))
    } == RAREST


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[-1][1])
async def test_whatever_is_made_is_removed_again(
    sandbox: SandboxBench, case: tuple[Resource, ...]
) -> None:
    made: dict[str, str] = {}
    for logical, type, given in case:
        properties = resolved(given, made)
        if properties.get("ParentId") == "ROOT":
            asked = {"restApiId": made["Api"]}
            [root] = (await sandbox.ask("apigateway", "GetResources", **asked))["items"]
            properties["ParentId"] = root["id"]
        outcome = await sandbox.made(logical, type, properties)
        made[logical] = outcome.physical_id
        assert outcome.physical_id not in ("", "None")
    assert len(set(made.values())) == len(made)
    for logical, type, _ in reversed(case):
        await sandbox.delete(logical)
        listed = await sandbox.ask("cloudcontrol", "ListResources", TypeName=type)
        found = [each["Identifier"] for each in listed["ResourceDescriptions"]]
        assert made[logical] not in found


async def test_a_table_is_there_for_its_own_api_until_it_is_deleted(sandbox: SandboxBench) -> None:
    given = {
        "TableName": "orders",
        "KeySchema": [HASH],
        "AttributeDefinitions": [TEXT],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    }
    made = await sandbox.made("Orders", "AWS::DynamoDB::Table", given)
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
    assert (made.physical_id, made.attributes["Arn"]) == ("orders", arn)
    assert made.attributes["StreamArn"].startswith(f"{arn}/stream/")
    found = await sandbox.ask("dynamodb", "DescribeTable", TableName="orders")
    assert found["Table"]["TableArn"] == arn
    told = await sandbox.refused("Again", "AWS::DynamoDB::Table", given)
    assert "HandlerErrorCode: AlreadyExists" in told
    await sandbox.delete("Orders")
    assert (await sandbox.ask("dynamodb", "ListTables"))["TableNames"] == []


async def test_a_task_that_is_done_again_makes_nothing_twice(sandbox: SandboxBench) -> None:
    first = await sandbox.made("Vpc", *VPC[1:])
    again = await sandbox.made("Vpc", *VPC[1:], again=True)
    assert again == first


async def test_a_queue_is_changed_in_place(sandbox: SandboxBench) -> None:
    made = await sandbox.made("Jobs", "AWS::SQS::Queue", {"QueueName": "jobs", "DelaySeconds": 5})
    assert made.attributes["Arn"] == "arn:aws:sqs:us-east-1:000000000000:jobs"
    assert made.physical_id == made.attributes["QueueUrl"]
    changed = await sandbox.update("Jobs", {"QueueName": "jobs", "DelaySeconds": 7})
    assert (changed.physical_id, changed.kind) == (made.physical_id, Kind.SANDBOX)
    found = await sandbox.ask(
        "sqs", "GetQueueAttributes", QueueUrl=made.physical_id, AttributeNames=["DelaySeconds"]
    )
    assert found["Attributes"] == {"DelaySeconds": "7"}


async def test_an_api_has_the_paths_of_its_body(sandbox: SandboxBench) -> None:
    """As SAM writes it: without a name, which is the body's title."""

    def body(*paths: str) -> dict[str, Any]:
        mock = {"x-amazon-apigateway-integration": {"type": "mock"}}
        methods = {"options": mock, "x-amazon-apigateway-any-method": mock, "parameters": []}
        return {
            "swagger": "2.0",
            "info": {"title": "shop"},
            "paths": dict.fromkeys(paths, methods),
        }

    async def paths(api: str) -> list[str]:
        found = await sandbox.ask("apigateway", "GetResources", restApiId=api)
        assert {tuple(sorted(one.get("resourceMethods", ()))) for one in found["items"]} == {
            (),
            ("ANY", "OPTIONS"),
        }
        return sorted(one["path"] for one in found["items"])

    made = await sandbox.made("Api", API[1], {"Body": body("/greet", "/items/one")})
    api = made.physical_id
    assert (await sandbox.ask("apigateway", "GetRestApi", restApiId=api))["name"] == "shop"
    assert await paths(api) == ["/", "/greet", "/items", "/items/one"]
    deployed = {"RestApiId": api, "StageName": "Stage"}
    await sandbox.made("Deployed", "AWS::ApiGateway::Deployment", deployed)
    changed = await sandbox.update("Api", {"Body": body("/greet"), "Name": "store"})
    assert (changed.physical_id, changed.kind) == (api, Kind.SANDBOX)
    assert (await sandbox.ask("apigateway", "GetRestApi", restApiId=api))["name"] == "store"
    assert await paths(api) == ["/", "/greet"]


async def test_what_a_model_cannot_do_is_recorded_and_says_so(sandbox: SandboxBench) -> None:
    await sandbox.made("Vpc", *VPC[1:])
    tagged = {**VPC[2], "Tags": [{"Key": "a", "Value": "b"}]}
    assert (await sandbox.update("Vpc", tagged)).kind is Kind.RECORDED
    outcome = await sandbox.create(
        "Web", "AWS::ECS::TaskDefinition", {"Family": "x", "ContainerDefinitions": 5}
    )
    assert outcome.kind is Kind.RECORDED
    assert outcome.attributes["TaskDefinitionArn"].startswith("arn:aws:ecs:us-east-1:")
    await sandbox.delete("Web")


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"QueueNme": "x"}, "Encountered unsupported property QueueNme"),
        ({"QueueName": "not a name"}, "HandlerErrorCode"),
    ],
)
async def test_what_is_wrong_is_told(
    sandbox: SandboxBench, properties: dict[str, Any], told: str
) -> None:
    assert told in await sandbox.refused("Jobs", "AWS::SQS::Queue", properties)


def test_types_without_a_model_have_no_handler_here() -> None:
    assert HANDLERS.get("AWS::Cognito::UserPool") is None
    assert HANDLERS.get("AWS::S3::Bucket") is None


# Cloud Control itself


def events(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (document["OperationStatus"], document["Operation"], document["TypeName"])


async def test_cloud_control_tells_what_there_is(sandbox: SandboxBench) -> None:
    queue = "AWS::SQS::Queue"
    asked = {"TypeName": queue, "DesiredState": json.dumps({"QueueName": "jobs"})}
    made = (await sandbox.ask("cloudcontrol", "CreateResource", **asked))["ProgressEvent"]
    assert list(events(made)) == ["SUCCESS", "CREATE", queue]
    token = {"RequestToken": made["RequestToken"]}
    found = await sandbox.ask("cloudcontrol", "GetResourceRequestStatus", **token)
    assert found["ProgressEvent"] == made
    which = {"TypeName": queue, "Identifier": made["Identifier"]}
    described = await sandbox.ask("cloudcontrol", "GetResource", **which)
    properties = json.loads(described["ResourceDescription"]["Properties"])
    assert properties["Arn"].endswith(":jobs")
    patch = [{"op": "replace", "path": "/QueueName", "value": "jobs"},
             {"op": "add", "path": "/DelaySeconds", "value": 3}]  # fmt: skip
    asked = {**which, "PatchDocument": json.dumps(patch)}
    changed = (await sandbox.ask("cloudcontrol", "UpdateResource", **asked))["ProgressEvent"]
    assert json.loads(changed["ResourceModel"])["DelaySeconds"] == 3
    await sandbox.ask("cloudcontrol", "DeleteResource", **which)
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        await sandbox.ask("cloudcontrol", "GetResource", **which)


@pytest.mark.parametrize("type", ["AWS::S3::Bucket", "AWS::Cognito::UserPool", "Custom::Thing"])
async def test_cloud_control_refuses_types_it_has_not(sandbox: SandboxBench, type: str) -> None:
    with pytest.raises(AwsError, match="TypeNotFoundException"):
        await sandbox.ask("cloudcontrol", "CreateResource", TypeName=type, DesiredState="{}")


async def test_cloud_control_refuses_what_is_no_document(sandbox: SandboxBench) -> None:
    asked = {"TypeName": "AWS::SQS::Queue", "DesiredState": "[1"}
    with pytest.raises(AwsError, match="InvalidRequestException"):
        await sandbox.ask("cloudcontrol", "CreateResource", **asked)
    made = await sandbox.made("Jobs", "AWS::SQS::Queue", {})
    which = {"TypeName": "AWS::SQS::Queue", "Identifier": made.physical_id}
    for patch in ('[{"op":"remove","path":"/Nope"}]', "{", '[{"op":"move","path":"/QueueName"}]'):
        with pytest.raises(AwsError, match="InvalidRequestException"):
            await sandbox.ask("cloudcontrol", "UpdateResource", **which, PatchDocument=patch)
