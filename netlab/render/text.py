"""Configuration files, through the templates on disk."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from netlab.plan.model import CHARON_TABLE, BgpSpeaker, Charon, DataPlane, HttpProxy, Timers

if TYPE_CHECKING:
    from jinja2 import Environment, Template

# platform-facts.md, section 2. In an XFRM lab the kernel does ESP, so libipsec is left out.
_PLUGINS = (
    "random", "nonce", "openssl", "pem", "pkcs1", "x509", "pubkey", "revocation", "constraints", "hmac", "kdf",
    "eap-identity", "eap-mschapv2", "kernel-libipsec", "kernel-netlink", "socket-default", "vici", "updown",
)  # fmt: skip

# A priority that no packet gets to.
NO_PRIORITY = 40_000


def template_directory() -> Path:
    """Where the templates are: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


@cache
def environment(html: bool) -> Environment:
    """What makes templates: in pages values are escaped, in configuration the last line keeps its end."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(template_directory()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=not html,
        autoescape=html,
    )


def template(name: str) -> Template:
    """A template on disk."""
    return environment(html=False).get_template(name)


def asset(name: str) -> str:
    """The text of a file beside the templates that goes into a page as it is."""
    return (template_directory() / name).read_text(encoding="utf-8")


def strongswan_conf(charon: Charon, timers: Timers, data_plane: DataPlane, key_log: str = "") -> str:
    """The strongswan.conf of one charon, which also logs its keys where a file for them is named."""
    plugins = [p for p in _PLUGINS if data_plane == "userspace" or p != "kernel-libipsec"]
    plugins += ["eap-radius"] if charon.radius else []
    return template("strongswan/strongswan.conf.j2").render(
        charon=charon,
        timers=timers,
        plugins=plugins,
        table=CHARON_TABLE,
        priority=charon_priority(charon, data_plane),
        data_plane=data_plane,
        key_log=key_log,
        is_client=any(connection.virtual_ip for connection in charon.connections),
    )


def charon_priority(charon: Charon, data_plane: DataPlane) -> int:
    """The priority of the rule that leads to a charon's own routes."""
    # In an XFRM lab charon installs no routes at all: those of Linux clients are made from the negotiated selectors.
    installs = charon.installs_routes and data_plane == "userspace"
    return CHARON_TABLE if installs else NO_PRIORITY


def speaker_conf(speaker: BgpSpeaker, daemon: str) -> str:
    """The configuration of one daemon of a speaker."""
    return template(f"{speaker.program}/{daemon}.conf.j2").render(speaker=speaker)


def tinyproxy_conf(proxy: HttpProxy, password: str) -> str:
    """The configuration of an HTTP proxy; without a password it asks for none."""
    return template("proxy/tinyproxy.conf.j2").render(proxy=proxy, password=password)


def vpn_settings(server: str, vpn_types: Iterable[str], authentication: str, routes: Iterable[str]) -> str:
    """The VpnSettings.xml of a profile package."""
    values = {"server": server, "vpn_types": vpn_types, "authentication": authentication or "PreSharedKey"}
    return template("p2s/VpnSettings.xml.j2").render(values, routes=routes)
