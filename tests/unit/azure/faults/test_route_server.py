"""One of the two instances of a Route Server that is lost."""

from __future__ import annotations

import pytest
from moments import action, moment

from netlab.azure import faults
from netlab.azure.faults.kind import Fault
from netlab.azure.faults.route_server import ROUTE_SERVER
from netlab.azure.state import State

NAME = "route-server-instance-lost"


def lost(instance: int) -> State:
    return moment(NAME, action("fail_route_server", vnet="VNet1", instance=instance))


def peers(state: State) -> set[tuple[str, str]]:
    """The sessions of Route Servers that are established, at their end."""
    ends = ((session.router.node, session.peer.node) for session in state.bgp_sessions)
    return {(one, other) for one, other in ends if "-rs-" in one}


BOTH = {("vnet1-rs-0", "vnet1-sdwan"), ("vnet1-rs-0", "vnet1-single"), ("vnet1-rs-1", "vnet1-sdwan")}


@pytest.mark.parametrize("instance", [0, 1])
def test_the_sessions_of_the_other_instance_carry_on(instance: int) -> None:
    assert peers(moment(NAME)) == BOTH
    assert lost(instance).faults == {Fault(ROUTE_SERVER, f"vnet1-rs-{instance}")}
    assert peers(lost(instance)) == {ends for ends in BOTH if ends[0] != f"vnet1-rs-{instance}"}


def test_without_both_instances_nothing_is_learned() -> None:
    both = [action("fail_route_server", vnet="VNet1", instance=index) for index in (0, 1)]
    assert peers(moment(NAME, *both)) == set()
    assert not moment(NAME, *both).learned["vnet1-single"].keys() - moment(NAME).network.sites["Lab"].announces


def test_an_instance_is_named_as_an_action_ends_it() -> None:
    found = lost(1)
    (fault,) = found.faults
    assert faults.ending(found.network, fault) == {"restore_route_server": {"vnet": "VNet1", "instance": 1}}
