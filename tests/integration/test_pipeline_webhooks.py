"""Webhooks of PutWebhook's: made, listed, and what is delivered to them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from penstock.errors import AwsError
from penstock.server import make_app
from penstock.services import make_service
from penstock.serving.hooks import LARGEST
from penstock.serving.watching import App
from penstock.settings import Settings
from penstock.state.calls import Call
from penstock.store import Store
from penstock.store.resealing import reseal
from penstock.store.sealing import MasterKey, Sealer

from .asgi import post
from .plant import ACCOUNT, APPROVE, REGION, Plant, action, stage

pytestmark = pytest.mark.anyio

SECRET = "mill-stone"
ARN = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:webhook:hook"
COMMIT = "1" * 40
PUSH = {"ref": "refs/heads/main", "after": COMMIT, "repository": {"full_name": "ada/app"}}
SOURCE = action(
    "Fetch", "GitHub", category="Source", owner="ThirdParty", outputs=("App",),
    Owner="ada", Repo="app", Branch="main", OAuthToken="****", PollForSourceChanges="false",
)  # fmt: skip


def definition(**members: Any) -> dict[str, Any]:
    return {
        "name": "hook",
        "targetPipeline": "app",
        "targetAction": "Fetch",
        "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}],
        "authentication": "GITHUB_HMAC",
        "authenticationConfiguration": {"SecretToken": SECRET},
        **members,
    }


OPEN = {"authentication": "UNAUTHENTICATED", "authenticationConfiguration": {}}


class Desk:
    """The API, and the server's URLs for deliveries."""

    def __init__(self, plant: Plant, call_of: Callable[..., Call]) -> None:
        self.plant = plant
        self.store = plant.store
        self.app: App = make_app(plant.store, Settings())
        self._service = make_service("codepipeline", plant.store)
        self._call_of = call_of

    async def ask(self, operation: str, **request: Any) -> Any:
        call = self._call_of("codepipeline", operation)
        return await self._service.handler(operation)(call, request)

    async def refused(self, operation: str, **request: Any) -> str:
        with pytest.raises(AwsError) as caught:
            await self.ask(operation, **request)
        return caught.value.code

    async def put(self, **members: Any) -> str:
        """The path of its URL."""
        made = await self.ask("PutWebhook", webhook=definition(**members))
        return str(urlsplit(made["webhook"]["url"]).path)

    async def hook(self) -> dict[str, Any]:
        listed = await self.ask("ListWebhooks")
        found: dict[str, Any] = listed["webhooks"][0]
        return found

    async def deliver(
        self, path: str, payload: Any = PUSH, /, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        body = json.dumps(payload).encode() if body is None else body
        return await post(self.app, path, body, **{**signed(body), **headers})

    async def runs(self) -> list[tuple[str, str]]:
        rows = await self.store.database.fetch(
            "SELECT run FROM pipeline_executions ORDER BY number"
        )
        return [tuple(row.run["cause"].values()) for row in rows]


def signed(body: bytes, secret: str = SECRET, algorithm: str = "sha256") -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, algorithm).hexdigest()
    header = "x_hub_signature_256" if algorithm == "sha256" else "x_hub_signature"
    return {header: f"{algorithm}={digest}"}


@pytest.fixture
async def desk(store: Store, call_of: Callable[..., Call]) -> Desk:
    plant = Plant(store)
    await plant.bucket("artifacts", versioned=True)
    await plant.create(stage("Source", SOURCE), stage("Ask", APPROVE), name="app")
    return Desk(plant, call_of)


async def test_a_webhook_is_shown_without_its_secret_which_is_sealed(desk: Desk) -> None:
    """CP-104, CP-105, A35"""
    made = await desk.ask(
        "PutWebhook", webhook=definition(), tags=[{"key": "team", "value": "mill"}]
    )
    hook = made["webhook"]
    assert hook["arn"] == ARN and hook["tags"] == [{"key": "team", "value": "mill"}]
    assert hook["definition"]["authenticationConfiguration"] == {"SecretToken": "****"}
    assert urlsplit(hook["url"]).path.startswith("/_penstock/webhooks/codepipeline/")
    assert await desk.hook() == hook
    row = await desk.store.database.fetch_one("SELECT t::text AS row FROM pipeline_webhooks t")
    assert row and SECRET not in row.row and SECRET.encode().hex() not in row.row
    assert "lastTriggered" not in hook


