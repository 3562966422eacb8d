"""A bucket by its URL: where it is, and who we are there.

`s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. What the URL does not say is taken from where AWS's
own tools look: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, and for keys
the variables, the files of ~/.aws, a web identity, a container's or a machine's role.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from obstore.store import S3Store, from_url

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig, S3Config

OPTIONS = ("endpoint", "region")
REGION = "us-east-1"
_KEYS_HOLD = timedelta(minutes=10)  # until they are asked for again
# A caller waits for less than a minute: better an error that it knows what to do with.
_CLIENT: ClientConfig = {"connect_timeout": "5s", "timeout": "60s"}
_RETRY: RetryConfig = {
    "max_retries": 8,
    "retry_timeout": timedelta(seconds=25),
    "backoff": {"max_backoff": timedelta(seconds=5)},
}


def open_bucket(url: str) -> ObjectStore:
    """Raises ValueError for what is no bucket's URL. Whether it answers is not asked."""
    if urlsplit(url).scheme != "s3":
        return from_url(url)
    name, prefix, where = read_s3_url(url, os.environ)
    return S3Store(
        name,
        prefix=prefix or None,
        config=_config(where),
        client_options={**_CLIENT, "allow_http": where["endpoint"].startswith("http:")},
        retry_config=_RETRY,
        credential_provider=_keys(os.environ),
    )


def read_s3_url(url: str, environ: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    """Its bucket, the prefix in it, and its `region` and `endpoint`, "" where that is AWS's own.

    Raises ValueError.
    """
    parts = urlsplit(url)
    if not parts.netloc:
        raise ValueError("there is no bucket in s3://BUCKET/PREFIX")
    where = dict(parse_qsl(parts.query, keep_blank_values=True))
    for option in where:
        if option not in OPTIONS:
            raise ValueError(f"{option} is no option of s3://: there are {' and '.join(OPTIONS)}")
    found = {
        "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    }
    for option, variables in found.items():
        given = (where.get(option), *(environ.get(name) for name in variables))
        where[option] = next(filter(None, given), "")
    where["region"] = where["region"] or REGION
    if where["endpoint"] and not where["endpoint"].startswith(("http://", "https://")):
        raise ValueError(f"the endpoint {where['endpoint']!r} is no http:// or https:// URL")
    return parts.netloc, parts.path.strip("/"), where


def _config(where: Mapping[str, str]) -> S3Config:
    found: S3Config = {"region": where["region"]}
    if where["endpoint"]:
        found["endpoint"] = where["endpoint"].rstrip("/")
    return found


def _keys(environ: Mapping[str, str]) -> Any:
    """Who looks keys up in the files of ~/.aws; None where obstore finds them by itself."""
    files = (
        environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    if environ.get("AWS_ACCESS_KEY_ID") and not environ.get("AWS_PROFILE"):
        return None
    if not any(os.path.exists(os.path.expanduser(file)) for file in files):
        return None
    import botocore.session

    session = botocore.session.Session()

    def look_up() -> dict[str, Any]:
        found = session.get_credentials()
        if found is None:
            raise PermissionError("no AWS credentials were found for it")
        keys = found.get_frozen_credentials()
        return {
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
            "token": keys.token,
            "expires_at": datetime.now(UTC) + _KEYS_HOLD,
        }

    return look_up
