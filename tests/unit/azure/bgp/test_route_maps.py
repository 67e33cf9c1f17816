"""An appliance's policy per peer and prefix: who learns what, with which AS path."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from netlab.azure.bgp.route_maps import Clause, clause_for
from netlab.azure.moments import initial
from netlab.scenario.models import Scenario

A, B = IPv4Network("10.8.0.0/16"), IPv4Network("10.9.0.0/16")


def learned(node: str, **policies: Any) -> dict[str, str]:
    """The AS paths at a node, where the appliance between a Route Server and a site has these policies."""
    bgp = {"asn": 65001, "sites": ["Branch"], "announces": [str(A), str(B)], "policies": policies}
    hub = {
        "address_space": ["10.0.0.0/16"],
        "subnets": {"default": "10.0.0.0/24", "RouteServerSubnet": "10.0.255.0/26"},
        "vms": {"nva": {"subnet": "default", "enable_ip_forwarding": True, "nva": {"bgp": bgp}}},
        "route_server": {},
    }
    branch = {"address_prefixes": ["10.101.0.0/16"], "bgp": {"asn": 65101}}
    state = initial(Scenario.model_validate({"name": "x", "vnets": {"Hub": hub}, "sites": {"Branch": branch}}))
    return {str(prefix): " ".join(map(str, paths[0].as_path)) for prefix, paths in state.learned[node].items() if paths}


def rule(**keys: Any) -> dict[str, Any]:
    return keys


TO_HUB = {"10.8.0.0/16": "65001", "10.9.0.0/16": "65001", "10.101.0.0/16": "65001 65101"}
TO_BRANCH = {"10.0.0.0/16": "65001 65515", "10.8.0.0/16": "65001", "10.9.0.0/16": "65001"}
OF_BRANCH, OF_HUB = "10.101.0.0/16", "10.0.0.0/16"


@pytest.mark.parametrize(
    ("rules", "changes"),
    [
        ([], {}),
        ([rule(prefixes=[str(A)], as_path_prepend=2)], {str(A): "65001 65001 65001"}),
        ([rule(as_path_prepend=1)], {p: f"65001 {path}" for p, path in TO_HUB.items()}),
        ([rule(prefixes=[OF_BRANCH], action="deny")], {OF_BRANCH: None}),
        ([rule(action="deny")], dict.fromkeys(TO_HUB)),
        # The first rule that is for a prefix decides.
        ([rule(prefixes=[str(B)]), rule(action="deny")], {str(A): None, OF_BRANCH: None}),
        ([rule(as_path_exclude=[65101])], {OF_BRANCH: "65001"}),
        (
            [rule(prefixes=[OF_BRANCH], as_path_prepend=1, as_path_exclude=[65101, 65515])],
            {OF_BRANCH: "65001 65001"},
        ),
        # Exactly this prefix, none inside it.
        ([rule(prefixes=["10.0.0.0/8"], action="deny")], {}),
    ],
)
def test_exports(rules: list[dict[str, Any]], changes: dict[str, str | None]) -> None:
    wanted = {prefix: path for prefix, path in {**TO_HUB, **changes}.items() if path is not None}
    assert learned("hub-rs-0", Hub={"exports": rules}) == wanted
    # Nothing changes towards another peer.
    assert learned("branch", Hub={"exports": rules}) == TO_BRANCH


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ([rule(prefixes=[OF_BRANCH], action="deny")], None),
        ([rule(as_path_exclude=[65101])], "65001"),
        ([rule(as_path_prepend=2)], "65001 65001 65001 65101"),
        ([rule(prefixes=[OF_HUB], action="deny")], "65001 65101"),
    ],
)
def test_imports_count_further_on(rules: list[dict[str, Any]], path: str | None) -> None:
    assert learned("hub-rs-0", Branch={"imports": rules}).get(OF_BRANCH) == path


def test_the_loop_check_comes_before_an_import_rule() -> None:
    """A43: what carries the own ASN is dropped whatever the rule removes."""
    both = {"Hub": {"exports": [rule(as_path_exclude=[65515])]}, "Branch": {"imports": [rule(as_path_exclude=[65001])]}}
    assert OF_HUB not in learned("hub-rs-0", **both)
    assert learned("branch", **both) == TO_BRANCH


def test_what_was_learned_may_be_kept() -> None:
    assert learned("hub-rs-0", Hub={"advertises_learned": False}) == {str(A): "65001", str(B): "65001"}
    assert learned("branch", Branch={"advertises_learned": False}) == {str(A): "65001", str(B): "65001"}
    assert learned("branch", Hub={"advertises_learned": False}) == TO_BRANCH


def test_a_route_map_without_a_clause_for_a_prefix_lets_it_pass() -> None:
    found = (Clause((A,), False), Clause((A, B), True, 1))
    assert clause_for(found, A) == Clause((A,), False)
    assert clause_for(found, B) == Clause((A, B), True, 1)
    assert clause_for(found, IPv4Network(OF_HUB)) == Clause()
