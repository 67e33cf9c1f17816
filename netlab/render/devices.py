"""The files of a VPN device, as its administrator would write them: IPsec, the interfaces of tunnels, BGP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from netlab.plan.model import BgpProgram, BgpSpeaker, Charon, Plan
from netlab.plan.underlay import LAST_RESORT
from netlab.render import libreswan
from netlab.render.swanctl import swanctl_conf
from netlab.render.text import speaker_conf, template
from netlab.results.devices import DeviceFile

IpsecProgram = Literal["strongswan", "libreswan"]


def files(
    plan: Plan, node: str, ipsec: IpsecProgram, bgp: BgpProgram | None, keys: Mapping[str, str]
) -> Iterator[DeviceFile]:
    """The files of a device, by its routing node; ``bgp`` is the program that the plan has unless it is given."""
    charon = next((each for each in plan.charons if each.node == f"{node}-edge"), None)
    if charon is not None:
        yield from _of_ipsec(plan, node, charon, ipsec, keys)
    yield DeviceFile(node, "/usr/local/sbin/tunnels.sh", _interfaces(plan, node, charon, ipsec))
    speaker = next((each for each in plan.speakers if each.node == node), None)
    if speaker is not None:
        yield from _of_bgp(replace(speaker, program=bgp or speaker.program))


def _of_ipsec(
    plan: Plan, node: str, charon: Charon, ipsec: IpsecProgram, keys: Mapping[str, str]
) -> Iterator[DeviceFile]:
    if ipsec == "libreswan":
        yield DeviceFile(node, "/etc/ipsec.d/azure.conf", libreswan.ipsec_conf(charon, plan.timers))
        yield DeviceFile(node, "/etc/ipsec.d/azure.secrets", libreswan.ipsec_secrets(charon, keys))
        return
    settings = template("device/strongswan.conf.j2").render(node=node, timers=plan.timers)
    yield DeviceFile(node, "/etc/strongswan.d/azure.conf", settings)
    yield DeviceFile(node, "/etc/swanctl/conf.d/azure.conf", swanctl_conf(charon, plan.timers, keys))


def _interfaces(plan: Plan, node: str, charon: Charon | None, ipsec: IpsecProgram) -> str:
    """The interfaces of a device's tunnels: Libreswan names them by a number, which is their ``if_id``."""
    names = [connection.name for connection in charon.connections] if charon is not None else []
    tunnels = []
    for tunnel in (each for each in plan.tunnels if each.node == node):
        number = names.index(tunnel.connection) + 1
        own = ipsec == "strongswan"
        tunnels.append(
            {
                "name": tunnel.connection,
                "interface": tunnel.interface if own else f"ipsec{number}",
                "if_id": tunnel.if_id if own else number,
                "mtu": tunnel.mtu,
                "peers": tunnel.host_routes,
                "statics": tunnel.statics,
            }
        )
    loopback = plan.node(node).loopback
    values = {"loopback": loopback, "tunnels": tunnels, "last_resort": LAST_RESORT}
    return template("device/tunnels.sh.j2").render(values, node=node)


def _of_bgp(speaker: BgpSpeaker) -> Iterator[DeviceFile]:
    """The configuration that a lab's daemons read, but for where they log."""
    texts = {daemon: _without_log(speaker_conf(speaker, daemon)) for daemon in speaker.daemons}
    if speaker.program == "bird":
        yield DeviceFile(speaker.node, "/etc/bird/bird.conf", texts["bird"])
        return
    yield DeviceFile(speaker.node, "/etc/frr/daemons", "".join(f"{daemon}=yes\n" for daemon in texts))
    yield DeviceFile(speaker.node, "/etc/frr/frr.conf", "".join(texts.values()))


def _without_log(configuration: str) -> str:
    return "".join(line for line in configuration.splitlines(keepends=True) if not line.startswith("log "))
