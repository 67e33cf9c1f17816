"""The shapes that `netlab show` prints: the keys of `az`, from what daemons say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from netlab.azure.moments import initial
from netlab.azure.views.bgp import Speaker, circuit_routes
from netlab.lab.build.records import Facts, Lab
from netlab.lab.measure.shown.bgp import Daemons
from netlab.lab.measure.shown.ike import Gateway
from netlab.machine.admission import Connected
from netlab.machine.charon import Listed, Sa
from netlab.machine.speaking import BgpPeer, BgpRoute
from netlab.plan.model import BgpSpeaker, Server
from netlab.plan.planner import plan
from netlab.scenario.loader import catalogue, load, parse
from netlab.scenario.models import Scenario

SITE = "10.101.255.254"
IKE = {
    "state": "ESTABLISHED",
    "local-host": "203.0.113.1",
    "local-port": "4500",
    "remote-host": "198.51.100.1",
    "remote-port": "500",
    "remote-id": "lin",
    "remote-vips": ["192.168.0.1"],
    "initiator": "yes",
    "initiator-spi": "aa",
    "responder-spi": "bb",
    "encr-alg": "AES_CBC",
    "encr-keysize": "256",
    "integ-alg": "HMAC_SHA1_96",
    "dh-group": "MODP_1024",
    "established": "60",
    "rekey-time": "1000",
}
CHILD = {
    "encr-alg": "AES_GCM_16",
    "encr-keysize": "256",
    "spi-in": "cc",
    "spi-out": "dd",
    "bytes-in": "100",
    "bytes-out": "200",
    "packets-in": "1",
    "packets-out": "2",
    "life-time": "900",
    "local-ts": ["0.0.0.0/0"],
    "remote-ts": ["0.0.0.0/0"],
}


@dataclass
class Bgpd:
    """What every bgpd of a lab answers; None where it is dead."""

    found: tuple[BgpRoute, ...] | None = ()
    seen: tuple[BgpPeer, ...] | None = ()

    def routes(self, speaker: BgpSpeaker) -> tuple[BgpRoute, ...] | None:
        return self.found

    def advertised(self, speaker: BgpSpeaker, peer: str) -> tuple[BgpRoute, ...] | None:
        return self.found

    def peers(self, speaker: BgpSpeaker) -> tuple[BgpPeer, ...] | None:
        return self.seen


@dataclass
class Charons:
    """What the charons of a lab answer, by their directories; None where one is dead."""

    by_edge: Mapping[str, tuple[Listed, ...] | None] = field(default_factory=dict)

    def listed(self, directory: str) -> tuple[Listed, ...] | None:
        return self.by_edge.get(directory.rpartition("/")[2], ())

    def sas(self, directory: str) -> list[Sa]:
        found = self.listed(directory) or ()
        rest: dict[str, Any] = dict.fromkeys(
            ("number", "local_host", "remote_host", "remote_id", "ike_spis", "local_virtual_ips", "spis"), ""
        )
        return [
            Sa(item.name, state="ESTABLISHED", children=("INSTALLED",), local_ts=(), remote_ts=(), **rest)
            for item in found
        ]

    def refusal(self, directory: str, connection: str) -> str:
        return "peer unreachable"


@dataclass
class Clients:
    """The clients of every gateway; None where its daemon is dead."""

    found: tuple[Connected, ...] | None = ()

    def connected(self, server: Server) -> tuple[Connected, ...] | None:
        return self.found


@pytest.fixture(scope="module")
def branch() -> Scenario:
    return load("p2s-branch-bgp").scenario


def lab(scenario: Scenario) -> Lab:
    return Lab(Facts("t", scenario.name, "userspace", 20), scenario, plan(scenario, "t", "userspace"))


def gateway(scenario: Scenario, charons: Charons, end: str = "VNet1", clients: Clients | None = None) -> Gateway:
    return Gateway(lab(scenario), initial(scenario), charons, clients or Clients(), end)


def speaker(scenario: Scenario, bgpd: Bgpd, end: str = "VNet1") -> Speaker:
    state = initial(scenario)
    return Speaker(state, Daemons(lab(scenario).plan, state, bgpd), end)


def test_learned_routes(branch: Scenario) -> None:
    routes = (
        BgpRoute("10.1.0.0/16"),
        BgpRoute("10.101.0.0/16", SITE, SITE, "65101 65102"),
    )
    own, learned = speaker(branch, Bgpd(routes)).learned_routes().rows
    assert asdict(own) == {
        "network": "10.1.0.0/16",
        "nextHop": None,
        "sourcePeer": "10.1.255.30",
        "origin": "Network",
        "asPath": "",
        "weight": 32768,
        "localAddress": "10.1.255.30",
    }
    assert (learned.origin, learned.asPath, learned.nextHop) == ("EBgp", "65101-65102", SITE)


def test_learned_routes_of_the_other_instance_are_internal() -> None:
    routes = (BgpRoute("10.9.0.0/16", "10.1.255.5", "10.1.255.5", "", inside=True),)
    found = speaker(load("s2s-active-active").scenario, Bgpd(routes)).learned_routes()
    assert (found.rows[0].origin, found.rows[0].sourcePeer) == ("IBgp", "10.1.255.5")


def test_without_bgp_the_own_and_the_static_routes_are_shown() -> None:
    shown = speaker(load("s2s-static").scenario, Bgpd()).learned_routes()
    assert {row.origin for row in shown.rows} == {"Network"}
    assert "10.101.0.0/16" in {row.network for row in shown.rows}


def test_advertised_routes_have_the_own_number_in_front(branch: Scenario) -> None:
    (row,) = speaker(branch, Bgpd((BgpRoute("10.2.0.0/16", as_path="65020"),))).advertised_routes(SITE).rows
    assert (row.asPath, row.nextHop, row.origin) == ("65010-65020", "10.1.255.30", "Igp")
    assert not speaker(branch, Bgpd((BgpRoute("10.2.0.0/16"),))).advertised_routes("10.9.9.9").rows


@pytest.mark.parametrize(
    ("said", "state", "duration", "reason"),
    [
        ("Established", "Connected", "1.01:01:01", None),
        ("Active", "Connecting", None, None),
        ("Idle (PfxCt)", "Idle", None, "the peer tells more than 4,000 prefixes (B16, A8)"),
    ],
)
def test_bgp_peers(branch: Scenario, said: str, state: str, duration: str | None, reason: str | None) -> None:
    (row,) = speaker(branch, Bgpd(seen=(BgpPeer(SITE, 65101, said, 90_061_000, 7, 8, 9),))).bgp_peers().rows
    assert asdict(row) == {
        "neighbor": SITE,
        "asn": 65101,
        "state": state,
        "connectedDuration": duration,
        "routesReceived": 7,
        "messagesSent": 8,
        "messagesReceived": 9,
        "localAddress": "10.1.255.30",
        "reason": reason,
    }


def test_a_dead_bgpd_is_named(branch: Scenario) -> None:
    found = speaker(branch, Bgpd(None, None))
    assert found.learned_routes().dead == found.advertised_routes(SITE).dead == ("the BGP daemon of vnet1-gw-0",)
    shown = found.bgp_peers()
    assert shown.dead == ("the BGP daemon of vnet1-gw-0",)
    assert [(row.neighbor, row.state) for row in shown.rows] == [(SITE, "Unknown")]


def test_connections_and_ike_sas(branch: Scenario) -> None:
    edge = "vnet1-gw-0-edge-vnet1-site1"
    found = gateway(branch, Charons({edge: (Listed("VNet1-Site1", IKE, (CHILD,)),)}))
    (row,) = found.connections().rows
    (tunnel,) = row.tunnelConnectionStatus
    assert {**asdict(row), "tunnelConnectionStatus": ()} == {
        "name": "VNet1-Site1",
        "connectionType": "IPsec",
        "connectionStatus": "Connected",
        "enableBgp": True,
        "ingressBytesTransferred": 100,
        "egressBytesTransferred": 200,
        "tunnelConnectionStatus": (),
        "reason": "",
    }
    assert (tunnel.tunnel, tunnel.connectionStatus) == ("VNet1-Site1", "Connected")
    (sa,) = found.ike_sas().rows
    assert (sa.encryption, sa.integrity, sa.dhGroup) == ("AES256", "SHA1", "DHGroup2")
    assert (sa.remoteEndpoint, sa.isSaInitiator) == ("198.51.100.1:500", True)
    (quick,) = sa.quickModeSA
    assert (quick.encryption, quick.integrity, quick.pfsGroupId) == ("GCMAES256", "GCMAES256", "None")


def test_a_connection_without_an_sa_says_why_and_a_dead_charon_is_named(branch: Scenario) -> None:
    edge = "vnet1-gw-0-edge-vnet1-site1"
    shown = gateway(branch, Charons({edge: None})).connections()
    assert shown.dead == (f"charon of {edge}",)
    (row,) = shown.rows
    assert (row.connectionStatus, row.reason) == ("NotConnected", "peer unreachable")


def test_p2s_sessions(branch: Scenario) -> None:
    connected = Connected("IKEv2_aa", "lin", "198.51.100.1:500", "192.168.0.1", 60, (100, 1), (200, 2))
    (row,) = gateway(branch, Charons(), clients=Clients((connected,))).p2s_sessions().rows
    assert row.vpnConnectionTime is not None
    assert asdict(row) | {"vpnConnectionTime": ""} == {
        "vpnConnectionId": "IKEv2_aa",
        "vpnConnectionDuration": 60,
        "vpnConnectionTime": "",
        "publicIpAddress": "198.51.100.1:500",
        "privateIpAddress": "192.168.0.1",
        "vpnUserName": "lin",
        "ingressBytesTransferred": 100,
        "egressBytesTransferred": 200,
        "ingressPacketsTransferred": 1,
        "egressPacketsTransferred": 2,
    }


def test_a_dead_daemon_of_clients_is_named(branch: Scenario) -> None:
    assert gateway(branch, Charons(), clients=Clients(None)).p2s_sessions().dead == ("charon of vnet1-gw-0",)


# --- Route Servers --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers() -> Scenario:
    return load("route-server-active-passive").scenario


def test_an_instance_of_a_route_server_shows_what_it_knows(servers: Scenario) -> None:
    shown = speaker(servers, Bgpd((BgpRoute("10.250.0.0/16", "10.1.2.4", "10.1.2.4", "65001 65250"),)), "vnet1-rs-1")
    (row,) = shown.learned_routes().rows
    assert (row.asPath, row.nextHop, row.localAddress) == ("65001-65250", "10.1.2.4", "10.1.255.5")
    assert shown.peers() == ("10.1.2.4", "10.1.2.5", "10.1.2.6", "10.1.2.7", "10.1.2.9")  # half is not among them


def test_a_route_server_tells_next_hops_as_it_heard_them(servers: Scenario) -> None:
    """A14; of the VNet's own prefix bgpd knows none."""
    routes = (BgpRoute("10.1.0.0/16", next_hop="0.0.0.0"), BgpRoute("0.0.0.0/0", next_hop="10.1.3.4", as_path="65006"))
    rows = speaker(servers, Bgpd(routes), "vnet1-rs-0").advertised_routes("10.1.2.4").rows
    assert [(row.nextHop, row.asPath) for row in rows] == [("10.1.3.4", "65515-65006"), ("10.1.255.4", "65515")]


