"""Ends that cannot agree: `check` warns at the line that decides it, `predict` by name, unless a step expects it."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlab.api.scenarios import check
from netlab.azure.misfits import warnings
from netlab.azure.outcome import prediction
from netlab.scenario.loader import catalogue, load, parse

HEAD = """
name: two-ends
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {vm1: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
  VNet2:
    address_space: [10.2.0.0/16]
    subnets: {default: 10.2.0.0/24, GatewaySubnet: 10.2.255.0/27}
    vms: {vm2: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {host1: 10.101.0.10}}
connections:
  to-site:
    type: IPsec
    between: [VNet1, Site1]
"""
STRONG = (
    "{ike_encryption: AES256, ike_integrity: SHA384, dh_group: ECP384, "
    "ipsec_encryption: GCMAES256, ipsec_integrity: GCMAES256, pfs_group: ECP384}"
)
WEAK_ESP = (
    "{ike_encryption: AES256, ike_integrity: SHA384, dh_group: ECP384, "
    "ipsec_encryption: AES128, ipsec_integrity: SHA1, pfs_group: None}"
)
LINE = len(HEAD.splitlines()) + 1

# The lines below the connection, the line at which the warning stands (counted from there), its rule and its end.
MISFITS = {
    "keys": (
        "    shared_key: one\n    other_end: {shared_key: another}\n",
        1,
        "R31",
        "the shared keys of VNet1 and Site1 differ",
    ),
    "key of one end only": (
        "    other_end:\n      shared_key: another\n",
        1,
        "R31",
        "the shared keys of VNet1 and Site1 differ",
    ),
    "IKE versions": (
        "    connection_protocol: IKEv2\n    other_end:\n      connection_protocol: IKEv1\n",
        2,
        "R25",
        "VNet1 speaks IKEv2, Site1 IKEv1",
    ),
    "IKE algorithms": (
        f"    other_end: {{ipsec_policy: {STRONG}}}\n",
        0,
        "R40",
        "the IKE policies have no proposal in common: VNet1 proposes AES256-SHA1-DHGroup2, AES256-SHA256-DHGroup2, "
        "AES128-SHA1-DHGroup2, and 3 more; Site1 accepts AES256-SHA384-ECP384",
    ),
    "IKE algorithms of the gateway": (
        f"    dpd_timeout_seconds: 30\n    ipsec_policy: {STRONG}\n    other_end: {{}}\n",
        1,
        "R40",
        "the IKE policies have no proposal in common: VNet1 proposes AES256-SHA384-ECP384; Site1 accepts "
        "AES256-SHA1-DHGroup2, AES256-SHA256-DHGroup2, AES128-SHA1-DHGroup2, and 3 more",
    ),
    "IPsec algorithms": (
        f"    ipsec_policy: {STRONG}\n    other_end:\n      ipsec_policy: {WEAK_ESP}\n",
        2,
        "R40",
        "the IPsec policies have no proposal in common: VNet1 proposes GCMAES256-ECP384; Site1 accepts AES128-SHA1",
    ),
    "selectors": (
        "    traffic_selector_policies:\n"
        "      - {local_address_ranges: [10.1.0.0/16], remote_address_ranges: [10.101.0.0/16]}\n"
        "    other_end:\n"
        "      traffic_selector_policies:\n"
        "        - {local_address_ranges: [10.102.0.0/16], remote_address_ranges: [10.1.0.0/16]}\n",
        3,
        "R50",
        "the traffic selectors have nothing in common: VNet1 proposes 10.1.0.0/16 to 10.101.0.0/16; "
        "Site1 accepts 10.1.0.0/16 to 10.102.0.0/16",
    ),
    "selectors that IKEv1 would have to narrow": (
        "    connection_protocol: IKEv1\n"
        "    other_end:\n"
        "      connection_protocol: IKEv1\n"
        "      traffic_selector_policies:\n"
        "        - {local_address_ranges: [10.101.0.0/16], remote_address_ranges: [10.1.0.0/16]}\n",
        3,
        "B57",
        "IKEv1 does not narrow, and what is proposed is not inside of what is accepted: VNet1 proposes 0.0.0.0/0 to "
        "0.0.0.0/0; Site1 accepts 10.1.0.0/16 to 10.101.0.0/16",
    ),
    "both only initiate": (
        "    connection_mode: InitiatorOnly\n    other_end:\n      connection_mode: InitiatorOnly\n",
        2,
        "R46",
        "Site1 is InitiatorOnly and answers nobody",
    ),
    "both only respond": (
        "    connection_mode: ResponderOnly\n    other_end:\n      connection_mode: ResponderOnly\n",
        2,
        "R46",
        "both ends are ResponderOnly, so none begins",
    ),
}
FITTING = {
    "defaults": "",
    "one key for both": "    shared_key: one\n    other_end: {shared_key: one}\n",
    "the same policy": f"    ipsec_policy: {STRONG}\n    other_end: {{ipsec_policy: {STRONG}}}\n",
    "one begins, one answers": (
        "    connection_mode: ResponderOnly\n    other_end:\n      connection_mode: InitiatorOnly\n"
    ),
    "selectors that overlap": (
        "    traffic_selector_policies:\n"
        "      - {local_address_ranges: [10.1.0.0/16], remote_address_ranges: [10.101.0.0/16]}\n"
        "    other_end:\n"
        "      traffic_selector_policies:\n"
        "        - {local_address_ranges: [10.101.0.0/16], remote_address_ranges: [10.1.0.0/24]}\n"
    ),
}


def found(text: str, tmp_path) -> list[tuple[int, str, str, str]]:
    """What `check` finds: line, severity, rule and message."""
    file = tmp_path / "two-ends.yaml"
    file.write_text(text)
    findings, valid = check(str(file))
    assert valid
    return [(each.line, each.severity, each.rule, each.message) for each in findings]


def warned(text: str) -> list[list[tuple[str, str]]]:
    """What `predict` warns of, step by step."""
    steps = prediction(parse(text, "x.yaml").scenario).steps
    return [[(item.name, item.message) for item in step.warnings] for step in steps]


@pytest.mark.parametrize("case", MISFITS)
def test_check_warns_at_the_line_that_decides_it(case: str, tmp_path) -> None:
    rest, line, rule, why = MISFITS[case]
    ((at, severity, number, message),) = found(HEAD + rest, tmp_path)
    assert (at, severity, number) == (LINE + line, "warning", rule)
    assert message.startswith("connections.to-site.")
    assert message.endswith(f": the connection stays NotConnected, and no step expects it: {why}")


@pytest.mark.parametrize("case", MISFITS)
def test_predict_warns_by_name_with_the_reason(case: str) -> None:
    rest, _, _, why = MISFITS[case]
    assert warned(HEAD + rest) == [[("connection to-site", f"NotConnected, and nothing expects it: {why}")]]


@pytest.mark.parametrize("case", MISFITS)
def test_what_a_step_expects_is_no_warning(case: str, tmp_path) -> None:
    text = HEAD + MISFITS[case][0]
    expecting = "story:\n  - {name: as built, expect: {connections: {to-site: NotConnected}}}\n  - {name: later}\n"
    assert found(text + expecting, tmp_path) == []
    assert warned(text + expecting) == [[], []]


@pytest.mark.parametrize("case", FITTING)
def test_ends_that_fit_are_no_warning(case: str, tmp_path) -> None:
    assert found(HEAD + FITTING[case], tmp_path) == []
    assert warned(HEAD + FITTING[case]) == [[]]


GROUPS = {
    ("PFS2048", "ECP384"): 1,
    ("None", "PFS2048"): 1,
    ("PFS2", "None"): 1,
    ("ECP384", "ECP384"): 0,
    ("None", "None"): 0,
}


@pytest.mark.parametrize("groups", GROUPS, ids=" ".join)
def test_ends_that_differ_in_pfs_come_up_and_are_lost_later(groups: tuple[str, str], tmp_path) -> None:
    """RFC 7296, section 1.2: the first CHILD SA of IKEv2 has no key exchange of its own."""
    mine, theirs = (STRONG.replace("pfs_group: ECP384", f"pfs_group: {group}") for group in groups)
    text = f"{HEAD}    ipsec_policy: {mine}\n    other_end:\n      ipsec_policy: {theirs}\n"
    told = found(text, tmp_path)
    assert [(line, severity, rule) for line, severity, rule, _ in told] == [(LINE + 2, "warning", "R40")] * GROUPS[
        groups
    ]
    assert all("comes up and is lost when its IPsec SA is replaced: the IPsec policies" in each[3] for each in told)
    assert warned(text) == [[]]


def test_an_expectation_of_the_opposite_is_no_excuse(tmp_path) -> None:
    story = "story:\n  - {name: as built, expect: {connections: {to-site: Connected}}}\n"
    ((line, _, rule, _),) = found(HEAD + MISFITS["keys"][0] + story, tmp_path)
    assert (line, rule) == (LINE + 1, "R31")


def test_a_key_that_the_story_changes_at_one_end_stands_at_its_action(tmp_path) -> None:
    story = (
        "story:\n  - name: as built\n  - name: another key\n    do:\n"
        "      - set_key: {connection: to-site, end: Site1, shared_key: new}\n"
    )
    ((line, _, rule, message),) = found(HEAD + story, tmp_path)
    assert (line, rule) == (LINE + 4, "R31")
    assert message.startswith("story[1].do[0]: ")
    assert [len(step) for step in warned(HEAD + story)] == [0, 1]
    mended = f"{story}  - name: both\n    do:\n      - set_key: {{connection: to-site, shared_key: new}}\n"
    assert [len(step) for step in warned(HEAD + mended)] == [0, 1, 0]


def test_keys_of_two_gateways_that_differ(tmp_path) -> None:
    """R74: both connection objects of a pair carry the same key."""
    two = HEAD.replace("type: IPsec", "type: Vnet2Vnet").replace("[VNet1, Site1]", "[VNet1, VNet2]")
    ((line, _, rule, message),) = found(f"{two}    shared_key: one\n    other_end: {{shared_key: another}}\n", tmp_path)
    assert (line, rule) == (LINE + 1, "R31")
    assert message.endswith("the shared keys of VNet1 and VNet2 differ")
    assert "another" not in message.split(": ", 1)[1]


def test_what_an_action_breaks_is_no_warning() -> None:
    story = "story:\n  - name: as built\n  - name: cut\n    do:\n      - cut_link: {name: Site1}\n"
    assert warned(HEAD + story) == [[], []]


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_no_scenario_of_the_catalogue_is_silent_about_such_a_connection(name: str) -> None:
    scenario = load(name).scenario
    assert not list(warnings(scenario))
    remarks = (item for step in prediction(scenario).steps for item in step.warnings)
    assert not [item for item in remarks if item.name.startswith("connection ")]


# --- BGP addresses --------------------------------------------------------------------------------------------------

SESSIONS = """\
name: sessions
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {GatewaySubnet: 10.1.255.0/27}
    vpn_gateway:
      active_active: true
      bgp: {asn: 65010, bgp_peering_addresses: [169.254.21.2, 169.254.21.6, 169.254.22.2, 169.254.22.6]}
sites:
  One: {address_prefixes: [10.101.0.0/16], bgp: {asn: 65101, bgp_peering_address: 169.254.22.1}}
connections:
  VNet1-One: {type: IPsec, between: [VNet1, One]REST}
"""


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        (", enable_bgp: true, custom_bgp_addresses: [169.254.22.2, 169.254.21.6]", ""),
        (", enable_bgp: true, custom_bgp_addresses: [169.254.22.2, 169.254.21.6], gateway_instance: 0", ""),
        (", enable_bgp: true", ""),
        ("", ""),
        (
            ", enable_bgp: true, custom_bgp_addresses: [169.254.21.2, 169.254.22.6]",
            "vnet1-gw-0 peers from 169.254.21.2, and one expects 169.254.22.2 (B37)",
        ),
        (
            ", enable_bgp: true, custom_bgp_addresses: [169.254.22.2, 169.254.22.6], gateway_instance: 1",
            "one has no BGP address in this tunnel (B43)",
        ),
    ],
)
def test_a_connection_without_any_bgp_session(rest: str, why: str, tmp_path) -> None:
    text = SESSIONS.replace("REST", rest)
    said = [message for *_, rule, message in found(text, tmp_path) if "session" in message]
    assert said == ([f"connections.VNet1-One: none of its tunnels has a BGP session: {why}"] if why else [])


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("", "; of the connections with its prefixes VNet1-b can come up (B46)"),
        (
            ", shared_key: one, other_end: {shared_key: another}",
            "; of the connections with its prefixes none can come up (B46)",
        ),
        (", enable_bgp: true", ""),
    ],
)
def test_of_several_connections_with_one_prefix_those_are_named_that_can_come_up(
    second: str, says: str, tmp_path: Path
) -> None:
    document = HEAD[: HEAD.index("sites:")].replace("VpnGw1AZ}", "VpnGw1AZ, bgp: {asn: 65010}}", 1)
    document += f"""sites:
  Site1:
    address_prefixes: [10.101.0.0/16]
    bgp: {{asn: 65101}}
    hosts: {{host1: 10.101.0.10}}
    devices: {{a: {{}}, b: {{}}}}
connections:
  VNet1-a: {{type: IPsec, between: [VNet1, Site1], device: a, shared_key: one, other_end: {{shared_key: another}}}}
  VNet1-b: {{type: IPsec, between: [VNet1, Site1], device: b{second}}}
"""
    path = tmp_path / "several.yaml"
    path.write_text(document)
    found, valid = check(str(path))
    said = [each.message for each in found if "VNet1-a" in each.message and "NotConnected" in each.message]
    assert valid
    assert len(said) == 1
    differ = "the shared keys of VNet1 and Site1 differ"
    assert said[0].endswith(f"the connection stays NotConnected, and no step expects it: {differ}{says}")


BEHIND = HEAD.replace("hosts: {host1: 10.101.0.10}}", "hosts: {host1: 10.101.0.10}, behind: home}")
UNHEARD = {
    "only the gateway begins, and nothing gets in": (
        "{}",
        "    connection_mode: InitiatorOnly\n",
        "VNet1 begins, and the NAT of home lets no IKE in to Site1",
    ),
    "the device only answers": (
        "{}",
        "    other_end: {connection_mode: ResponderOnly}\n",
        "VNet1 begins, and the NAT of home lets no IKE in to Site1",
    ),
    "no NAT traversal": (
        "{lets_out: [udp/500]}",
        "",
        "Site1 begins, and home does not let udp/500 and udp/4500 out",
    ),
    "only a proxy": ("{http_proxy: {}}", "", "Site1 begins, and home does not let udp/500 and udp/4500 out"),
}


@pytest.mark.parametrize("case", UNHEARD)
def test_check_warns_of_nat_that_keeps_a_connection_down(case: str, tmp_path) -> None:
    """R32."""
    network, rest, why = UNHEARD[case]
    networks = f"access_networks:\n  home: {network}\n"
    ((_, severity, number, message),) = found(BEHIND + rest + networks, tmp_path)
    assert (severity, number) == ("warning", "R32")
    assert message.endswith(f": the connection stays NotConnected, and no step expects it: {why}")


@pytest.mark.parametrize("network", ["{}", "{forwards_ike: true}", "{lets_out: [udp/500, udp/4500]}"])
def test_nat_that_keeps_no_connection_down_is_no_warning(network: str, tmp_path) -> None:
    assert found(f"{BEHIND}access_networks:\n  home: {network}\n", tmp_path) == []
