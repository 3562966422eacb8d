"""Types that the sandbox has a model of, beyond those of the modules here: by its Cloud Control.

Where a model cannot make what a template says, or cannot change it, the resource is only recorded;
the events say which it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from penstock.documents.resource_schemas import ResourceSchema, schema_of
from penstock.errors import AwsError
from penstock.resources.contract import Answer, Handler, Job, Kind, Made, NotMade, Outcome
from penstock.resources.existence import recorded
from penstock.resources.plausible import Plausible
from penstock.resources.reasons import handler_error_code
from penstock.resources.recorded import check_properties

LOG = logging.getLogger(__name__)
UNABLE = ("ServiceInternalError",)
"""How Cloud Control says that a model cannot."""

TYPES: Mapping[str, str] = {
    "AWS::ApiGateway::Deployment": "",
    "AWS::ApiGateway::Method": "",
    "AWS::ApiGateway::Resource": "",
    "AWS::ApiGateway::RestApi": "",
    "AWS::AutoScaling::AutoScalingGroup": "AutoScalingGroupName",
    "AWS::AutoScaling::LaunchConfiguration": "LaunchConfigurationName",
    "AWS::AutoScaling::ScheduledAction": "",
    "AWS::Batch::ComputeEnvironment": "ComputeEnvironmentName",
    "AWS::Batch::JobDefinition": "JobDefinitionName",
    "AWS::Batch::JobQueue": "JobQueueName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::EIP": "",
    "AWS::EC2::FlowLog": "",
    "AWS::EC2::Instance": "",
    "AWS::EC2::InternetGateway": "",
    "AWS::EC2::LaunchTemplate": "LaunchTemplateName",
    "AWS::EC2::NatGateway": "",
    "AWS::EC2::NetworkInterface": "",
    "AWS::EC2::Route": "",
    "AWS::EC2::RouteTable": "",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::EC2::Subnet": "",
    "AWS::EC2::SubnetRouteTableAssociation": "",
    "AWS::EC2::TransitGateway": "",
    "AWS::EC2::VPC": "",
    "AWS::EC2::VPCEndpoint": "",
    "AWS::EC2::VPCGatewayAttachment": "",
    "AWS::EC2::VPCPeeringConnection": "",
    "AWS::EC2::VPNGateway": "",
    "AWS::EC2::Volume": "",
    "AWS::EC2::VolumeAttachment": "",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::ECS::TaskDefinition": "Family",
    "AWS::EFS::AccessPoint": "",
    "AWS::EFS::FileSystem": "",
    "AWS::EFS::MountTarget": "",
    "AWS::ElasticLoadBalancing::LoadBalancer": "LoadBalancerName",
    "AWS::ElasticLoadBalancingV2::Listener": "",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "Name",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
    "AWS::Kinesis::Stream": "Name",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::Redshift::Cluster": "ClusterIdentifier",
    "AWS::Redshift::ClusterParameterGroup": "ParameterGroupName",
    "AWS::Redshift::ClusterSubnetGroup": "",
    "AWS::Route53::HealthCheck": "",
    "AWS::Route53::HostedZone": "",
    "AWS::Route53::RecordSet": "",
    "AWS::SQS::Queue": "QueueName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""With the property that names one, where CloudFormation makes a name for it."""
_LONGEST = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 32,
    "AWS::ElasticLoadBalancing::LoadBalancer": 32,
}
_LOWER = ("AWS::RDS::", "AWS::Redshift::")


