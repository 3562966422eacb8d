"""The sockets of a server, and the addresses by which builds reach it."""

from __future__ import annotations

import logging
import socket
import sys
from typing import NamedTuple

from penstock.settings import Settings
from penstock.wire.hosts import is_loopback

LOG = logging.getLogger("penstock.up")
BRIDGE = "docker0"
DESKTOP = "host.docker.internal"  # where Docker Desktop has the host, loopback and all
BACKLOG = 2048
_SIOCGIFADDR = 0x8915


class ListenError(Exception):
    """The address cannot be listened on. The text says why and what to do."""


class Listening(NamedTuple):
    """`endpoint` is for programs of this host, `public` for those of others, `container_endpoint`
    for those in containers."""

    sockets: list[socket.socket]
    endpoint: str
    container_endpoint: str
    public: str

    def close(self) -> None:
        for one in self.sockets:
            one.close()


def listen(settings: Settings) -> Listening:
    """Raises ListenError.

    A server on a loopback address listens on the address of Docker's bridge too, which only this
    host and its containers reach: there signatures count.
    """
    main = _open(settings.host, settings.port)
    port = main.getsockname()[1]
    sockets = [main]
    bridge = address_of(BRIDGE)
    told = settings.endpoint.rstrip("/")
    if bridge and is_loopback(settings.host) and not (settings.container_endpoint or told):
        try:
            sockets.append(_open(bridge, port))
        except ListenError as error:
            LOG.warning("builds in containers will not reach this server: %s", error)
    container = settings.container_endpoint or told or f"http://{bridge or DESKTOP}:{port}"
    own = f"http://{_reached_by(settings.host)}:{port}"
    return Listening(sockets, own, container, told or own)


def _reached_by(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _open(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise ListenError(f"{host} is no address of this machine: {error.strerror}") from None
    except OSError as error:
        raise ListenError(
            f"{host}:{port} cannot be listened on: {error.strerror}. "
            "Take another port with --port, or --port 0 for any that is free."
        ) from None


def address_of(interface: str) -> str | None:
    """The IPv4 address of a network interface of Linux; None where there is no such one."""
    if sys.platform != "linux":
        return None
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            name = interface.encode().ljust(40, b"\0")
            found = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, name)
        except OSError:
            return None
    return socket.inet_ntoa(found[20:24])
