"""Azure Firewall and its policies: collections of rules, translations, forced tunnelling."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from netlab.scenario.values import Address, Model, Name, shorthand

RuleName = Annotated[str, Field(pattern=r"^\w([\w. -]*\w)?$", max_length=80)]


def _text(value: Any) -> Any:
    """A port as YAML reads it, a number, as Azure writes it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Ports = Annotated[
    str, BeforeValidator(_text, json_schema_input_type=str | int), Field(pattern=r"^(\*|\d{1,5}(-\d{1,5})?)$")
]
Range = Annotated[str, Field(min_length=1)]


class FirewallRule(Model):
    """A rule of a collection, by Azure's three types: of the network, of translation (DNAT), of an application."""

    rule_type: Literal["NetworkRule", "NatRule", "ApplicationRule"] = "NetworkRule"
    """What the rule is. A NatRule is in a collection with the action DNAT, the other two are in the others. Rules for
    applications are not modelled: they read names, which packets of a lab do not have (F9)."""
    ip_protocols: tuple[Literal["TCP", "UDP", "ICMP", "Any"], ...] = ()
    """The protocols of the packets. A NatRule has TCP, UDP or both."""
    source_addresses: tuple[Range, ...] = ()
    """The sources: `*`, addresses, prefixes, ranges such as `10.0.0.4-10.0.0.9`, or service tags."""
    destination_addresses: tuple[Range, ...] = ()
    """The destinations, as the sources. Of a NatRule one address of the firewall: the first public or the private one
    (F14)."""
    destination_ports: tuple[Ports, ...] = ()
    """The ports of TCP and UDP: `*`, ports, or ranges such as `8000-8080`."""
    translated_address: Address | None = None
    """Of a NatRule the address that the packet is sent to."""
    translated_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Of a NatRule the port that the packet is sent to."""
    target_fqdns: tuple[str, ...] = ()
    """Of an ApplicationRule the names that it is for; netlab reads none of them."""
    description: str = ""
    """A remark for the reader."""

    @property
    def ports(self) -> tuple[tuple[int, int], ...]:
        """The ranges of destination ports; none means any."""
        return ranges(self.destination_ports)


def ranges(ports: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """First and last port of each of these ranges; none where one of them is any."""
    ends = (text.partition("-") for text in ports if text != "*")
    found = tuple((int(first), int(last or first)) for first, _, last in ends)
    return () if "*" in ports else found


class RuleCollectionAction(Model):
    """What a collection does with the packets that its rules are for. `action: Allow` is short for `{type: Allow}`."""

    type: Literal["Allow", "Deny", "DNAT"]
    """Allow and Deny for rules of networks and applications, DNAT for rules of translation."""


class RuleCollection(Model):
    """A collection of rules with one action (F7)."""

    priority: Annotated[int, Field(ge=100, le=65000)]
    """A number from 100 to 65000: within its group the collection with the lowest one comes first (F7)."""
    action: Annotated[RuleCollectionAction, shorthand("type", Literal["Allow", "Deny", "DNAT"] | RuleCollectionAction)]
    """What becomes of packets that a rule is for."""
    rules: dict[RuleName, FirewallRule]
    """The rules, by name, in their order."""


class RuleCollectionGroup(Model):
    """A group of rule collections: all of its collections come before those of a group with a higher number (F7)."""

    priority: Annotated[int, Field(ge=100, le=65000)]
    """A number from 100 to 65000."""
    rule_collections: dict[RuleName, RuleCollection]
    """The collections, by name."""


class FirewallSnat(Model):
    """Which destinations see the addresses of the clients (F10, F11)."""

    private_ranges: tuple[Range, ...] = ("IANAPrivateRanges",)
    """The destinations whose packets keep their source; all others see an address of the firewall.
    `IANAPrivateRanges` stands for the private ranges; a list without it replaces them. `0.0.0.0/0` is never,
    `255.255.255.255/32` is always (F11)."""


class FirewallPolicy(Model):
    """A policy that firewalls use by its name. Without a rule that allows it, a packet is dropped (F15)."""

    snat: FirewallSnat = FirewallSnat()
    """Which destinations see the addresses of the clients."""
    rule_collection_groups: dict[RuleName, RuleCollectionGroup] = {}
    """The rules, in groups of collections."""


class ManagementIpConfiguration(Model):
    """The firewall's own way out for Azure's control, in AzureFirewallManagementSubnet: it has forced tunnelling (F5).
    Write `{}`."""


class Firewall(Model):
    """An Azure Firewall: instances behind one private address of AzureFirewallSubnet, which user routes name (F2)."""

    vnet: Name
    """The VNet that it is in, in the subnet AzureFirewallSubnet: /26 or larger (F1)."""
    firewall_policy: Name | None = None
    """The name of its policy. Default: none, so it drops everything (F15)."""
    public_ip_addresses: tuple[Address, ...] = ()
    """Its public addresses. It sends to the Internet under the first one. Default: the lab gives one."""
    management_ip_configuration: ManagementIpConfiguration | None = None
    """Its management NIC. With one, AzureFirewallSubnet may lead 0.0.0.0/0 elsewhere than to the Internet (F4, F5)."""
