"""Functions of Lambda, their versions and aliases, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.resources.contract import Handler, Job
from penstock.resources.existence import unless_gone, unless_there
from penstock.resources.lambda_code import archive_of, code_of
from penstock.resources.sandboxed import Sandboxed, changed, needed, plain_list
from penstock.resources.shaping import check_names, request_of, shaped
from penstock.resources.tags import tag_change, tags_of

_CONFIGURATION = (
    "CapacityProviderConfig", "DeadLetterConfig", "Description", "DurableConfig", "Environment",
    "EphemeralStorage", "FileSystemConfigs", "Handler", "ImageConfig", "KmsKeyArn", "Layers",
    "LoggingConfig", "MemorySize", "Role", "Runtime", "SnapStart", "Timeout", "TracingConfig",
    "VpcConfig",
)  # fmt: skip
_ONCE = ("Architectures", "CodeSigningConfigArn", "FunctionName", "PackageType", "TenancyConfig")
_APART = (
    "Code", "FunctionScalingConfig", "PublishToLatestPublished", "RecursiveLoop",
    "ReservedConcurrentExecutions", "RuntimeManagementConfig", "Tags",
)  # fmt: skip
_CODE = ("Architectures", "Code", "PackageType")
_DEFAULTS = {
    "DeadLetterConfig": {}, "Description": "", "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [], "ImageConfig": {}, "KmsKeyArn": "", "Layers": [], "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"}, "Timeout": 3, "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}  # fmt: skip
"""What an update makes of a property that is not given any more."""


class Function(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "Role")
        name = str(job.properties.get("FunctionName") or job.name(64))
        taken = (*_CONFIGURATION, *_ONCE)
        asked = request_of("lambda", "CreateFunctionRequest", job.properties, taken, _APART)
        asked |= {"FunctionName": name, "Code": await code_of(job), "Tags": tags_of(job)}
        if "ImageUri" in asked["Code"]:
            asked.setdefault("PackageType", "Image")
        await unless_there(job, job.cloud.ask("lambda", "CreateFunction", **asked))
        return name

    async def change(self, job: Job) -> None:
        which = {"FunctionName": job.physical_id}
        check_names(job.properties, (*_CONFIGURATION, *_ONCE, *_APART))
        if changed(job, *_CODE):
            code = await code_of(job)
            if architectures := plain_list(job.properties.get("Architectures")):
                code["Architectures"] = architectures
            await job.cloud.ask("lambda", "UpdateFunctionCode", **which, **code)
        given = {name: job.properties[name] for name in _CONFIGURATION if name in job.properties}
        dropped = {
            name: default for name, default in _DEFAULTS.items()
            if name in job.previous and name not in given
        }  # fmt: skip
        asked = shaped("lambda", "UpdateFunctionConfigurationRequest", dropped | given)
        await job.cloud.ask("lambda", "UpdateFunctionConfiguration", **which, **asked)
        await _tag(job)

    async def complete(self, job: Job, physical_id: str) -> None:
        if not changed(job, "ReservedConcurrentExecutions"):
            return
        wanted, which = (
            job.properties.get("ReservedConcurrentExecutions"),
            {"FunctionName": physical_id},
        )
        if wanted is None:
            await unless_gone(job.cloud.ask("lambda", "DeleteFunctionConcurrency", **which))
            return
        given = {"ReservedConcurrentExecutions": wanted}
        asked = shaped("lambda", "PutFunctionConcurrencyRequest", given)
        await job.cloud.ask("lambda", "PutFunctionConcurrency", **which, **asked)

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        """Nothing starts from snapshots here."""
        applied = str(_member(job, "SnapStart", "ApplyOn") or "None")
        response = {"ApplyOn": applied, "OptimizationStatus": "Off"}
        members = {f"SnapStartResponse.{name}": value for name, value in response.items()}
        return {"Arn": _arn(job, physical_id), "SnapStartResponse": response, **members}

    async def remove(self, job: Job) -> None:
        await job.cloud.ask("lambda", "DeleteFunction", FunctionName=job.physical_id)


class Version(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "FunctionName")
        asked = request_of(
            "lambda",
            "PublishVersionRequest",
            job.properties,
            ("CodeSha256", "Description", "FunctionName"),
            ("FunctionScalingConfig", "ProvisionedConcurrencyConfig", "RuntimePolicy"),
        )
        return str((await job.cloud.ask("lambda", "PublishVersion", **asked))["FunctionArn"])

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"FunctionArn": physical_id, "Version": physical_id.rpartition(":")[2]}

    async def remove(self, job: Job) -> None:
        function, _, version = job.physical_id.rpartition(":")
        await job.cloud.ask("lambda", "DeleteFunction", FunctionName=function, Qualifier=version)


class Alias(Sandboxed):
    """Moves at once, whatever its update policy says: no deployment shifts traffic in the
    sandbox."""

    async def make(self, job: Job) -> str:
        needed(job.properties, "FunctionName", "FunctionVersion", "Name")
        asked = _alias(job)
        await unless_there(job, job.cloud.ask("lambda", "CreateAlias", **asked))
        return f"{_arn(job, asked['FunctionName'])}:{asked['Name']}"

    async def change(self, job: Job) -> None:
        await job.cloud.ask("lambda", "UpdateAlias", **_alias(job))

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"AliasArn": physical_id}

    async def remove(self, job: Job) -> None:
        function, _, name = job.physical_id.rpartition(":")
        await job.cloud.ask("lambda", "DeleteAlias", FunctionName=function, Name=name)


def _alias(job: Job) -> dict[str, Any]:
    """A template lists the weights of versions; Lambda has them by version."""
    taken = ("Description", "FunctionName", "FunctionVersion", "Name")
    apart = ("ProvisionedConcurrencyConfig", "RoutingConfig")
    asked = request_of("lambda", "CreateAliasRequest", job.properties, taken, apart)
    weights = plain_list(_member(job, "RoutingConfig", "AdditionalVersionWeights"))
    routed = {str(each["FunctionVersion"]): float(each["FunctionWeight"]) for each in weights}
    return asked | {"RoutingConfig": {"AdditionalVersionWeights": routed}}


class LayerVersion(Sandboxed):
    async def make(self, job: Job) -> str:
        needed(job.properties, "Content")
        asked = request_of(
            "lambda",
            "PublishLayerVersionRequest",
            job.properties,
            (
                "CompatibleArchitectures",
                "CompatibleRuntimes",
                "Description",
                "LayerName",
                "LicenseInfo",
            ),
            ("Content",),
        )
        asked.setdefault("LayerName", job.name(140))
        asked["Content"] = {"ZipFile": await archive_of(job, job.properties["Content"])}
        made = await job.cloud.ask("lambda", "PublishLayerVersion", **asked)
        return str(made["LayerVersionArn"])

    async def attributes(self, job: Job, physical_id: str) -> Mapping[str, Any]:
        return {"LayerVersionArn": physical_id}

    async def remove(self, job: Job) -> None:
        layer, _, version = job.physical_id.rpartition(":")
        asked = {"LayerName": layer, "VersionNumber": int(version)}
        await job.cloud.ask("lambda", "DeleteLayerVersion", **asked)


async def _tag(job: Job) -> None:
    change, arn = tag_change(job), _arn(job, job.physical_id)
    if change.gone:
        await job.cloud.ask("lambda", "UntagResource", Resource=arn, TagKeys=change.gone)
    if change.put:
        await job.cloud.ask("lambda", "TagResource", Resource=arn, Tags=change.put)


def _arn(job: Job, function: str) -> str:
    """A function's ARN, by its name or ARN."""
    place = f"arn:aws:lambda:{job.stack.region}:{job.stack.account}:function"
    return function if function.startswith("arn:") else f"{place}:{function}"


def _member(job: Job, name: str, member: str) -> Any:
    value = job.properties.get(name)
    return value.get(member) if isinstance(value, Mapping) else None


HANDLERS: Mapping[str, Handler] = {
    "AWS::Lambda::Alias": Alias(),
    "AWS::Lambda::Function": Function(),
    "AWS::Lambda::LayerVersion": LayerVersion(),
    "AWS::Lambda::Version": Version(),
}