def test_an_appliance_tells_another_next_hop_than_itself(servers: Scenario) -> None:
    found = speaker(servers, Bgpd((BgpRoute("0.0.0.0/0"),)), "vnet1-speaker")
    (row,) = found.advertised_routes("10.1.255.4").rows
    assert (row.nextHop, row.asPath) == ("10.1.3.4", "65006")


def test_too_many_prefixes_are_those_of_the_profile() -> None:
    text = catalogue()["route-server-active-passive"].read_text()
    seed = parse(text.replace("vnets:\n", "profile: seed\nvnets:\n", 1), "seed.yaml").scenario
    peers = (BgpPeer("10.1.2.4", 65001, "Idle (PfxCt)"),)
    (row,) = speaker(seed, Bgpd(seen=peers), "vnet1-rs-0").bgp_peers().rows
    assert row.reason == "the peer tells more than 200 prefixes (B16, A8)"


# --- what came from where -------------------------------------------------------------------------------------------


def test_no_route_is_listed_as_advertised_to_the_gateway_it_came_from() -> None:
    """M-ARS2, ars-hub1-advertised.json: nothing that NVA1 announces is in the list for NVA1."""
    servers = load("route-server-active-passive").scenario
    routes = (
        BgpRoute("10.250.0.0/16", "10.1.2.4", "10.1.2.4", "65001 65250"),
        BgpRoute("10.250.0.0/16", "10.1.2.5", "10.1.2.5", "65002 65250", first=False),
    )
    found = speaker(servers, Bgpd(routes), "vnet1-rs-0")
    assert not found.advertised_routes("10.1.2.4").rows
    assert {row.network for row in found.advertised_routes("10.1.2.5").rows} == {"10.250.0.0/16"}


def test_an_edge_router_shows_the_number_that_its_import_policy_removes() -> None:
    """Lab expressroute-megaport-bgp, 04-er-route-table-primary.txt: `65515 I` for the VNet's prefix, a star on one."""
    scenario = load("expressroute").scenario
    routes = (
        BgpRoute("10.1.0.0/16", "10.1.255.12", "10.1.255.12", ""),
        BgpRoute("10.1.0.0/16", "10.1.255.13", "10.1.255.13", "", first=False),
        BgpRoute("10.101.0.0/16", "10.101.255.254", "10.101.255.254", "65101"),
    )
    state = initial(scenario)
    witness = Daemons(lab(scenario).plan, state, Bgpd(routes))
    found = circuit_routes(state, witness, state.network.circuits["circuit1"].edge_routers[0])
    assert [(row.network, row.nextHop, row.path, row.locPrf, row.weight) for row in found.rows] == [
        ("10.1.0.0/16", "10.1.255.12*", "65515 I", "100", 0),
        ("10.1.0.0/16", "10.1.255.13", "65515 I", "100", 0),
        ("10.101.0.0/16", "10.101.255.254", "65101 I", "100", 0),
    ]
