"""Azure Firewalls: a namespace each, with the rules of their policies in nftables."""

from __future__ import annotations

from collections.abc import Iterator

from netlab.azure.dataplane import firewalls
from netlab.plan import security
from netlab.plan.model import (
    FirewallNat,
    Interface,
    KeepsTtl,
    Link,
    Node,
    RedirectedFlow,
    Route,
    Ruleset,
    StatefulForwarding,
)
from netlab.plan.names import lab_netns
from netlab.plan.ports import NIC, port, to_machine
from netlab.scenario.addresses import DEFAULT_ROUTE, subnet_gateway
from netlab.scenario.network import Firewall


def part(lab: str, firewall: Firewall) -> tuple[Node, Link]:
    """The namespace of an Azure Firewall, and its link to the fabric."""
    prefix, router = firewall.subnet.prefix, str(subnet_gateway(firewall.subnet.prefix))
    addresses = tuple(f"{address}/{prefix.prefixlen}" for address in (firewall.address, firewall.instance))
    link = Link(
        Interface(firewall.node, NIC, NIC, addresses),
        port(firewall.vnet.node, to_machine(firewall), f"{router}/32"),
    )
    default = Route(str(DEFAULT_ROUTE), NIC, via=router, source=str(firewall.address))
    node = Node(
        firewall.node,
        "firewall",
        lab_netns(lab, firewall.node),
        firewall.vnet.name,
        routes=(default,),
        answers_ping=False,
        nftables=tuple(_rulesets(firewall)),
    )
    return node, link


def _rulesets(firewall: Firewall) -> Iterator[Ruleset]:
    redirects = tuple(firewalls.redirects(firewall))
    terms, sets = security.of_terms(redirect.term for redirect in redirects)
    flows = tuple(
        RedirectedFlow(term, str(redirect.address), redirect.port or 0)
        for term, redirect in zip(terms, redirects, strict=True)
    )
    yield FirewallNat(NIC, str(firewall.instance), tuple(map(str, firewall.kept_ranges)), flows, sets)
    terms, sets = security.of_terms(firewalls.rules(firewall).terms)
    # Differs from Azure: A firewall forgets silent flows after the kernel's times; Azure's ends those of TCP after four
    # minutes, with a reset to both ends (F16).
    # Differs from Azure: A TCP handshake without a rule fails; Azure's firewall may complete it itself, and then close
    # the connection (F15).
    yield StatefulForwarding(False, terms, sets)
    yield KeepsTtl()