async def test_an_updated_webhook_keeps_its_url_and_one_made_anew_has_another(desk: Desk) -> None:
    """CP-106, A07"""
    first = await desk.put()
    assert await desk.put(filters=[]) == first
    await desk.ask("DeleteWebhook", name="hook")
    await desk.ask("DeleteWebhook", name="hook")
    assert await desk.ask("ListWebhooks") == {"webhooks": []}
    assert (await desk.deliver(first))[0] == 404
    assert await desk.put() != first


async def test_a_listed_webhook_can_be_put_again_with_the_secret_that_it_has(desk: Desk) -> None:
    path = await desk.put()
    await desk.ask("PutWebhook", webhook=(await desk.hook())["definition"])
    assert (await desk.deliver(path))[0] == 200
    masked = definition(name="other", authenticationConfiguration={"SecretToken": "****"})
    code = await desk.refused("PutWebhook", webhook=masked)
    assert code == "InvalidWebhookAuthenticationParametersException"


async def test_webhooks_are_listed_in_pages(desk: Desk) -> None:
    """A25"""
    for name in "cab":
        await desk.put(name=name)
    first = await desk.ask("ListWebhooks", MaxResults=2)
    second = await desk.ask("ListWebhooks", MaxResults=2, NextToken=first["NextToken"])
    names = [one["definition"]["name"] for page in (first, second) for one in page["webhooks"]]
    assert names == ["a", "b", "c"] and "NextToken" not in second
    assert await desk.refused("ListWebhooks", NextToken="x") == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"targetPipeline": "none"}, "PipelineNotFoundException"),
        ({"targetAction": "Ask"}, "ValidationException"),
        ({"filters": [{"jsonPath": "ref"}]}, "InvalidWebhookFilterPatternException"),
        ({"filters": [{"jsonPath": "$..a..b"}]}, "InvalidWebhookFilterPatternException"),
        ({"filters": [{"jsonPath": "$" + "a" * 150}]}, "ValidationException"),
        ({"filters": [{"jsonPath": "$.a"}] * 6}, "ValidationException"),
        ({"authentication": "NONE"}, "ValidationException"),
        *(
            (
                {"authentication": kind, "authenticationConfiguration": told},
                "InvalidWebhookAuthenticationParametersException",
            )
            for kind, told in (
                ("GITHUB_HMAC", {}),
                ("GITHUB_HMAC", {"SecretToken": "s", "AllowedIPRange": "10.0.0.0/8"}),
                ("IP", {"SecretToken": "s"}),
                ("IP", {"AllowedIPRange": "everywhere"}),
                ("IP", {"AllowedIPRange": "10.0.0.1/8"}),
                ("UNAUTHENTICATED", {"SecretToken": "s"}),
            )
        ),
    ],
)
async def test_a_definition_that_cannot_be_is_refused(
    desk: Desk, members: dict[str, Any], code: str
) -> None:
    """CP-104, CP-105"""
    assert await desk.refused("PutWebhook", webhook=definition(**members)) == code
    assert await desk.ask("ListWebhooks") == {"webhooks": []}


async def test_a_region_has_so_many_webhooks(desk: Desk) -> None:
    """CP-176"""
    await desk.store.database.execute(
        "INSERT INTO pipeline_webhooks (account, region, name, id, definition, created)"
        " SELECT %s, %s, 'h' || n, n::text, '{}', now() FROM generate_series(1, 300) n",
        (ACCOUNT, REGION),
    )
    code = await desk.refused("PutWebhook", webhook=definition())
    assert code == "LimitExceededException"


