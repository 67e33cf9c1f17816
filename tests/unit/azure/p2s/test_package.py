"""P28, 6.1: which changes of a gateway need a new profile, and which do not, for each type of tunnel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from netlab.azure.moments import after, initial
from netlab.azure.p2s.package import OTHER_AUTHENTICATION, OTHER_GATEWAY, OTHER_TYPE
from netlab.azure.state import State
from netlab.scenario.models import Action, Scenario

POOL = "192.168.0.0/24"
RADIUS = {"authentication_types": ["Radius"], "radius_server_address": "10.1.0.4"}
CERTIFICATE = {"authentication_types": ["Certificate"]}
EAP = {"authentication_types": ["EapMSChapv2"]}
BACK = {"authentication_types": ["Certificate"], "radius_server_address": None}


def opened(settings: Mapping[str, Any], client: Mapping[str, Any], **gateway: Any) -> State:
    vnet = {
        "address_space": ["10.1.0.0/16"],
        "subnets": {"default": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
        "vms": {"vm1": {"subnet": "default"}},
        "vpn_gateway": {"point_to_site": {"address_pool": POOL, **settings}, **gateway},
    }
    whole = {"name": "x", "profile": "seed", "vnets": {"VNet1": vnet}, "clients": {"c": {"gateway": "VNet1", **client}}}
    return initial(Scenario.model_validate(whole))


def changed(state: State, gateway: Mapping[str, Any]) -> State:
    return acted(state, change={"vnets": {"VNet1": {"vpn_gateway": gateway}}})


def acted(state: State, **action: Any) -> State:
    return after(state, Action.model_validate(action))


IKEV2, OPENVPN, SSTP = ({"tunnel_types": [each]} for each in ("IkeV2", "OpenVPN", "SSTP"))
WINDOWS, LINUX = {"os": "windows"}, {"os": "linux"}
# What the gateway has at first, the client, what changes, and why the old profile does not connect.
STALE: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], str]] = {
    "OpenVPN, a certificate, then a password": (OPENVPN, LINUX, RADIUS, OTHER_AUTHENTICATION),
    "OpenVPN, a password, then a certificate": ({**OPENVPN, **RADIUS}, LINUX, BACK, OTHER_AUTHENTICATION),
    "IKEv2, a certificate, then RADIUS": ({**IKEV2, **CERTIFICATE}, WINDOWS, RADIUS, OTHER_AUTHENTICATION),
    "IKEv2, the gateway's own passwords, then RADIUS": ({**IKEV2, **EAP}, LINUX, RADIUS, OTHER_AUTHENTICATION),
    "IKEv2, a PSK, then a certificate": (IKEV2, LINUX, CERTIFICATE, OTHER_AUTHENTICATION),
    "SSTP, a certificate, then a password": (SSTP, WINDOWS, EAP, OTHER_AUTHENTICATION),
    "OpenVPN instead of SSTP": (SSTP, WINDOWS, OPENVPN, OTHER_TYPE),
    "IKEv2 instead of OpenVPN": (OPENVPN, LINUX, {**IKEV2, **CERTIFICATE}, OTHER_TYPE),
    "OpenVPN instead of IKEv2": ({**IKEV2, **CERTIFICATE}, LINUX, OPENVPN, OTHER_TYPE),
    "IKEv2 comes, and Windows tries it first": (SSTP, WINDOWS, {"tunnel_types": ["IkeV2", "SSTP"]}, OTHER_TYPE),
}


@pytest.mark.parametrize("name", STALE)
def test_a_client_with_the_old_profile_does_not_connect_and_with_a_new_one_does(name: str) -> None:
    settings, client, change, why = STALE[name]
    state = changed(opened(settings, client), {"point_to_site": change})
    assert state.absence("c")
    old = acted(state, connect={"client": "c"})
    assert old.absence("c") == why
    new = acted(acted(old, download_profile={"client": "c"}), connect={"client": "c"})
    # The server of these scenarios is a machine that is there: nothing else is in the way.
    assert new.absence("c") == ""


BOTH: Mapping[str, Any] = {"tunnel_types": ["IkeV2", "OpenVPN"]}
GOOD: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]] = {
    "the package had a profile of OpenVPN, too": (BOTH, WINDOWS, OPENVPN),
    "IKEv2 comes beside the client's OpenVPN": (OPENVPN, {**LINUX, "tunnel_type": "OpenVPN"}, BOTH),
    "another root is trusted": (OPENVPN, LINUX, {"root_certificates": ["root", "more"]}),
    "a stranger's certificate is revoked": ({**IKEV2, **CERTIFICATE}, WINDOWS, {"revoked_certificates": ["other"]}),
    "custom routes": (OPENVPN, LINUX, {"custom_routes": ["10.9.0.0/16"]}),
    "another server of RADIUS": ({**OPENVPN, **RADIUS}, LINUX, {"radius_server_address": "10.1.0.4"}),
    "another pool": (IKEV2, WINDOWS, {"address_pool": "192.168.7.0/24"}),
}


@pytest.mark.parametrize("name", GOOD)
def test_other_changes_need_no_new_profile_to_connect(name: str) -> None:
    settings, client, change = GOOD[name]
    state = acted(changed(opened(settings, client), {"point_to_site": change}), connect={"client": "c"})
    assert state.absence("c") == ""


@pytest.mark.parametrize("settings", [IKEV2, OPENVPN, {**SSTP, **CERTIFICATE}], ids=["IKEv2", "OpenVPN", "SSTP"])
def test_a_profile_leads_to_the_address_that_its_gateway_had(settings: Mapping[str, Any]) -> None:
    """R16: a public address changes only with the gateway."""
    state = changed(opened(settings, WINDOWS), {"public_ip_address": "203.0.113.77"})
    assert acted(state, connect={"client": "c"}).absence("c") == OTHER_GATEWAY
    new = acted(acted(state, download_profile={"client": "c"}), connect={"client": "c"})
    assert new.absence("c") == ""
    # R16: it survives a resize.
    resized = changed(opened(settings, WINDOWS), {"sku": "VpnGw3"})
    assert acted(resized, connect={"client": "c"}).absence("c") == ""


def test_what_is_pushed_needs_no_profile_and_what_is_packaged_does() -> None:
    """P17, R65: new routes come to OpenVPN with its next connection, to Windows over IKEv2 with the next download."""
    change = {"point_to_site": {"custom_routes": ["10.9.0.0/16"]}}
    found = {}
    for name, settings in {"OpenVPN": OPENVPN, "IkeV2": IKEV2}.items():
        state = acted(changed(opened(settings, WINDOWS), change), connect={"client": "c"})
        again = acted(state, download_profile={"client": "c"})
        found[name] = tuple("10.9.0.0/16" in map(str, each.client_routes("c")) for each in (state, again))
    assert found == {"OpenVPN": (True, True), "IkeV2": (False, True)}
