"""Narrow traffic selectors on charons: a gateway takes what the other side proposes (R47), whichever side begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from custom_selectors import POLICY, V1, line, lines
from labs import Lab, netlab, up

A_SITE = {"address_prefixes": ["S.0.0/16"]}
WAITS = {"connection_mode": "ResponderOnly"}


# VNet1's prefixes, and those of the site of a variant: S is 10.101 at the first one, 10.102 at the second.
VNET, OTHER, SITE, PART = "10.1.0.0/16", "10.11.0.0/16", "S.0.0/16", "S.0.0/24"
ONE = [f"{VNET} === {SITE}"]
ANY = ["0.0.0.0/0 === 0.0.0.0/0"]

# How a connection is set, whether its site begins, and the CHILD SAs as VNet1 sees them, or the reason why there are
# none. Of a connection's own selectors the local ranges are the gateway's; of `other_end` those of that end.
VARIANTS: dict[str, tuple[dict[str, Any], bool, list[str] | str]] = {
    "site": (lines(line(VNET, SITE), other_end={}), True, ONE),
    "site1": (lines(line(VNET, SITE), **V1, other_end=V1), True, ONE),
    "waits": ({**WAITS, "other_end": lines(line(SITE, VNET))}, False, ONE),
    "narrows": ({"other_end": lines(line(SITE, VNET))}, False, ONE),
    "gateway": (lines(line(VNET, SITE), other_end={}), False, ONE),
    "gateway1": (lines(line(VNET, SITE), **V1, other_end=V1), False, ONE),
    "unused": ({"other_end": lines(line(VNET, PART))}, True, ANY),
    "both": (lines(line(VNET, SITE)), True, ONE),
    "differ": (lines(line(VNET, PART), other_end=lines(line(SITE, VNET))), False, [f"{VNET} === {PART}"]),
    "part": (
        lines(line(VNET, PART), ipsec_policy=POLICY, other_end={
            "use_policy_based_traffic_selectors": True, "ipsec_policy": POLICY}),
        True,
        [f"{VNET} === {PART}"],
    ),
    "ranges": (lines(line(f"{VNET} {OTHER}", SITE), other_end={}), False, [f"{VNET} {OTHER} === {SITE}"]),
    "ranges1": (
        lines(line(f"{VNET} {OTHER}", SITE), **V1, other_end=V1),
        True,
        [f"{VNET} === {SITE}", f"{OTHER} === {SITE}"],
    ),
    "several": (
        lines(line(VNET, SITE), line(OTHER, PART), other_end={}),
        True,
        [f"{VNET} === {SITE}", f"{OTHER} === {PART}"],
    ),
    "answers": (
        {"other_end": lines(line(SITE, VNET), line(PART, OTHER))},
        False,
        [f"{VNET} === {SITE}", f"{OTHER} === {PART}"],
    ),
    "later": (
        lines(line(VNET, "10.150.0.0/16"), line(VNET, SITE), other_end=lines(line(SITE, VNET))),
        False,
        ONE,
    ),
    "apart": (lines(line(VNET, SITE), other_end=lines(line(SITE, OTHER))), False, "selectors unacceptable"),
    "apart1": (
        lines(line(VNET, SITE), **V1, other_end=lines(line(SITE, OTHER), **V1)), False, "selectors unacceptable"
    ),
    "any1": ({**V1, "other_end": lines(line(SITE, VNET), **V1)}, False, "selectors unacceptable"),
    "wide1": (lines(line(VNET, SITE), **V1, other_end=lines(line(PART, VNET), **V1)), False, "selectors unacceptable"),
}  # fmt: skip


def of_site(value: object, name: str) -> Any:
    """A value of VARIANTS with the prefixes of the variant's site."""
    net = f"10.{101 + list(VARIANTS).index(name)}"
    return json.loads(json.dumps(value).replace("S.0.0", f"{net}.0.0"))


