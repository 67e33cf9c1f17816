"""The files of a VPN device: IPsec, the interfaces of its tunnels, and what a lab's BGP daemons read."""

from __future__ import annotations

import pytest

from netlab.plan.model import BgpProgram, IkeProgram, Plan
from netlab.plan.planner import plan
from netlab.plan.timers import timers
from netlab.render import libreswan
from netlab.render.devices import files
from netlab.render.text import speaker_conf
from netlab.scenario.loader import load, parse
from netlab.scenario.models import DeviceSoftware, Scenario

POLICY = "{ike_encryption: AES256, ike_integrity: SHA256, dh_group: DHGroup14, "
POLICY += "ipsec_encryption: GCMAES256, ipsec_integrity: GCMAES256, pfs_group: None}"


def scenario(name: str) -> Scenario:
    """A scenario of the catalogue with a policy that Libreswan can speak, too."""
    text = load(name).text.replace("enable_bgp: true}", f"enable_bgp: true, ipsec_policy: {POLICY}}}")
    return parse(text, "devices.yaml").scenario


def planned(name: str, node: str, ipsec: IkeProgram, program: BgpProgram | None) -> Plan:
    """The plan of a scenario in which the site of a node runs these programs, FRR unless it is given."""
    text = scenario(name)
    site = next(each for each in text.sites if node.startswith(each.lower()))
    before = text.sites[site].software
    software = DeviceSoftware(ipsec=ipsec, bgp=program or before.bgp)
    sites = text.sites | {site: text.sites[site].model_copy(update={"software": software})}
    return plan(text.model_copy(update={"sites": sites}), "device", "kernel", 1)


def written(
    name: str, node: str, ipsec: IkeProgram = "strongswan", program: BgpProgram | None = None
) -> dict[str, str]:
    found = planned(name, node, ipsec, program)
    keys = {secret: f"key of {secret}" for secret in found.secrets}
    return {file.path: file.text for file in files(found, node, keys)}


IPSEC: dict[IkeProgram, set[str]] = {
    "strongswan": {"/etc/strongswan.d/azure.conf", "/etc/swanctl/conf.d/azure.conf"},
    "libreswan": {"/etc/ipsec.d/azure.conf", "/etc/ipsec.d/azure.secrets"},
}
BGP: dict[BgpProgram, set[str]] = {"bird": {"/etc/bird/bird.conf"}, "frr": {"/etc/frr/frr.conf", "/etc/frr/daemons"}}


@pytest.mark.parametrize("program", BGP)
@pytest.mark.parametrize("ipsec", IPSEC)
def test_each_program_has_its_files(ipsec: IkeProgram, program: BgpProgram) -> None:
    found = written("s2s-bird", "site1", ipsec, program)
    assert found.keys() == IPSEC[ipsec] | BGP[program] | {"/usr/local/sbin/tunnels.sh"}
    assert all(text.endswith("\n") for text in found.values())


@pytest.mark.parametrize(("node", "program"), [("site1", "bird"), ("site2", "frr")])
def test_without_a_choice_the_bgp_daemon_is_that_of_the_scenario(node: str, program: BgpProgram) -> None:
    assert BGP[program] <= written("s2s-bird", node).keys()


def test_bgp_is_configured_by_the_very_text_of_a_lab() -> None:
    speakers = plan(scenario("s2s-bird"), "device", "kernel", 1).speakers
    for speaker, path in zip(speakers[1:], ("/etc/bird/bird.conf", "/etc/frr/frr.conf"), strict=True):
        wanted = "".join(speaker_conf(speaker, daemon) for daemon in speaker.daemons).splitlines()
        found = written("s2s-bird", speaker.node)[path].splitlines()
        assert [line for line in wanted if line not in found] == [line for line in wanted if line.startswith("log ")]
    assert "  hold time 180;" in written("s2s-bird", "site1")["/etc/bird/bird.conf"].splitlines()  # B14


def test_libreswan_is_configured_by_the_very_text_of_a_lab() -> None:
    (item,) = (each for each in planned("s2s-bird", "site1", "libreswan", None).charons if each.program == "libreswan")
    assert item.node == "site1-edge"
    text = written("s2s-bird", "site1", "libreswan")["/etc/ipsec.d/azure.conf"]
    assert text == libreswan.ipsec_conf(item, timers(1))


@pytest.mark.parametrize("ipsec", IPSEC)
def test_the_bgp_peer_is_reached_in_its_tunnel_or_not_at_all(ipsec: IkeProgram) -> None:
    (tunnel,) = (each for each in planned("s2s-bird", "site1", ipsec, None).tunnels if each.node == "site1")
    interface = {"strongswan": "t-vnet1-site1", "libreswan": f"ipsec{tunnel.if_id}"}[ipsec]
    lines = written("s2s-bird", "site1", ipsec)["/usr/local/sbin/tunnels.sh"].splitlines()
    assert "ip address replace 10.101.255.254/32 dev lo" in lines
    assert f"ip route replace 10.1.255.30/32 dev {interface}" in lines
    assert any(line.startswith("ip route replace unreachable 10.1.255.30/32 metric ") for line in lines)
    assert f"ip link set {interface} mtu 1400 up" in lines  # R39


@pytest.mark.parametrize("ipsec", IPSEC)
def test_an_interface_and_its_sas_have_one_number(ipsec: IkeProgram) -> None:
    found = written("s2s-bgp-transit", "site1-fw2", ipsec)
    (added,) = (line for line in found["/usr/local/sbin/tunnels.sh"].splitlines() if line.startswith("ip link add "))
    name, if_id = added.split()[3], added.split()[-1]
    if ipsec == "strongswan":
        assert name == "t-vnet3-fw2"
        assert f"if_id_in = {if_id}\n" in found["/etc/swanctl/conf.d/azure.conf"]
    else:
        # Libreswan 4.10 takes no ipsec1 that is there before it.
        assert name == f"ipsec{if_id}"
        assert int(if_id) > 1
        assert f"ipsec-interface={if_id}\n" in found["/etc/ipsec.d/azure.conf"]


def test_a_site_without_bgp_has_its_static_routes_and_no_bgp_daemon() -> None:
    found = written("s2s-static", "site1")
    assert found.keys() == IPSEC["strongswan"] | {"/usr/local/sbin/tunnels.sh"}
    assert "ip route replace 10.1.0.0/16 dev t-vnet1-site1" in found["/usr/local/sbin/tunnels.sh"].splitlines()


def test_a_router_before_several_devices_has_no_ipsec() -> None:
    assert written("s2s-bgp-transit", "site1").keys() == BGP["frr"] | {"/usr/local/sbin/tunnels.sh"}
