"""Links to the Internet that are cut: of a gateway, a device or a client."""

from __future__ import annotations

from moments import action, down, moment

from netlab.azure.faults.kind import Fault
from netlab.azure.faults.link import LINK, are_apart, linked


def test_a_name_stands_for_the_nodes_with_the_link() -> None:
    network = moment("s2s-bgp-transit").network
    assert linked(network, "VNet1") == {"vnet1-gw-0", "vnet1-gw-1"}
    assert linked(network, "Site1") == {"site1-fw1", "site1-fw2"}
    assert linked(network, "Site1", "fw2") == {"site1-fw2"}
    assert linked(moment("p2s-certificates").network, "alice") == {"alice"}


def test_the_tunnels_at_a_cut_link_are_down() -> None:
    assert down(moment("s2s-bgp-transit", action("cut_link", name="VNet2"))) == {
        "VNet1-VNet2": "the link of vnet2-gw-0 to the Internet is cut",
        "VNet2-VNet3": "the link of vnet2-gw-0 to the Internet is cut",
    }


def test_a_client_that_is_cut_off_loses_its_tunnel_and_gets_none() -> None:
    cut, mend = action("cut_link", name="alice"), action("mend_link", name="alice")
    connect = action("connect", client="alice")
    assert not moment("p2s-certificates").absence("alice")
    assert moment("p2s-certificates", cut).absence("alice")
    assert moment("p2s-certificates", cut, connect).absence("alice")
    # R66: it does not come back by itself.
    assert moment("p2s-certificates", cut, mend).absence("alice")
    assert not moment("p2s-certificates", cut, mend, connect).absence("alice")


def test_a_client_is_cut_off_at_either_end() -> None:
    network = moment("p2s-certificates").network
    for node, apart in (("alice", True), ("vnet1-gw-0", True), ("bob", False)):
        assert are_apart(network, frozenset({Fault(LINK, node)}), ("alice", "VNet1")) == apart
    cut = moment("p2s-certificates", action("cut_link", name="VNet1"))
    assert all(map(cut.absence, ("alice", "bob")))