class Simulated:
    """Resources of one type."""

    def __init__(self, type: str) -> None:
        self._type = type

    async def create(self, job: Job) -> Outcome:
        self._check(job)
        state = {**job.properties, **self._name(job)}
        event = await self._ask(job, "Create", DesiredState=json.dumps(state))
        if event["OperationStatus"] == "SUCCESS":
            return self._made(job, event)
        if event["ErrorCode"] in UNABLE:
            return self._recorded(job, event)
        return NotMade(_reason(job, event), kind=Kind.SANDBOX)

    async def update(self, job: Job) -> Outcome:
        self._check(job)
        patch = json.dumps(_patch(job.previous, job.properties))
        which = {"Identifier": job.physical_id, "PatchDocument": patch}
        try:
            event = await self._ask(job, "Update", **which)
        except AwsError as error:
            if handler_error_code(error) != "NotFound":
                raise
            return recorded(job)  # as it was made, or as the server began anew
        if event["OperationStatus"] == "SUCCESS":
            return self._made(job, event)
        if event["ErrorCode"] in UNABLE:
            LOG.info("%s %s: %s", self._type, job.physical_id, event["StatusMessage"])
            return recorded(job)
        return NotMade(_reason(job, event), job.physical_id, Kind.SANDBOX)

    async def delete(self, job: Job) -> Outcome:
        try:
            event = await self._ask(job, "Delete", Identifier=job.physical_id)
        except AwsError as error:
            if handler_error_code(error) != "NotFound":
                raise
            return Made(job.physical_id, kind=Kind.SANDBOX)
        if event["OperationStatus"] == "SUCCESS" or event["ErrorCode"] == "NotFound":
            return Made(job.physical_id, kind=Kind.SANDBOX)
        return NotMade(_reason(job, event), job.physical_id, Kind.SANDBOX)

    async def _ask(self, job: Job, verb: str, **request: Any) -> Answer:
        """The event that tells how it ended."""
        token = f"{verb}-{job.task.id}"
        asked = {"TypeName": self._type, "ClientToken": token, **request}
        answer = await job.cloud.ask("cloudcontrol", f"{verb}Resource", **asked)
        event: Answer = answer["ProgressEvent"]
        return event

    def _made(self, job: Job, event: Answer) -> Made:
        """The attributes that the model does not know are of the right form only."""
        physical_id = str(event["Identifier"])
        known = {**self._identifying(physical_id), **json.loads(event["ResourceModel"])}
        attributes = self._plausible(job).attributes()
        found = {name: known.get(name, attributes[name]) for name in attributes}
        return Made(physical_id, found, Kind.SANDBOX)

    def _recorded(self, job: Job, event: Answer) -> Made:
        LOG.info("%s %s: %s", self._type, job.task.logical_id, event["StatusMessage"])
        values = self._plausible(job)
        return Made(values.physical_id(), values.attributes(), Kind.RECORDED)

    def _identifying(self, physical_id: str) -> dict[str, str]:
        identifier = self._schema().primary_identifier
        return {identifier[0]: physical_id} if len(identifier) == 1 else {}

    def _plausible(self, job: Job) -> Plausible:
        named = job._replace(properties={**job.properties, **self._name(job)})
        return Plausible(named, self._schema())

    def _check(self, job: Job) -> None:
        check_properties(job, self._schema())

    def _schema(self) -> ResourceSchema:
        schema = schema_of(self._type)
        if schema is None:  # the types here are all published ones
            raise AwsError("ValidationError", f"There is no schema of {self._type}")
        return schema

    def _name(self, job: Job) -> dict[str, str]:
        name = TYPES[self._type]
        if not name or job.properties.get(name):
            return {}
        made = job.name(_LONGEST.get(self._type, 63), lower=self._type.startswith(_LOWER))
        fifo = str(job.properties.get("FifoQueue", "")).lower() == "true"
        return {name: f"{made}.fifo" if fifo else made}


def _patch(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What UpdateResource takes. A name that was made stays."""
    gone = [{"op": "remove", "path": f"/{name}"} for name in before if name not in now]
    put = [
        {"op": "add", "path": f"/{name}", "value": value}
        for name, value in now.items()
        if value != before.get(name)
    ]
    return gone + put


def _reason(job: Job, event: Answer) -> str:
    return (
        f'Resource handler returned message: "{event["StatusMessage"]}"'
        f" (RequestToken: {job.task.id}, HandlerErrorCode: {event['ErrorCode']})"
    )


HANDLERS: Mapping[str, Handler] = {type: Simulated(type) for type in TYPES}
