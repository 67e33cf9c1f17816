"""The files of a VPN device, as its administrator would write them: IPsec, the interfaces of tunnels, BGP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlab.plan.model import BgpSpeaker, Charon, Plan
from netlab.plan.underlay import LAST_RESORT
from netlab.render import libreswan
from netlab.render.swanctl import swanctl_conf
from netlab.render.text import speaker_conf, template
from netlab.results.devices import DeviceFile


def files(plan: Plan, node: str, keys: Mapping[str, str]) -> Iterator[DeviceFile]:
    """The files of a device, by its routing node, for the programs that its plan has."""
    charon = next((each for each in plan.charons if each.node == f"{node}-edge"), None)
    if charon is not None:
        yield from _of_ipsec(plan, node, charon, keys)
    yield DeviceFile(node, "/usr/local/sbin/tunnels.sh", _interfaces(plan, node))
    speaker = next((each for each in plan.speakers if each.node == node), None)
    if speaker is not None:
        yield from _of_bgp(speaker)


def _of_ipsec(plan: Plan, node: str, charon: Charon, keys: Mapping[str, str]) -> Iterator[DeviceFile]:
    if charon.program == "libreswan":
        yield DeviceFile(node, f"/etc/ipsec.d/{libreswan.CONNECTIONS}", libreswan.ipsec_conf(charon, plan.timers))
        yield DeviceFile(node, f"/etc/ipsec.d/{libreswan.SECRETS}", libreswan.ipsec_secrets(charon, keys))
        return
    settings = template("device/strongswan.conf.j2").render(node=node, timers=plan.timers)
    yield DeviceFile(node, "/etc/strongswan.d/azure.conf", settings)
    yield DeviceFile(node, "/etc/swanctl/conf.d/azure.conf", swanctl_conf(charon, plan.timers, keys))


def _interfaces(plan: Plan, node: str) -> str:
    """The interfaces of a device's tunnels; Libreswan wants to find them under names of its own."""
    tunnels = [
        {
            "name": tunnel.connection,
            "interface": tunnel.decoy or tunnel.interface,
            "if_id": tunnel.if_id,
            "mtu": tunnel.mtu,
            "peers": tunnel.host_routes,
            "statics": tunnel.statics,
        }
        for tunnel in plan.tunnels
        if tunnel.node == node
    ]
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
