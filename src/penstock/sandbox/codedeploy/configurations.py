"""The configurations that CodeDeploy has of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Info = Mapping[str, Any]


def _predefined() -> Iterator[Info]:
    hosts = (
        ("OneAtATime", "HOST_COUNT", 1),
        ("HalfAtATime", "FLEET_PERCENT", 50),
        ("AllAtOnce", "FLEET_PERCENT", 0),
    )
    for name, kind, value in hosts:
        yield _named(name, "Server", minimumHealthyHosts={"type": kind, "value": value})
    for platform, canaries, linears in (
        ("Lambda", (5, 10, 15, 30), (1, 2, 3, 10)),
        ("ECS", (5, 15), (1, 3)),
    ):
        yield _routing(platform, "AllAtOnce", {"type": "AllAtOnce"})
        for minutes in canaries:
            yield _stepped(platform, "TimeBasedCanary", f"Canary10Percent{minutes}Minutes", minutes)
        for minutes in linears:
            plural = "" if (platform, minutes) == ("Lambda", 1) else "s"
            name = f"Linear10PercentEvery{minutes}Minute{plural}"
            yield _stepped(platform, "TimeBasedLinear", name, minutes)


def _stepped(platform: str, kind: str, name: str, minutes: int) -> Info:
    words = ("canaryPercentage", "canaryInterval")
    if kind == "TimeBasedLinear":
        words = ("linearPercentage", "linearInterval")
    member = kind[0].lower() + kind[1:]
    return _routing(
        platform, name, {"type": kind, member: dict(zip(words, (10, minutes), strict=True))}
    )


def _routing(platform: str, name: str, routing: Info) -> Info:
    return _named(platform + name, platform, trafficRoutingConfig=routing)


def _named(name: str, platform: str, **how: Any) -> Info:
    return {
        "deploymentConfigId": f"00000000-0000-0000-0000-{sum(name.encode()):012}",
        "deploymentConfigName": f"CodeDeployDefault.{name}",
        "computePlatform": platform,
        **how,
    }


PREDEFINED: Mapping[str, Info] = {each["deploymentConfigName"]: each for each in _predefined()}
