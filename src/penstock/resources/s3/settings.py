"""A bucket's settings: each a property of the template, and the operation that puts it.

Where a template does not have one any more, the bucket gets what it has from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from penstock.errors import AwsError, not_implemented
from penstock.resources.s3.lifecycle import lifecycle_rule
from penstock.resources.shaping import check_names, shaped

DEFAULT_OWNERSHIP = "BucketOwnerEnforced"
Document = Mapping[str, Any]
Asked = tuple[str, dict[str, Any]]
"""An operation, and what it is asked besides the bucket's name."""
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_CANNED = {
    "AuthenticatedRead": "authenticated-read",
    "AwsExecRead": "aws-exec-read",
    "BucketOwnerFullControl": "bucket-owner-full-control",
    "BucketOwnerRead": "bucket-owner-read",
    "LogDeliveryWrite": "log-delivery-write",
    "Private": "private",
    "PublicRead": "public-read",
    "PublicReadWrite": "public-read-write",
}


class Setting(NamedTuple):
    """`put` makes of a property's value, and the bucket's name, what its operation is asked."""

    property: str
    put: Callable[[Any, str], Asked]
    default: Asked

    def request(self, value: Any, bucket: str) -> Asked:
        return self.default if value is None else self.put(value, bucket)


def renamed(value: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """An object with other names for its members; those that stay are named too."""
    if not isinstance(value, Mapping):
        raise AwsError("ValidationError", f"{value!r} must be an object")
    check_names(value, names)
    return {names[name]: value[name] for name in value}


def _ownership(value: Any, _: str) -> Asked:
    controls = shaped("s3", "OwnershipControls", value)
    return "PutBucketOwnershipControls", {"OwnershipControls": controls}


def _public_access(value: Any, _: str) -> Asked:
    blocks = shaped("s3", "PublicAccessBlockConfiguration", value)
    return "PutPublicAccessBlock", {"PublicAccessBlockConfiguration": blocks}


def _access_control(value: Any, _: str) -> Asked:
    if value not in _CANNED:
        raise AwsError("ValidationError", f"{value} is not a valid value of AccessControl")
    return "PutBucketAcl", {"ACL": _CANNED[value]}


def _versioning(value: Any, _: str) -> Asked:
    configuration = shaped("s3", "VersioningConfiguration", value)
    return "PutBucketVersioning", {"VersioningConfiguration": configuration}


def _encryption(value: Any, _: str) -> Asked:
    found = renamed(value, {"ServerSideEncryptionConfiguration": "Rules"})
    names = {
        "BlockedEncryptionTypes": "BlockedEncryptionTypes",
        "BucketKeyEnabled": "BucketKeyEnabled",
        "ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
    }
    rules = {"Rules": [renamed(rule, names) for rule in found.get("Rules", ())]}
    configuration = shaped("s3", "ServerSideEncryptionConfiguration", rules)
    return "PutBucketEncryption", {"ServerSideEncryptionConfiguration": configuration}


def _cors(value: Any, _: str) -> Asked:
    names = {
        "AllowedHeaders": "AllowedHeaders",
        "AllowedMethods": "AllowedMethods",
        "AllowedOrigins": "AllowedOrigins",
        "ExposedHeaders": "ExposeHeaders",
        "Id": "ID",
        "MaxAge": "MaxAgeSeconds",
    }
    found = renamed(value, {"CorsRules": "CORSRules"})
    rules = {"CORSRules": [renamed(rule, names) for rule in found.get("CORSRules", ())]}
    return "PutBucketCors", {"CORSConfiguration": shaped("s3", "CORSConfiguration", rules)}


def _lifecycle(value: Any, _: str) -> Asked:
    minimum = "TransitionDefaultMinimumObjectSize"
    found = renamed(value, {"Rules": "Rules", minimum: minimum})
    rules = {"Rules": [lifecycle_rule(rule) for rule in found.pop("Rules", ())]}
    configuration = shaped("s3", "BucketLifecycleConfiguration", rules)
    operation = "PutBucketLifecycleConfiguration"
    return operation, {"LifecycleConfiguration": configuration, **found}


def _logging(value: Any, bucket: str) -> Asked:
    names = {
        "DestinationBucketName": "TargetBucket",
        "LogFilePrefix": "TargetPrefix",
        "TargetObjectKeyFormat": "TargetObjectKeyFormat",
    }
    found = {"TargetBucket": bucket, "TargetPrefix": "", **renamed(value, names)}
    enabled = {"LoggingEnabled": shaped("s3", "LoggingEnabled", found)}
    return "PutBucketLogging", {"BucketLoggingStatus": enabled}


def _website(value: Any, _: str) -> Asked:
    same = ("ErrorDocument", "IndexDocument", "RedirectAllRequestsTo", "RoutingRules")
    found = renamed(value, dict(zip(same, same, strict=True)))
    for name, member in (("IndexDocument", "Suffix"), ("ErrorDocument", "Key")):
        if name in found:
            found[name] = {member: found[name]}
    if "RoutingRules" in found:
        names = {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"}
        found["RoutingRules"] = [renamed(rule, names) for rule in found["RoutingRules"]]
    configuration = shaped("s3", "WebsiteConfiguration", found)
    return "PutBucketWebsite", {"WebsiteConfiguration": configuration}


def _notifications(value: Any, _: str) -> Asked:
    others = ("LambdaConfigurations", "QueueConfigurations", "TopicConfigurations")
    names = ("EventBridgeConfiguration", *others)
    found = renamed(value, dict(zip(names, names, strict=True)))
    for name in others:
        if found.get(name):
            raise not_implemented(f"AWS::S3::Bucket NotificationConfiguration {name}")
    bridge = found.get("EventBridgeConfiguration")
    tells = bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true"
    return _notification({"EventBridgeConfiguration": {}} if tells else {})


def _notification(configuration: dict[str, Any]) -> Asked:
    asked = {"NotificationConfiguration": configuration}
    return "PutBucketNotificationConfiguration", asked


def _accelerate(value: Any, _: str) -> Asked:
    status = renamed(value, {"AccelerationStatus": "Status"})
    configuration = shaped("s3", "AccelerateConfiguration", status)
    return "PutBucketAccelerateConfiguration", {"AccelerateConfiguration": configuration}


SETTINGS = (
    Setting(
        "OwnershipControls",
        _ownership,
        _ownership({"Rules": [{"ObjectOwnership": DEFAULT_OWNERSHIP}]}, ""),
    ),
    Setting(
        "PublicAccessBlockConfiguration",
        _public_access,
        _public_access(dict.fromkeys(_BLOCKS, True), ""),
    ),
    Setting("AccessControl", _access_control, ("PutBucketAcl", {"ACL": "private"})),
    Setting("VersioningConfiguration", _versioning, _versioning({"Status": "Suspended"}, "")),
    Setting("BucketEncryption", _encryption, ("DeleteBucketEncryption", {})),
    Setting("CorsConfiguration", _cors, ("DeleteBucketCors", {})),
    Setting("LifecycleConfiguration", _lifecycle, ("DeleteBucketLifecycle", {})),
    Setting("LoggingConfiguration", _logging, ("PutBucketLogging", {"BucketLoggingStatus": {}})),
    Setting("WebsiteConfiguration", _website, ("DeleteBucketWebsite", {})),
    Setting("NotificationConfiguration", _notifications, _notification({})),
    Setting(
        "AccelerateConfiguration", _accelerate, _accelerate({"AccelerationStatus": "Suspended"}, "")
    ),
)


def ordered(properties: Document) -> Sequence[Setting]:
    """In the order in which they can be put: a list of access that lets others in comes after what
    allows such lists, a private one before what forbids them."""
    if properties.get("AccessControl", "Private") != "Private":
        return SETTINGS
    return sorted(SETTINGS, key=lambda setting: setting.property != "AccessControl")
