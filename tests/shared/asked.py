"""Who is asked by whom in each scenario of the catalogue, written by hand: a witness beside the model and the lab."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

ENDPOINTS = {
    "nsg-three-tier": {"vnet1-db", "vnet1-jump", "vnet1-logic", "vnet1-spare", "vnet1-web1", "vnet1-web2"},
    "nsg-virtual-network-tag": {
        *("lab-lab", "site1-h1", "site2-h2"),
        *("vnet1-nva", "vnet1-plain", "vnet1-web", "vnet2-far", "vnet3-near"),
    },
    "load-balancer-frontend": {"service-web1", "service-web2", "clients-app"},
    "load-balancer-outbound": {*(f"vnet1-{vm}" for vm in ("farm", "named", "web", "quiet", "inner"))},
    "nva-two-nics": {"hub-fw", "hub-jump", "spoke1-app", "spoke1-twin", "spoke1-nas", "spoke2-db"},
    "nva-load-balancer": {"hub-nva1", "hub-nva2", "spoke1-app", "spoke2-db", "spoke3-half"},
    "hub-spoke-stateful-firewall": {
        *("hub-fw", "hub-nat", "site1-h1"),
        *("spoke1-vm1", "spoke2-vm2", "spoke3-vm3", "spoke4-vm4"),
    },
    "vpn-nat-overlapping-sites": {"vnet1-vm", "site1-h1", "site2-h2", "site3-h3", "site4-h4"},
    "vpn-nat-bgp": {"vnet1-vm", "branch1-h1", "branch2-h2"},
    "hub-spoke-azure-firewall": {"spoke1-vm1", "spoke2-vm2", "spoke3-vm3", "spoke4-vm4", "site1-h1"},
    "p2s-peering-added-later": {"lin", "tls", "vnet1-vm1", "vnet2-vm2", "win"},
    "vnet-address-space-change": {"hub-vm1", "hub-sdwan", "spoke-vm2", "branch-h1"},
    "route-server-instance-lost": {"vnet1-vm1", "vnet1-sdwan", "vnet1-single", "branch-h1", "lab-h2"},
    "mtu-through-tunnels": {"vnet1-vm1", "site1-h1", "lin", "tls"},
    "s2s-static-overlaps": {"vnet1-vm1", "site1-h1", "site1-hidden", "site2-h2"},
    "expressroute-two-devices": {"vnet1-vm1", "site1-host1"},
    "p2s-isolated-vnet": {"vnet1-vm1", "vnet1-vm2", "win", "lin", "wtls", "ltls"},
    "p2s-peered-vnets": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "vnet4-vm4", "win", "lin", "wtls"},
    "p2s-multi-vnet-s2s": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "win", "lin", "wtls"},
    "p2s-multi-vnet-s2s-bgp": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "win", "lin", "wtls"},
    "expressroute-microsoft-peering": {"vnet1-db", "vnet2-far", "site1-h1", "site1-www"},
    "expressroute-fastpath": {
        *("vnet1-app1", "vnet1-db1", "vnet1-fw1", "vnet2-db2", "vnet2-fw2", "vnet3-vm3", "site1-h1"),
    },
    "expressroute-global-reach": {"vnet1-vm1", "vnet2-vm2", "site1-h1", "site2-h2", "site3-h3"},
    "expressroute-any-to-any": {"vnet1-vm1", "site1-h1", "site2-h2", "site3-h3"},
    "p2s-multi-vnet-static-return": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "win", "lin"},
    "p2s-branch": {"vnet1-vm1", "site1-host1", "win", "lin", "wtls", "ltls"},
    "p2s-branch-bgp": {"vnet1-vm1", "site1-host1", "win", "lin"},
    "p2s-multi-vnet-branch": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "site1-host1", "win", "lin", "wtls"},
    "p2s-multi-vnet-branch-bgp": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "site1-host1", "win", "lin"},
    "s2s-static": {"vnet1-vm1", "site1-listed", "site1-unlisted"},
    "p2s-certificates": {"vnet1-vm1", "alice", "bob", "carol", "mallory"},
    "p2s-openvpn": {"vnet1-vm1", "site1-host1", "site1-host2", "lin", "win", "old", "carol", "mallory"},
    "p2s-openvpn-multi-vnet": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "site1-host1", "win", "wtls"},
    "p2s-radius": {"vnet1-vm1", "site1-nps1", "lin", "win", "ovpn", "eve", "mallory"},
    "p2s-sstp": {"vnet1-vm1", "site1-host1", "alice", "bob", "carol", "mallory"},
    "p2s-ikev2-then-sstp": {"vnet1-vm1", "site1-host1", "home", "lin", "hotel", "stubborn", "eve"},
    "p2s-sstp-through-proxy": {"vnet1-vm1", "ann", "abe", "alice", "bob", "oscar", "carl", "cy", "dee", "ed"},
    "p2s-behind-site-nat": {
        *("vnet1-vm1", "vnet2-vm2", "site1-host1"),
        *("lin", "win", "stubborn", "roam", "two", "three"),
    },
    "p2s-custom-routes": {"vnet1-vm1", "vnet2-vm2", "site1-host1", "win", "lin"},
    "p2s-two-vnets": {"vnet1-vm1", "vnet2-vm2", "both", "wboth", "one", "two"},
    "s2s-p2s-coexist": {"vnet1-vm1", "site1-host1", "guest", *(f"c{number}" for number in range(1, 8))},
    "s2s-policy-based": {"vnet1-vm1", "vnet1-vm2", "site1-one", "site1-two", "site1-unlisted"},
    "s2s-ikev1": {"vnet1-vm1", "site1-old", "site2-new", "site3-stubborn"},
    "s2s-custom-ipsec-policy": {"vnet1-vm1", *(f"site{n}-h{n}" for n in range(1, 6))},
    "s2s-psk-mismatch": {"vnet1-vm1", "site1-h1", "site2-h2"},
    "s2s-device-behind-nat": {"vnet1-vm1", "site1-h1", "site2-h2", "site3-h3", "site4-h4"},
    "s2s-multi-site": {"vnet1-vm1", "site1-h1", "site2-h2", "site3-h3"},
    "s2s-bgp-dual-tunnel": {"vnet1-vm1", "site1-h1"},
    "s2s-active-active": {"vnet1-vm1", "site1-h1", "site2-h2"},
    "s2s-bgp-apipa": {"vnet1-vm1", "aws-web", "branch-pc"},
    "s2s-dual-redundancy": {"vnet1-vm1", "site1-h1"},
    "s2s-bird": {"vnet1-vm1", "site1-h1", "site2-h2"},
    "s2s-bgp-transit": {"vnet1-vm1", "vnet2-vm2", "site1-h1", "site2-h2"},
    "s2s-local-network-gateway-mistakes": {
        *("vnet1-vm1", "site1-h1", "site1-forgotten", "site2-h2", "site3-h3", "site4-h4"),
    },
    "s2s-bgp-prefix-rules": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "site1-h1", "site1-hidden", "site2-h2"},
    "vnet-to-vnet": {"vnet1-vm1", "vnet2-vm2", "vnet2-vm22", "vnet3-vm3"},
    "vnet-to-vnet-backbone": {"vnet1-vm1", "vnet2-vm2", "vnet3-vm3", "site1-h1"},
    "vnet-to-vnet-and-site": {"hub-vm1", "vnet2-vm2", "vnet3-vm3", "site1-h1", "site2-h2"},
    "gateway-active-standby-failover": {"vnet1-vm1", "site1-h1", "site2-h2", "lin", "win"},
    "udr-nva": {
        "site1-h1",
        *(f"vnet1-{vm}" for vm in ("app", "db", "plain", "fw", "sleeper", "waiter", "twin", "client", "vault")),
    },
    "private-endpoint-hub-spoke": {
        *("hub-fw", "data-near", "data-steered", "data-exact", "data-forced", "data-banned", "app-app", "far-far"),
        *("site1-h1", "lin"),
    },
    "private-subnet-outbound": {
        *(f"vnet1-{vm}" for vm in ("legacy", "lonely", "direct", "worker", "both", "server", "forced")),
        *("vnet1-stored", "vnet1-split", "vnet1-fw"),
    },
    "subnet-peering": {"hub-shared", "hub-inner", "spoke-front", "spoke-back", "site1-h1"},
    "udr-ecmp": {
        *("hub-vm0", "hub-nva1", "hub-nva2", "spoke1-app", "spoke2-db", "spoke3-single", "spoke4-open", "spoke4-shut"),
    },
    "route-server-multiregion": {
        *("east-vm1", "east-nva1", "west-vm2", "west-nva2", "spoke-vm12", "site1-h1"),
        *("north-vm3", "north-nva3", "south-vm4", "south-nva4"),
    },
    "udr-own-vpn-server": {
        *(f"vnet1-{vm}" for vm in ("app", "bare", "shut", "vpn")),
        *("vnet2-vm2", "vnet3-vm3", "site1-h1", "site2-h2"),
    },
    "hub-spoke-firewall": {"hub-vm0", "hub-fw", "spoke1-vm1", "spoke2-vm2", "spoke3-vm3", "site1-h1"},
    "hub-spoke-gateway-transit": {"hub-vm0", "spoke1-vm1", "spoke2-vm2", "spoke3-vm3", "spoke3-quiet", "site1-h1"},
    "forced-tunnelling-default-site": {"vnet1-vm1", "vnet1-exempt", "site1-listed", "site1-unlisted", "site2-h2"},
    "forced-tunnelling-bgp": {"vnet1-vm1", "vnet1-exempt", "vnet1-quiet", "vnet2-vm2", "site1-h1"},
    "expressroute-vpn-coexist-failover": {"vnet1-vm1", "vnet2-vm2", "site1-host1", "site2-host2"},
    "expressroute-vpn-two-sites": {
        "vnet1-vm1",
        "vnet2-vm2",
        "site1-host1",
        "site2-host2",
        "site3-host3",
        "site4-host4",
        "lin",
    },
    "expressroute-limits": {"vnet1-vm1", "vnet1-sdwan", "vnet2-vm2", "site1-host1", "branch-b"},
    "expressroute": {"vnet1-vm1", "vnet1-vm2", "spoke-app", "other-db", "site1-host1"},
    "route-server-active-passive": {
        "vnet1-vm1",
        "vnet1-closed",
        "vnet1-east",
        "vnet1-west",
        "vnet1-first",
        "vnet1-second",
        "vnet1-half",
        "vnet1-speaker",
        "vnet1-worker",
        "branch1-h1",
        "branch2-h2",
        "branch3-h3",
    },
    "route-server-branch-to-branch": {
        "vnet1-vm1",
        "vnet1-sdwan1",
        "vnet1-firewall",
        "vnet2-vm2",
        "vnet2-sdwan2",
        "office1-o1",
        "static1-s1",
        "remote1-r1",
        "office2-o2",
        "remote2-r2",
        "lin",
    },
    "route-server-expressroute": {"vnet1-vm1", "vnet1-sdwan", "vnet2-vm2", "vnet3-vm3", "site1-h1", "remote-r1"},
    "route-server-routing-preference": {
        *(f"vnet{n}-{vm}{n}" for n in (1, 2, 3) for vm in ("vm", "sdwan", "listener")),
        "office-h",
    },
    "route-server-overview": {
        "vnet1-vm1",
        "vnet1-vm3",
        "vnet1-sdwan",
        "vnet1-firewall",
        "vnet1-liar",
        "vnet2-vm2",
        "vnet2-loop",
        "branch-h1",
        "branch-h2",
    },
    "route-server-spokes": {
        "hub-vm0",
        "hub-sdwan",
        "hub-firewall",
        "spoke1-vm1",
        "spoke1-closed",
        "spoke2-vm2",
        "spoke3-vm3",
        "branch-b",
        "office-o",
    },
    "route-server-nva-in-spoke": {
        "hub-vm0",
        "hub-sdwan2",
        "spoke1-vm1",
        "spoke1-sdwan1",
        "spoke2-vm2",
        "branch-b",
        "office-o",
    },
}
# Whose stories name the Internet as a target.
TO_INTERNET = {
    "load-balancer-outbound",
    "hub-spoke-azure-firewall",
    "vnet-to-vnet-backbone",
    "nsg-three-tier",
    "nsg-virtual-network-tag",
    "private-subnet-outbound",
    "p2s-behind-site-nat",
    "p2s-openvpn",
    "p2s-sstp-through-proxy",
    "s2s-device-behind-nat",
    "p2s-custom-routes",
    "udr-own-vpn-server",
    "udr-nva",
    "nva-two-nics",
    "hub-spoke-firewall",
    "forced-tunnelling-default-site",
    "forced-tunnelling-bgp",
    "expressroute",
    "route-server-active-passive",
    "route-server-branch-to-branch",
    "route-server-overview",
    "route-server-spokes",
}
# Whose stories have the Internet ask.
FROM_INTERNET = {
    "expressroute-microsoft-peering",
    "nva-two-nics",
    "hub-spoke-azure-firewall",
    "vnet-to-vnet-backbone",
    "nsg-three-tier",
    "nsg-virtual-network-tag",
    "private-subnet-outbound",
    "hub-spoke-firewall",
    "forced-tunnelling-default-site",
    "forced-tunnelling-bgp",
    "route-server-overview",
}
# What is only asked.
ONLY_ASKED = {
    "private-endpoint-hub-spoke": ("data-sql", "data-blob", "data-waiting"),
    "load-balancer-frontend": ("service-lb-fe",),
    "load-balancer-outbound": ("vnet1-internal-fe",),
    "nva-load-balancer": ("hub-lb-fe",),
}


def asked(scenario: str) -> set[tuple[str, str]]:
    """The pairs of a scenario: all but of what is only asked, and what a story names beside."""
    return {*permutations(ENDPOINTS[scenario], 2), *_further(scenario)}


def _further(scenario: str) -> Iterator[tuple[str, str]]:
    """The Internet is asked, and asks, only where a story says so; private endpoints and frontends are asked."""
    yield from product(ENDPOINTS[scenario], ONLY_ASKED.get(scenario, ()))
    yield from ((node, "internet") for node in ENDPOINTS[scenario] if scenario in TO_INTERNET)
    yield from (("internet", node) for node in ENDPOINTS[scenario] if scenario in FROM_INTERNET)
