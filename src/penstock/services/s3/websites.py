"""Website configurations; what a website answers is in website.py."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.s3.access import own_bucket
from penstock.services.s3.refusals import invalid_argument, malformed
from penstock.services.s3.settings import setting
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.buckets import set_setting

NO_WEBSITE = (
    "NoSuchWebsiteConfiguration",
    "The specified bucket does not have a website configuration",
)
MOST = 50  # routing rules


class Websites(Service):
    async def put_bucket_website(self, call: Call, request: Request) -> Answer:
        configuration = request["WebsiteConfiguration"]
        _check(configuration)
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "website", configuration)
        return {}

    async def get_bucket_website(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        return setting(bucket, "website", NO_WEBSITE)

    async def delete_bucket_website(self, call: Call, request: Request) -> Answer:
        bucket = await own_bucket(self.store, call, request)
        await set_setting(self.store.database, bucket, "website", None)
        return {}


def _check(configuration: dict[str, Any]) -> None:
    redirect = configuration.get("RedirectAllRequestsTo")
    if redirect:
        if len(configuration) > 1:
            raise malformed()
        _check_protocol(redirect)
        return
    suffix = configuration.get("IndexDocument", {}).get("Suffix")
    if suffix is None:
        raise invalid_argument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            "IndexDocument",
            "null",
        )
    if not suffix or "/" in suffix:
        raise invalid_argument(
            "The IndexDocument Suffix is not well formed", "IndexDocument", suffix
        )
    if configuration.get("ErrorDocument", {"Key": "-"})["Key"] == "":
        raise invalid_argument("The ErrorDocument Key is not well formed", "ErrorDocument", "")
    rules = configuration.get("RoutingRules", ())
    if len(rules) > MOST:
        raise AwsError(
            "InvalidRequest",
            f"{len(rules)} routing rules provided, the number of routing rules in a website"
            f" configuration is limited to {MOST}.",
        )
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: dict[str, Any]) -> None:
    redirect, condition = rule["Redirect"], rule.get("Condition")
    if not redirect or condition == {}:
        raise malformed()
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise AwsError(
            "InvalidRequest",
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        )
    _check_protocol(redirect)
    code = redirect.get("HttpRedirectCode", "301")
    if not (code.isdecimal() and 300 < int(code) < 400):
        raise AwsError(
            "InvalidRequest",
            f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except"
            " 300.",
        )
    error = (condition or {}).get("HttpErrorCodeReturnedEquals", "404")
    if not (error.isdecimal() and 400 <= int(error) < 600):
        raise AwsError(
            "InvalidRequest",
            f"The provided HTTP error code ({error}) is not valid. Valid codes are 4XX or 5XX.",
        )


def _check_protocol(redirect: dict[str, Any]) -> None:
    if redirect.get("Protocol", "http") not in ("http", "https"):
        raise AwsError(
            "InvalidRequest",
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be"
            " selected automatically.",
        )
