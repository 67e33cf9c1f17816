"""What a plan gives the daemons: every configuration file and every vici message; secrets only by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from netlab.plan.model import OpenVpnServer, Plan, SstpServer
from netlab.render import libreswan, openvpn, radius, sstp, text, vici
from netlab.sstp.settings import FILE


def files(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every configuration file that ``up`` writes: path and content."""
    for charon in plan.charons:
        if charon.program == "libreswan":
            yield f"{charon.directory}/{libreswan.CONNECTIONS}", libreswan.ipsec_conf(charon, plan.timers)
        else:
            yield f"{charon.directory}/strongswan.conf", text.strongswan_conf(charon, plan.timers, plan.data_plane)
    for server in plan.servers:
        if isinstance(server, OpenVpnServer):
            yield f"{server.directory}/server.conf", openvpn.server_conf(plan.lab, server, plan.timers)
            yield f"{server.directory}/{openvpn.PUSHED}/DEFAULT", openvpn.pushed(server, server.static)
        if isinstance(server, SstpServer):
            yield f"{server.directory}/{FILE}", sstp.gateway_settings(plan.lab, server, plan.timers)
    for radius_server in plan.radius_servers:
        yield f"{radius_server.directory}/radiusd.conf", radius.radiusd_conf(radius_server)
    for client in plan.clients:
        if client.tunnel_type == "SSTP":
            yield f"{client.directory}/{FILE}", sstp.client_settings(plan.lab, client, plan.timers)
    for proxy in plan.proxies:
        password = f"<{proxy.password}>" if proxy.password else ""
        yield f"{proxy.directory}/tinyproxy.conf", text.tinyproxy_conf(proxy, password)
    for speaker in plan.speakers:
        for daemon in speaker.daemons:
            yield f"{speaker.directory}/{daemon}.conf", text.speaker_conf(speaker, daemon)


def messages(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each charon is told over vici, by its directory's name: its node's, or longer where a client has several."""
    for charon in (charon for charon in plan.charons if charon.program == "strongswan"):
        yield (
            charon.directory.rpartition("/")[2],
            {
                "load_shared": [vici.shared_key(s, f"<{s.name}>") for s in charon.secrets],
                "load_cert": vici.certificates(charon.credentials, "<{}>".format),
                "load_key": vici.private_keys(charon.credentials, "<key of {}>".format),
                "load_pool": [vici.pool(item) for item in charon.connections if item.pool],
                "load_conn": [vici.connection(item, plan.timers) for item in charon.connections],
            },
        )
