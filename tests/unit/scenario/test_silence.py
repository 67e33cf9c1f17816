"""What a scenario states nothing about: pairs and connections that no step expects anything of."""

from __future__ import annotations

import pytest

from netlab.results.verification import Unstated
from netlab.scenario.loader import parse
from netlab.scenario.silence import unstated

HEAD = """
name: three-places
vnets:
  VNet1:
    address_space: [10.1.0.0/16]
    subnets: {default: 10.1.0.0/24, GatewaySubnet: 10.1.255.0/27}
    vms: {a: {subnet: default}, b: {subnet: default}}
    vpn_gateway: {sku: VpnGw1AZ}
sites:
  Site1: {address_prefixes: [10.101.0.0/16], hosts: {h: 10.101.0.10}}
  Site2: {address_prefixes: [10.102.0.0/16], hosts: {i: 10.102.0.10}}
connections:
  one: {type: IPsec, between: [VNet1, Site1]}
  two: {type: IPsec, between: [VNet1, Site2]}
"""
BOTH = ("one", "two")

# Four machines are twelve pairs.
STORIES = {
    "": Unstated(12, 12, BOTH, 2),
    "story:\n  - {name: s}\n": Unstated(12, 12, BOTH, 2),
    "story:\n  - {name: s, expect: {reach: {a: {h: reachable}}}}\n": Unstated(11, 12, BOTH, 2),
    "story:\n  - {name: s, expect: {reach: {VNet1: {Site1: reachable}}}}\n": Unstated(10, 12, BOTH, 2),
    "story:\n  - {name: s, expect: {reach: {VNet1: {VNet1: reachable}}}}\n": Unstated(10, 12, BOTH, 2),
    "story:\n  - {name: s}\n  - {name: t, expect: {connections: {two: Connected}}}\n": Unstated(12, 12, ("one",), 2),
    "story:\n  - {name: s, expect: {reach: {a: {h: reachable}}}}\n"
    "  - {name: t, expect: {reach: {a: {h: unreachable}, h: {VNet1: unreachable}}}}\n": Unstated(9, 12, BOTH, 2),
    # The Internet takes part where a step names it: four pairs more.
    "story:\n  - {name: s, expect: {reach: {a: {internet: reachable}}}}\n": Unstated(15, 16, BOTH, 2),
    "story:\n  - {name: s, expect: {connections: {one: Connected, two: Connected}, reach: {"
    "VNet1: {VNet1: reachable, Site1: reachable, Site2: reachable}, "
    "Site1: {VNet1: reachable, Site2: unreachable}, Site2: {VNet1: reachable, Site1: unreachable}}}}\n": Unstated(
        0, 12, (), 2
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_no_step_states(story: str) -> None:
    assert unstated(parse(HEAD + story, "x.yaml").scenario) == STORIES[story]
