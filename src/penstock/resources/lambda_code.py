"""The code of a function or a layer, as it is handed to the sandbox: it has no buckets of its own,
so an archive in one is fetched, and goes inline."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterable, Mapping
from typing import Any

from penstock.errors import AwsError
from penstock.resources.contract import Job
from penstock.resources.sandboxed import needed
from penstock.resources.shaping import check_names

_NAMES = (
    "ImageUri", "S3Bucket", "S3Key", "S3ObjectStorageMode", "S3ObjectVersion", "SourceKMSKeyArn",
    "ZipFile",
)  # fmt: skip
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same source makes the same archive
_RESPONSE_PY = '''"""Tells CloudFormation how a request to a custom resource has ended."""
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False,
         reason=None):
    stream = context.log_stream_name
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer["Status"] = responseStatus
    answer["Reason"] = reason or f"See the details in CloudWatch Log Stream: {stream}"
    answer["PhysicalResourceId"] = physicalResourceId or stream
    answer["NoEcho"] = noEcho
    answer["Data"] = responseData
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    try:
        print("Status code:", urllib.request.urlopen(request).status)
    except Exception as error:
        print("send(..) failed executing the request:", error)
'''
_RESPONSE_JS = """// Tells CloudFormation how a request to a custom resource has ended.
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";
exports.send = (event, context, status, data, physicalId, noEcho) => {
  const address = new URL(event.ResponseURL);
  const body = JSON.stringify({
    Status: status,
    Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
    PhysicalResourceId: physicalId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: data,
  });
  const headers = { "content-type": "", "content-length": Buffer.byteLength(body) };
  const way = require(address.protocol === "http:" ? "http" : "https");
  const request = way.request(address, { method: "PUT", headers }, (answer) => {
    console.log("Status code: " + answer.statusCode);
    context.done();
  });
  request.on("error", (error) => {
    console.log("send(..) failed executing the request: " + error);
    context.done();
  });
  request.end(body);
};
"""


async def code_of(job: Job) -> dict[str, Any]:
    """A function's Code as CreateFunction takes it: ZipFile or ImageUri. Raises AwsError."""
    needed(job.properties, "Code")
    code = job.properties["Code"]
    if not isinstance(code, Mapping):
        raise AwsError("ValidationError", "Value of property Code must be an object")
    check_names(code, _NAMES)
    if "ImageUri" in code:
        return {"ImageUri": str(code["ImageUri"])}
    if "ZipFile" in code:
        return {"ZipFile": zipped(str(code["ZipFile"]), str(job.properties.get("Runtime", "")))}
    return {"ZipFile": await archive_of(job, code)}


async def archive_of(job: Job, place: Mapping[str, Any]) -> bytes:
    """The object that S3Bucket, S3Key and S3ObjectVersion name. Raises AwsError."""
    needed(place, "S3Bucket", "S3Key")
    asked = {"Bucket": str(place["S3Bucket"]), "Key": str(place["S3Key"])}
    if version := place.get("S3ObjectVersion"):
        asked["VersionId"] = str(version)
    try:
        found = (await job.cloud.ask("s3", "GetObject", **asked))["Body"]
        return found if isinstance(found, bytes) else await _joined(found)
    except AwsError as error:
        message = (
            f"Error occurred while GetObject. S3 Error Code: {error.code}."
            f" S3 Error Message: {error.message}"
        )
        raise AwsError("InvalidParameterValueException", message) from None


async def _joined(stream: AsyncIterable[bytes]) -> bytes:
    return b"".join([part async for part in stream])


def zipped(source: str, runtime: str) -> bytes:
    """The archive CloudFormation makes of a source in a template: a file `index`, beside it the
    module that tells how a custom resource has ended."""
    if runtime.startswith("nodejs"):
        files = {"index.js": source, "cfn-response.js": _RESPONSE_JS}
    elif runtime.startswith("python"):
        files = {"index.py": source, "cfnresponse.py": _RESPONSE_PY}
    else:
        message = "ZipFile can only be used when Runtime is set to either of nodejs or python"
        raise AwsError("InvalidParameterValueException", message)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, _LONG_AGO)
            info.external_attr = 0o644 << 16
            archive.writestr(info, text)
    return made.getvalue()
