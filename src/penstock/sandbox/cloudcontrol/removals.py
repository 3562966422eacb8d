"""How resources are removed whose models say nothing of it: by what removes them for the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from penstock.sandbox.imports import importing


class Kept(NamedTuple):
    """A resource that has been made. `thing` is what the library has of it; `name` is the one it
    was given, or its physical id where it has no name."""

    type: str
    thing: Any
    physical_id: str
    name: str
    properties: Mapping[str, Any]
    account: str
    region: str


def backend(kept: Kept, service: str) -> Any:
    with importing():
        from moto.backends import get_backend

        regions: Any = get_backend(service)  # type: ignore[call-overload]
    own = regions[kept.account]
    return own[kept.region if kept.region in own else "aws"]


def _by_id(service: str, method: str) -> Callable[[Kept], Any]:
    return lambda kept: getattr(backend(kept, service), method)(kept.physical_id)


def _by_ids(service: str, method: str) -> Callable[[Kept], Any]:
    return lambda kept: getattr(backend(kept, service), method)([kept.physical_id])


def _method(kept: Kept) -> None:
    rest, resource = (str(kept.properties[name]) for name in ("RestApiId", "ResourceId"))
    found = backend(kept, "apigateway").get_resource(rest, resource)
    found.delete_method(kept.properties["HttpMethod"])


def _resource(kept: Kept) -> None:
    backend(kept, "apigateway").delete_resource(kept.properties["RestApiId"], kept.physical_id)


def _deployment(kept: Kept) -> None:
    """With the stage that a deployment names, which nothing else deletes."""
    api = backend(kept, "apigateway").get_rest_api(kept.properties["RestApiId"])
    api.stages.pop(kept.properties.get("StageName"), None)
    api.delete_deployment(kept.physical_id)


def _scheduled_action(kept: Kept) -> None:
    group = kept.properties["AutoScalingGroupName"]
    backend(kept, "autoscaling").delete_scheduled_action(group, kept.name)


def _address(kept: Kept) -> None:
    backend(kept, "ec2").release_address(allocation_id=kept.thing.allocation_id)


def _internet_gateway(kept: Kept) -> None:
    if kept.thing.vpc:
        backend(kept, "ec2").detach_internet_gateway(kept.physical_id, kept.thing.vpc.id)
    backend(kept, "ec2").delete_internet_gateway(kept.physical_id)


def _route(kept: Kept) -> None:
    given = kept.properties
    backend(kept, "ec2").delete_route(
        given["RouteTableId"],
        given.get("DestinationCidrBlock"),
        given.get("DestinationIpv6CidrBlock"),
        given.get("DestinationPrefixListId"),
    )


def _gateway_attachment(kept: Kept) -> None:
    vpc, given = kept.properties["VpcId"], kept.properties
    if gateway := given.get("InternetGatewayId"):
        backend(kept, "ec2").detach_internet_gateway(gateway, vpc)
    else:
        backend(kept, "ec2").detach_vpn_gateway(given["VpnGatewayId"], vpc)


def _volume_attachment(kept: Kept) -> None:
    volume, instance = (kept.properties[name] for name in ("VolumeId", "InstanceId"))
    backend(kept, "ec2").detach_volume(volume, instance, kept.properties["Device"])


def _service(kept: Kept) -> None:
    cluster = str(kept.properties.get("Cluster") or "default").rpartition("/")[2]
    backend(kept, "ecs").delete_service(cluster, kept.thing.name, True)


def _cluster(kept: Kept) -> None:
    backend(kept, "redshift").delete_cluster(
        cluster_identifier=kept.physical_id, skip_final_snapshot=True
    )


def _zone(kept: Kept) -> None:
    """AWS refuses to delete a zone that has records of others; those it has itself go with it."""
    kept.thing.rrsets = [each for each in kept.thing.rrsets if each.type not in ("NS", "SOA")]
    backend(kept, "route53").delete_hosted_zone(kept.physical_id)


REMOVALS: Mapping[str, Callable[[Kept], Any]] = {
    "AWS::ApiGateway::Deployment": _deployment,
    "AWS::ApiGateway::Method": _method,
    "AWS::ApiGateway::Resource": _resource,
    "AWS::ApiGateway::RestApi": _by_id("apigateway", "delete_rest_api"),
    "AWS::AutoScaling::ScheduledAction": _scheduled_action,
    "AWS::Batch::ComputeEnvironment": _by_id("batch", "delete_compute_environment"),
    "AWS::Batch::JobDefinition": _by_id("batch", "deregister_job_definition"),
    "AWS::Batch::JobQueue": _by_id("batch", "delete_job_queue"),
    "AWS::EC2::EIP": _address,
    "AWS::EC2::FlowLog": _by_ids("ec2", "delete_flow_logs"),
    "AWS::EC2::InternetGateway": _internet_gateway,
    "AWS::EC2::NatGateway": _by_id("ec2", "delete_nat_gateway"),
    "AWS::EC2::NetworkInterface": _by_id("ec2", "delete_network_interface"),
    "AWS::EC2::Route": _route,
    "AWS::EC2::RouteTable": _by_id("ec2", "delete_route_table"),
    "AWS::EC2::SubnetRouteTableAssociation": _by_id("ec2", "disassociate_route_table"),
    "AWS::EC2::TransitGateway": _by_id("ec2", "delete_transit_gateway"),
    "AWS::EC2::VPCEndpoint": _by_ids("ec2", "delete_vpc_endpoints"),
    "AWS::EC2::VPCGatewayAttachment": _gateway_attachment,
    "AWS::EC2::VPCPeeringConnection": _by_id("ec2", "delete_vpc_peering_connection"),
    "AWS::EC2::VPNGateway": _by_id("ec2", "delete_vpn_gateway"),
    "AWS::EC2::Volume": _by_id("ec2", "delete_volume"),
    "AWS::EC2::VolumeAttachment": _volume_attachment,
    "AWS::ECS::Cluster": _by_id("ecs", "delete_cluster"),
    "AWS::ECS::Service": _service,
    "AWS::ECS::TaskDefinition": _by_id("ecs", "deregister_task_definition"),
    "AWS::ElasticLoadBalancingV2::Listener": _by_id("elbv2", "delete_listener"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": _by_id("elbv2", "delete_rule"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _by_id("elbv2", "delete_target_group"),
    "AWS::Redshift::Cluster": _cluster,
    "AWS::Redshift::ClusterParameterGroup": _by_id("redshift", "delete_cluster_parameter_group"),
    "AWS::Redshift::ClusterSubnetGroup": _by_id("redshift", "delete_cluster_subnet_group"),
    "AWS::Route53::HealthCheck": _by_id("route53", "delete_health_check"),
    "AWS::Route53::HostedZone": _zone,
}