async def test_webhooks_have_tags(desk: Desk) -> None:
    """CP-016"""
    await desk.put()
    await desk.ask("TagResource", resourceArn=ARN, tags=[{"key": "a", "value": "1"}])
    await desk.put()
    listed = await desk.ask("ListTagsForResource", resourceArn=ARN)
    assert listed == {"tags": [{"key": "a", "value": "1"}]}
    await desk.ask("UntagResource", resourceArn=ARN, tagKeys=["a"])
    assert (await desk.hook())["tags"] == []
    await desk.ask("DeleteWebhook", name="hook")
    code = await desk.refused("ListTagsForResource", resourceArn=ARN)
    assert code == "ResourceNotFoundException"


async def test_a_delivery_starts_the_pipeline_once_however_often_it_comes(desk: Desk) -> None:
    """CP-054, CP-104"""
    path = await desk.put()
    status, first = await desk.deliver(path, x_github_delivery="d-1", x_github_event="push")
    assert status == 200 and first["explanation"] == ["all its filters pass"]
    again = await desk.deliver(path, x_github_delivery="d-1", x_github_event="push")
    assert again == (200, first)
    assert await desk.runs() == [("Webhook", ARN)]
    assert (await desk.deliver(path, x_github_delivery="d-2"))[1] != first
    assert len(await desk.runs()) == 2
    assert "lastTriggered" in await desk.hook()
    rows = await desk.store.database.fetch(
        "SELECT action, commit, change FROM trigger_verdicts ORDER BY id"
    )
    assert tuple(rows[0]) == ("Fetch", COMMIT, "a delivery to webhook hook")


async def test_what_a_filter_objects_to_starts_nothing_and_is_explained(desk: Desk) -> None:
    """CP-104"""
    path = await desk.put()
    status, answer = await desk.deliver(path, {**PUSH, "ref": "refs/heads/next"})
    assert (status, answer) == (
        200,
        {
            "pipelineExecutionId": None,
            "explanation": ["filter 1: $.ref is refs/heads/next, not refs/heads/main"],
        },
    )
    assert await desk.runs() == []


async def test_older_signatures_and_forms_are_taken(desk: Desk) -> None:
    path = await desk.put()
    form = b"payload=" + quote(json.dumps(PUSH)).encode()
    headers = {**signed(form), "content_type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert (await post(desk.app, path, form, **headers))[0] == 200
    body = json.dumps(PUSH).encode()
    assert (await post(desk.app, path, body, **signed(body, algorithm="sha1")))[0] == 200
    assert len(await desk.runs()) == 2


async def test_a_ping_is_answered(desk: Desk) -> None:
    path = await desk.put()
    status, answer = await desk.deliver(path, {"zen": "x"}, x_github_event="ping")
    assert (status, answer["explanation"]) == (200, ["pong"])
    assert await desk.runs() == []


BODY = json.dumps(PUSH).encode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(BODY, "another"),
        signed(BODY[:-1]),
        signed(BODY, algorithm="sha1") | {"x_hub_signature_256": "sha256=0"},
        {"x_hub_signature_256": "sha1=" + "0" * 40},
        {"x_hub_signature_256": "é"},
        {"x_hub_signature": ""},
    ],
)
async def test_what_the_secret_did_not_sign_is_forged(desk: Desk, headers: dict[str, str]) -> None:
    """CP-105"""
    path = await desk.put()
    status, answer = await post(desk.app, path, BODY, **headers)
    assert (status, answer["code"]) == (403, "AccessDeniedException")
    assert await desk.runs() == []
    assert "errorCode" not in await desk.hook()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY[:-1], {}),
        (b"", {}),
        (b"\xff\xfe", {}),
        (b"[" * 100_000, {}),
        (b"payload=%7B%7D", {}),
        (b"%", {"content_type": "application/x-www-form-urlencoded"}),
        (b"other=1", {"content_type": "application/x-www-form-urlencoded"}),
        (b"\xff=1", {"content_type": "application/x-www-form-urlencoded"}),
    ],
)
async def test_what_cannot_be_read_is_refused_and_noted(
    desk: Desk, body: bytes, headers: dict[str, str]
) -> None:
    path = await desk.put()
    status, answer = await desk.deliver(path, body=body, **headers)
    assert (status, answer["code"]) == (400, "ValidationException")
    assert (await desk.hook())["errorMessage"] == answer["message"]
    assert await desk.runs() == []


