"""Where a model of the library does less than it says, or reads what need not be there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from penstock.sandbox.cloudcontrol.removals import Kept, backend

Properties = Mapping[str, Any]


def completed(kept: Kept) -> dict[str, Any]:
    """The properties as its model takes them, for it to keep."""
    made = _with(kept.properties, _WANTED.get(kept.type, {}))
    if kept.type == "AWS::RDS::DBInstance" and (group := made.get("DBSubnetGroupName")):
        made["DBSubnetGroupName"] = backend(kept, "rds").subnet_groups[group]
    return made


def _with(given: Properties, wanted: Properties) -> dict[str, Any]:
    made = {**deepcopy(dict(wanted)), **deepcopy(dict(given))}
    for name, default in wanted.items():
        if isinstance(default, Mapping) and isinstance(made[name], Mapping):
            made[name] = _with(made[name], default)
    return made


_WANTED: Mapping[str, Properties] = {
    "AWS::ApiGateway::Method": {
        "AuthorizationType": "NONE",
        "Integration": {"IntegrationHttpMethod": "POST", "Type": "MOCK", "Uri": ""},
    },
    "AWS::Batch::JobDefinition": {"RetryStrategy": {"Attempts": 1}},
    "AWS::EC2::TransitGateway": {"Description": ""},
    "AWS::EC2::VPCEndpoint": {
        "RouteTableIds": [],
        "SecurityGroupIds": [],
        "SubnetIds": [],
        "VpcEndpointType": "Gateway",
    },
}


def _associate(kept: Kept) -> str:
    """The model's own association is seen by nobody."""
    table, subnet = (str(kept.properties[name]) for name in ("RouteTableId", "SubnetId"))
    return str(backend(kept, "ec2").associate_route_table(table, subnet_id=subnet))


def _rest_api(kept: Kept) -> Any:
    """The model's own wants a name, and reads no Body."""
    configuration = kept.properties.get("EndpointConfiguration")
    made = backend(kept, "apigateway").create_rest_api(
        name="", description="", endpoint_configuration=configuration
    )
    return _set_rest_api(kept._replace(thing=made))


def _set_rest_api(kept: Kept) -> Any:
    """Of a Body its paths, which both versions of OpenAPI have in the same form."""
    body, api = kept.properties.get("Body") or {}, kept.thing
    api.name = kept.properties.get("Name") or body.get("info", {}).get("title") or kept.name
    api.description = kept.properties.get("Description", "")
    if body:
        paths = {path: _methods(said) for path, said in body.get("paths", {}).items()}
        backend(kept, "apigateway").put_rest_api(api.id, {"paths": paths}, False, "overwrite")
    return api


def _methods(said: Properties) -> dict[str, Any]:
    """The methods of a path, with all that the library wants of what answers them."""
    made = {}
    for name, method in said.items():
        if name in _METHODS:
            answered = {"httpMethod": "POST", "uri": "", **(method.get(_INTEGRATION) or {})}
            told = {_INTEGRATION: answered} if method.get(_INTEGRATION) else {}
            made["ANY" if name == _ANY else name] = {**method, **told}
    return made


_INTEGRATION = "x-amazon-apigateway-integration"
_ANY = "x-amazon-apigateway-any-method"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", _ANY)


MAKERS: Mapping[str, Callable[[Kept], Any]] = {
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::EC2::SubnetRouteTableAssociation": _associate,
}


def _set_queue(kept: Kept) -> Any:
    """The model's own change is of two attributes only."""
    given = {name: kept.properties.get(name, default) for name, default in _QUEUE.items()}
    attributes = {name: value for name, value in given.items() if value is not None}
    attributes["Policy"] = kept.thing.policy
    backend(kept, "sqs").set_queue_attributes(kept.thing.name, attributes)
    return kept.thing


_QUEUE: Properties = {
    "ContentBasedDeduplication": None, "DelaySeconds": 0, "KmsDataKeyReusePeriodSeconds": None,
    "KmsMasterKeyId": None, "MaximumMessageSize": 262_144, "MessageRetentionPeriod": 345_600,
    "ReceiveMessageWaitTimeSeconds": 0, "RedrivePolicy": {}, "VisibilityTimeout": 30,
}  # fmt: skip
"""What an update can change, and what each is where it is not given."""
CHANGERS: Mapping[str, Callable[[Kept], Any]] = {
    "AWS::ApiGateway::RestApi": _set_rest_api,
    "AWS::SQS::Queue": _set_queue,
}


def _joined(*names: str) -> Callable[[Kept], str]:
    return lambda kept: "|".join(str(kept.properties.get(name, "")) for name in names)


def _of(name: str) -> Callable[[Kept], str]:
    return lambda kept: str(getattr(kept.thing, name))


def _attached(kept: Kept) -> str:
    kind = "IGW" if kept.properties.get("InternetGatewayId") else "VGW"
    return f"{kind}|{kept.properties['VpcId']}"


IDS: Mapping[str, Callable[[Kept], str]] = {
    "AWS::ApiGateway::Deployment": _of("id"),
    "AWS::ApiGateway::Method": _joined("RestApiId", "ResourceId", "HttpMethod"),
    "AWS::EC2::SubnetRouteTableAssociation": lambda kept: str(kept.thing),
    "AWS::EC2::VPCGatewayAttachment": _attached,
    "AWS::EC2::VolumeAttachment": _joined("VolumeId", "InstanceId"),
    "AWS::EFS::AccessPoint": _of("access_point_id"),
    "AWS::RDS::DBParameterGroup": _of("name"),
    "AWS::RDS::DBSubnetGroup": _of("name"),
}
"""Where the model's own is another resource's, or nothing at all."""
