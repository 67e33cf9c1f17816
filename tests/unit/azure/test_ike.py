"""What two ends agree on: azure-rules.md, R19 to R50."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from netlab.azure import ike
from netlab.azure.ike import EspSuite, IkeSuite, Negotiated
from netlab.azure.moments import after, initial
from netlab.azure.prediction import predict
from netlab.azure.selectors import ANY_TO_ANY, Selectors
from netlab.scenario.models import Action, Scenario
from netlab.scenario.network import resolve

C = "VNet1-Site1"
POLICY = {
    "ike_encryption": "AES256",
    "ike_integrity": "SHA384",
    "dh_group": "DHGroup24",
    "ipsec_encryption": "AES256",
    "ipsec_integrity": "SHA256",
    "pfs_group": "None",
}


def scenario(gateway: dict[str, Any] | None = None, story: list[Any] | None = None, **connection: Any) -> Scenario:
    """VNet1 with two prefixes and Site1 with two; each with one machine per prefix."""
    subnets = {"a": "10.1.0.0/24", "b": "10.11.0.0/24", "GatewaySubnet": "10.1.255.0/27"}
    return Scenario.model_validate(
        {
            "name": "ike",
            "vnets": {
                "VNet1": {
                    "address_space": ["10.1.0.0/16", "10.11.0.0/16"],
                    "subnets": subnets,
                    "vms": {"vma": {"subnet": "a"}, "vmb": {"subnet": "b"}},
                    "vpn_gateway": gateway or {},
                }
            },
            "sites": {
                "Site1": {
                    "address_prefixes": ["10.101.0.0/16", "10.102.0.0/16"],
                    "hosts": {"one": "10.101.0.10", "two": "10.102.0.10"},
                    "bgp": {"asn": 65101},
                }
            },
            "connections": {C: {"type": "IPsec", "between": ["VNet1", "Site1"], **connection}},
            "story": story or [],
        }
    )


POLICY_BASED = {"vpn_type": "PolicyBased", "sku": "Basic"}


def negotiated(found: Scenario, keys_differ: bool = False) -> Negotiated:
    return ike.negotiate(resolve(found).connections[C], keys_differ)


def pair(local: str, remote: str) -> Selectors:
    return Selectors((IPv4Network(local),), (IPv4Network(remote),))


def test_nothing_said_is_azures_first_choice_any_to_any() -> None:
    """R19, R25, R33, R35."""
    connection = resolve(scenario()).connections[C]
    assert ike.negotiate(connection) == Negotiated(
        "IKEv2",
        connection.sides[0],
        "",
        IkeSuite("AES256", "SHA1", "DHGroup2"),
        EspSuite("GCMAES256", "GCMAES256"),
        ((ANY_TO_ANY,), (ANY_TO_ANY,)),
    )


@pytest.mark.parametrize(
    ("connection", "reason", "code"),
    [
        ({}, "", "NoFault"),
        ({"connection_protocol": "IKEv1"}, "", "NoFault"),
        ({"ipsec_policy": POLICY}, "", "NoFault"),
        # R40: a custom policy replaces the defaults; the device has them still.
        ({"ipsec_policy": POLICY, "other_end": {}}, "no proposal chosen", "IkePolicyMismatch"),
        ({"other_end": {"ipsec_policy": POLICY}}, "no proposal chosen", "IkePolicyMismatch"),
        (
            {"ipsec_policy": POLICY, "other_end": {"ipsec_policy": POLICY | {"ipsec_integrity": "SHA1"}}},
            "no proposal chosen",
            "IkePolicyMismatch",
        ),
        # One of the defaults at the other end is enough.
        (
            {
                "other_end": {
                    "ipsec_policy": POLICY
                    | {"ike_encryption": "AES128", "ike_integrity": "SHA1", "dh_group": "DHGroup2"}
                }
            },
            "",
            "NoFault",
        ),
        ({"other_end": {"connection_protocol": "IKEv1"}}, "no proposal chosen", "IkePolicyMismatch"),
        # R46: a connection's mode is its gateway's; the device's is Default.
        ({"connection_mode": "ResponderOnly"}, "", "NoFault"),
        (
            {"connection_mode": "ResponderOnly", "other_end": {"connection_mode": "ResponderOnly"}},
            "nobody initiates",
            "PeerReachability",
        ),
        (
            {"connection_mode": "InitiatorOnly", "other_end": {"connection_mode": "InitiatorOnly"}},
            "peer unreachable",
            "PeerReachability",
        ),
        ({"connection_mode": "InitiatorOnly", "other_end": {"connection_mode": "ResponderOnly"}}, "", "NoFault"),
    ],
)
def test_matrix(connection: dict[str, Any], reason: str, code: str) -> None:
    found = negotiated(scenario(**connection))
    assert (found.up, found.reason, found.code) == (not reason, reason, code)


def test_a_wrong_key_fails_where_the_proposals_fit_and_only_there() -> None:
    """R31."""
    assert negotiated(scenario(), keys_differ=True).reason == "authentication failed"
    assert negotiated(scenario(ipsec_policy=POLICY, other_end={}), keys_differ=True).reason == "no proposal chosen"


@pytest.mark.parametrize(("protocol", "reason"), [("IKEv2", ""), ("IKEv1", "no proposal chosen")])
def test_ikev2_does_not_notice_a_wrong_pfs_group_before_it_rekeys(protocol: str, reason: str) -> None:
    """RFC 7296, 1.2: no key exchange of its own for the first CHILD SA. RFC 2409: quick mode has one."""
    found = scenario(
        connection_protocol=protocol,
        ipsec_policy=POLICY | {"pfs_group": "PFS24"},
        other_end={"connection_protocol": protocol, "ipsec_policy": POLICY},
    )
    assert negotiated(found).reason == reason


@pytest.mark.parametrize("mode", ["Default", "ResponderOnly"])
def test_azure_never_offers_pfs_by_itself_and_accepts_it(mode: str) -> None:
    """R35, R36: with IKEv1 a device that insists on PFS comes up only when it begins."""
    device = {
        "connection_protocol": "IKEv1",
        "ipsec_policy": POLICY
        | {"ike_integrity": "SHA1", "dh_group": "DHGroup2", "ipsec_integrity": "SHA1", "pfs_group": "PFS2"},
    }
    found = negotiated(scenario(connection_protocol="IKEv1", connection_mode=mode, other_end=device))
    assert found.up == (mode == "ResponderOnly")
    assert found.esp == (EspSuite("AES256", "SHA1", "PFS2") if found.up else None)


def test_a_policy_based_gateway_has_every_combination() -> None:
    """R20, R25, R34."""
    found = negotiated(scenario(POLICY_BASED))
    assert (found.protocol, found.ike) == ("IKEv1", IkeSuite("AES256", "SHA256", "DHGroup2"))
    assert set(found.selectors[0]) == {
        pair(local, remote)
        for local in ("10.1.0.0/16", "10.11.0.0/16")
        for remote in ("10.101.0.0/16", "10.102.0.0/16")
    }
    assert found.selectors[1] == tuple(each.mirrored() for each in found.selectors[0])


def test_a_route_based_gateway_can_be_told_to_do_as_a_policy_based_one() -> None:
    """R48."""
    found = negotiated(scenario(use_policy_based_traffic_selectors=True, ipsec_policy=POLICY))
    assert found.selectors == negotiated(scenario(POLICY_BASED)).selectors
    assert found.protocol == "IKEv2"


NARROW = {"local_address_ranges": ["10.1.0.0/24"], "remote_address_ranges": ["10.101.0.0/24"]}


@pytest.mark.parametrize("mode", ["Default", "ResponderOnly"])
def test_custom_selectors_are_the_gateways_and_the_device_has_them_the_other_way_round(mode: str) -> None:
    """R50: one line is one SA."""
    found = negotiated(scenario(traffic_selector_policies=[NARROW], connection_mode=mode))
    assert found.selectors[0] == (pair("10.1.0.0/24", "10.101.0.0/24"),)


# --- what it means for the state ------------------------------------------------------------------------------------


def drops(found: Scenario) -> set[tuple[str, str]]:
    """Where packets between VNet and site die after the last step, and why."""
    *_, step = predict(found)
    return {(cell.death[1].dropped_at, cell.death[1].reason) for cell in step.cells if cell.death is not None}


NO_TUNNEL = f"no tunnel: {C} has no INSTALLED CHILD SA"


def test_without_a_tunnel_static_routes_stay_and_packets_die_before_it() -> None:
    """R83."""
    assert drops(scenario(other_end={"shared_key": "another"}, shared_key="one")) == {
        ("vnet1-gw-0", NO_TUNNEL),
        ("site1", NO_TUNNEL),
    }


def test_without_a_tunnel_bgp_tells_nothing() -> None:
    bgp = scenario({"bgp": {"asn": 65010}}, enable_bgp=True)
    assert initial(bgp).learned["site1"].keys() == {IPv4Network("10.1.0.0/16"), IPv4Network("10.11.0.0/16")}
    broken = scenario(
        {"bgp": {"asn": 65010}},
        enable_bgp=True,
        connection_mode="InitiatorOnly",
        other_end={"connection_mode": "InitiatorOnly"},
    )
    assert initial(broken).learned["site1"] == {}


def test_bgp_needs_its_addresses_in_the_selectors() -> None:
    apart = scenario({"bgp": {"asn": 65010}}, enable_bgp=True, traffic_selector_policies=[NARROW])
    assert initial(apart).learned["site1"] == {}


def test_outside_the_selectors_packets_die_at_the_sender() -> None:
    assert drops(scenario(traffic_selector_policies=[NARROW])) == {
        ("vnet1-gw-0", "not in the selectors: 10.11.0.4 is in none of 10.1.0.0/24"),
        ("vnet1-gw-0", "not in the selectors: 10.102.0.10 is in none of 10.101.0.0/24"),
        ("site1", "not in the selectors: 10.102.0.10 is in none of 10.101.0.0/24"),
        ("site1", "not in the selectors: 10.11.0.4 is in none of 10.1.0.0/24"),
    }


def test_keys_changed_at_one_end_only_break_it_and_at_the_other_too_mend_it() -> None:
    state = initial(scenario())
    one_end = {"set_key": {"connection": C, "shared_key": "new", "end": "VNet1"}}
    both = {"set_key": {"connection": C, "shared_key": "new"}}
    half = after(state, Action.model_validate(one_end))
    assert half.negotiated[C].reason == "authentication failed"
    assert after(half, Action.model_validate({"set_key": {**one_end["set_key"], "end": "Site1"}})).negotiated[C].up
    assert after(state, Action.model_validate(both)).negotiated[C].up
    assert "new" not in repr(half)


def test_an_end_without_a_key_of_its_own_has_the_connections() -> None:
    assert initial(scenario(shared_key="one", other_end={"connection_protocol": "IKEv2"})).negotiated[C].up
    assert initial(scenario(shared_key="one", other_end={"shared_key": "one"})).negotiated[C].up
    assert not initial(scenario(other_end={"shared_key": "two"})).negotiated[C].up


# --- through NAT ----------------------------------------------------------------------------------------------------


def behind(network: dict[str, Any], **connection: Any) -> Scenario:
    found = scenario(**connection).model_dump(mode="json", exclude_unset=True)
    found["sites"]["Site1"]["behind"] = "provider"
    return Scenario.model_validate({**found, "access_networks": {"provider": network}})


FORWARDS = {"forwards_ike": True}
NO_NAT_T = {"lets_out": ["udp/500", "tcp/443"]}
ONLY = {"connection_mode": "InitiatorOnly"}


@pytest.mark.parametrize(
    ("network", "connection", "begins", "reason"),
    [
        # Without NAT the gateway would begin.
        ({}, {}, "Site1", ""),
        (FORWARDS, {}, "VNet1", ""),
        ({}, ONLY, "VNet1", "peer unreachable"),
        (FORWARDS, ONLY, "VNet1", ""),
        ({}, {"connection_mode": "ResponderOnly"}, "Site1", ""),
        ({}, {"connection_protocol": "IKEv1"}, "Site1", ""),
        # The device answers only, and nothing gets to it.
        ({}, {"other_end": {"connection_mode": "ResponderOnly"}}, "VNet1", "peer unreachable"),
        (FORWARDS, {"other_end": {"connection_mode": "ResponderOnly"}}, "VNet1", ""),
        # NAT traversal needs UDP 4500; what the router forwards it takes the answers of.
        (NO_NAT_T, {}, "Site1", "peer unreachable"),
        ({"lets_out": ["tcp/443"]}, {}, "Site1", "peer unreachable"),
        ({"lets_out": ["udp/500", "udp/4500"]}, {}, "Site1", ""),
        ({**NO_NAT_T, **FORWARDS}, {}, "VNet1", ""),
        ({"http_proxy": {}}, {}, "Site1", "peer unreachable"),
    ],
)
def test_through_nat_the_device_begins_unless_its_router_forwards_ike(
    network: dict[str, Any], connection: dict[str, Any], begins: str, reason: str
) -> None:
    """R32."""
    found = negotiated(behind(network, **connection))
    assert found.initiator is not None
    assert (found.initiator.end.name, found.reason) == (begins, reason)
    assert found.code == ("PeerReachability" if reason else "NoFault")