@pytest.mark.parametrize("payload", [None, [], "x", 7, {}, {"ref": {}}])
async def test_a_payload_of_another_shape_passes_no_filter(desk: Desk, payload: Any) -> None:
    assert (await desk.deliver(await desk.put(), payload))[0] == 200
    assert await desk.runs() == []


async def test_payloads_are_of_some_size(desk: Desk) -> None:
    path = await desk.put(filters=[{"jsonPath": "$..ref"}])
    body = json.dumps({**PUSH, "more": "x" * (1 << 20)}).encode()
    status, answer = await desk.deliver(path, body=body)
    assert status == 413 and "$..ref" in answer["message"]
    path = await desk.put()
    assert (await desk.deliver(path, body=body))[0] == 200
    assert (await desk.deliver(path, body=b" " * (LARGEST + 1)))[0] == 413
    assert len(await desk.runs()) == 1


@pytest.mark.parametrize(
    ("allowed", "status"), [("127.0.0.0/8", 200), ("10.0.0.0/8", 403), ("::/0", 403)]
)
async def test_a_range_of_addresses_lets_those_in_it_in(
    desk: Desk, allowed: str, status: int
) -> None:
    """CP-105"""
    told = {"authentication": "IP", "authenticationConfiguration": {"AllowedIPRange": allowed}}
    assert (await post(desk.app, await desk.put(**told), BODY))[0] == status
    assert len(await desk.runs()) == (status == 200)


async def test_a_webhook_without_authentication_lets_everybody_in(desk: Desk) -> None:
    """CP-105"""
    path = await desk.put(**OPEN)
    assert (await post(desk.app, path, BODY, x_hub_signature_256="sha256=0"))[0] == 200
    assert await desk.runs() == [("Webhook", ARN)]


async def test_a_webhook_outlives_its_pipeline_and_says_what_is_wrong(desk: Desk) -> None:
    path = await desk.put()
    await desk.store.database.execute("DELETE FROM pipelines")
    status, answer = await desk.deliver(path)
    assert (status, answer["code"]) == (404, "PipelineNotFoundException")
    assert (await desk.hook())["errorCode"] == "PipelineNotFoundException"


async def test_a_webhook_whose_action_is_gone_says_so(desk: Desk) -> None:
    path = await desk.put()
    await desk.store.database.execute(
        "UPDATE pipeline_versions SET document = jsonb_set(document,"
        " '{stages,0,actions,0,name}', '\"Other\"')"
    )
    status, answer = await desk.deliver(path)
    assert (status, answer["code"]) == (404, "ActionNotFoundException")


async def test_a_pipeline_that_cannot_start_is_told_of(desk: Desk) -> None:
    """CP-095"""
    path = await desk.put()
    await desk.store.database.execute(
        'UPDATE pipeline_versions SET document = document || \'{"variables":[{"name":"V"}]}\''
    )
    status, answer = await desk.deliver(path)
    assert (status, answer["code"]) == (409, "ValidationException")
    hook = await desk.hook()
    assert hook["errorCode"] == "ValidationException" and "lastTriggered" not in hook
    row = await desk.store.database.fetch_one("SELECT reasons FROM trigger_verdicts")
    assert row and "it was not started: ValidationException" in row.reasons[-1]


async def test_a_new_master_key_seals_webhooks_too(
    desk: Desk, call_of: Callable[..., Call]
) -> None:
    old, new = MasterKey.of(b"o" * 32), MasterKey.of(b"n" * 32)
    before, after = (
        Desk(Plant(desk.store._replace(sealer=Sealer([key]))), call_of) for key in (old, new)
    )
    path = await before.put()
    assert await reseal(desk.store.database, Sealer([new, old])) == 1
    assert (await after.deliver(path))[0] == 200