def host(name: str) -> dict[str, Any]:
    return {"hosts": {f"h-{name}": of_site("S.0.0", name).removesuffix(".0") + ".10"}}


def document() -> dict[str, Any]:
    """VNet1 with two prefixes, and for each variant a site and a connection."""
    connections = {}
    for name, (settings, site_begins, _) in VARIANTS.items():
        between = [f"S-{name}", "VNet1"] if site_begins else ["VNet1", f"S-{name}"]
        connections[f"C-{name}"] = {"type": "IPsec", "between": between, **of_site(settings, name)}
    return {
        "name": "selectors",
        "vnets": {
            "VNet1": {
                "address_space": [VNET, OTHER],
                "subnets": {"a": "10.1.0.0/24", "b": "10.11.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
                "vms": {"a": {"subnet": "a"}, "b": {"subnet": "b"}},
                "vpn_gateway": {"sku": "VpnGw1AZ"},
            }
        },
        "sites": {f"S-{name}": of_site(A_SITE, name) | host(name) for name in VARIANTS},
        "connections": connections,
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    path = tmp_path_factory.mktemp("selectors") / "selectors.yaml"
    path.write_text(json.dumps(document()))
    with up(path, "t-selectors") as found:
        yield found


@pytest.fixture(scope="module")
def said(lab: Lab) -> dict[str, str]:
    """What `verify` says of each connection; model and packets agree on every cell."""
    report = lab.verify()
    return {check["name"]: check["message"] for check in report["steps"][0]["checks"]}


@pytest.fixture(scope="module")
def sas(lab: Lab, said: dict[str, str]) -> list[Any]:
    """The SAs after that, seen once: a CHILD SA without packets is gone after five minutes of Azure's."""
    found: list[Any] = json.loads(netlab("show", "ike-sas", "VNet1", "--lab", lab.name, "-f", "json").stdout)
    return found


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_selected(said: dict[str, str], sas: list[Any], name: str) -> None:
    _, _, expected = VARIANTS[name]
    children = [child for sa in sas if sa["connection"] == f"C-{name}" for child in sa["quickModeSA"]]
    found = {
        f"{' '.join(child['localTrafficSelectors'])} === {' '.join(child['remoteTrafficSelectors'])}"
        for child in children
    }
    if isinstance(expected, str):
        assert f"({expected}), as expected" in said[f"connection C-{name}"]
        assert found == set()
    else:
        assert said[f"connection C-{name}"] == "INSTALLED"
        assert found == set(of_site(expected, name))


def test_bgp_runs_through_selectors_that_only_its_packets_ask_for(tmp_path: Path) -> None:
    """R50: the first line does not hold the BGP addresses, and the gateway, which answers, asks for no other (B56)."""
    content = {
        "name": "bgp",
        "vnets": {
            "VNet1": {
                "address_space": [VNET, OTHER],
                "subnets": {"a": "10.1.0.0/24", "GatewaySubnet": "10.1.255.0/27"},
                "vms": {"a": {"subnet": "a"}},
                "vpn_gateway": {"sku": "VpnGw1AZ", "active_active": True, "bgp": {"asn": 65010}},
            }
        },
        "sites": {
            "Site1": {"address_prefixes": ["10.101.0.0/16"], "hosts": {"h": "10.101.0.10"}, "bgp": {"asn": 65101}}
        },
        "connections": {
            "C": {
                "type": "IPsec",
                "between": ["Site1", "VNet1"],
                "enable_bgp": True,
                **lines(line(OTHER, "10.101.0.0/17"), line(VNET, "10.101.0.0/16"), other_end={}),
            }
        },
        "story": [{"name": "as built", "expect": {"reach": {"a": {"h": "reachable"}, "h": {"a": "reachable"}}}}],
    }
    path = tmp_path / "bgp.yaml"
    path.write_text(json.dumps(content))
    with up(path, "t-bgp-selectors") as found:
        found.verify()
