"""Source credentials.

Those of CODECONNECTIONS are kept and listed and have no effect: the connection they name is of AWS,
and git asks the machine's own credentials instead.
"""

from __future__ import annotations

import re

from penstock.services.codebuild.errors import exists, not_found, require
from penstock.services.codebuild.words import check_words
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store.source_credentials import (
    Credential,
    delete_credential,
    list_credentials,
    put_credential,
)

_RESOURCES = {
    "CODECONNECTIONS": (
        re.compile(r"arn:aws[a-z-]*:(?:codeconnections|codestar-connections):.+:connection/.+"),
        "Token must be a valid CodeConnections arn",
    ),
    "SECRETS_MANAGER": (
        re.compile(r"arn:aws[a-z-]*:secretsmanager:.+:secret:.+"),
        "Token must be a valid Secrets Manager arn",
    ),
}


class SourceCredentials(Service):
    async def import_source_credentials(self, call: Call, request: Request) -> Answer:
        check_words("ImportSourceCredentialsInput", request)
        check_credential(request)
        server, auth = request["serverType"], request["authType"]
        arn = call.arn(f"token/{server.lower()}")
        if not await put_credential(
            self.store.database,
            self.store.sealer,
            call.account,
            call.region,
            arn,
            Credential(server, auth, request.get("username"), request["token"]),
            resource=request["token"] if auth in _RESOURCES else None,
            overwrite=request.get("shouldOverwrite", True),
        ):
            raise exists(
                f"Access token with server type {server} already exists."
                " Delete its source credential and try again."
            )
        return {"arn": arn}

    async def list_source_credentials(self, call: Call, request: Request) -> Answer:
        rows = await list_credentials(self.store.database, call.account, call.region)
        return {
            "sourceCredentialsInfos": [
                {
                    "arn": row.arn,
                    "serverType": row.server_type,
                    "authType": row.auth_type,
                    **({"resource": row.resource} if row.resource else {}),
                }
                for row in rows
            ]
        }

    async def delete_source_credentials(self, call: Call, request: Request) -> Answer:
        arn = request["arn"]
        if not await delete_credential(self.store.database, call.account, call.region, arn):
            raise not_found(f"Source credentials cannot be found: {arn}")
        return {"arn": arn}


def check_credential(request: Request) -> None:
    """Raises InvalidInputException."""
    server, auth = request["serverType"], request["authType"]
    require(
        auth != "OAUTH",
        "OAUTH is not supported by the CodeBuild API. To connect to your account with OAUTH,"
        " use the AWS CodeBuild console.",
    )
    require(
        auth != "BASIC_AUTH" or server == "BITBUCKET",
        f"Invalid AuthType provided for ServerType {server}",
    )
    require(
        (auth == "BASIC_AUTH") == ("username" in request),
        "Invalid input: username is required for BASIC_AUTH and only for it",
    )
    if auth in _RESOURCES:
        pattern, message = _RESOURCES[auth]
        require(pattern.fullmatch(request["token"]), message)
