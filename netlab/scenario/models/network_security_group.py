"""Network security groups with their rules, and application security groups."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from netlab.scenario.values import Model

RuleName = Annotated[str, Field(pattern=r"^\w([\w.-]*\w)?$", max_length=80)]


def _text(value: Any) -> Any:
    """A port as YAML reads it, a number, as Azure writes it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Ports = Annotated[
    str, BeforeValidator(_text, json_schema_input_type=str | int), Field(pattern=r"^(\*|\d{1,5}(-\d{1,5})?)$")
]
_Range = Annotated[str, Field(min_length=1)]


class SecurityRule(Model):
    """A rule of a network security group. The rule with the lowest priority that matches a packet decides (N4)."""

    priority: int
    """A number from 100 to 4096; rules are asked in its order, and no two of a direction have the same (N4)."""
    direction: Literal["Inbound", "Outbound"]
    """Whether the rule is for packets to the NIC or from it."""
    access: Literal["Allow", "Deny"]
    """What becomes of a packet that matches."""
    protocol: Literal["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]
    """The protocol of the packets. Only Tcp and Udp have ports (N7)."""
    source_address_prefix: _Range | None = None
    """The source: `*`, an address, a prefix, or a service tag such as `VirtualNetwork` (N10)."""
    source_address_prefixes: tuple[_Range, ...] = ()
    """Several of them; at most one is a service tag (N26)."""
    source_application_security_groups: tuple[str, ...] = ()
    """The source as application security groups, in place of addresses (N27)."""
    source_port_range: _Ports | None = None
    """The source port: `*`, a port, or a range such as `1024-65535`."""
    source_port_ranges: tuple[_Ports, ...] = ()
    """Several of them."""
    destination_address_prefix: _Range | None = None
    """The destination, as the source."""
    destination_address_prefixes: tuple[_Range, ...] = ()
    """Several of them; at most one is a service tag (N26)."""
    destination_application_security_groups: tuple[str, ...] = ()
    """The destination as application security groups, in place of addresses (N27)."""
    destination_port_range: _Ports | None = None
    """The destination port, as the source port."""
    destination_port_ranges: tuple[_Ports, ...] = ()
    """Several of them."""
    description: str = ""
    """A remark for the reader."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources as the file writes them, application security groups left out; none means any."""
        return _several(self.source_address_prefix, self.source_address_prefixes)

    @property
    def destinations(self) -> tuple[str, ...]:
        """The destinations, likewise."""
        return _several(self.destination_address_prefix, self.destination_address_prefixes)

    @property
    def source_ports(self) -> tuple[tuple[int, int], ...]:
        """The ranges of source ports; none means any."""
        return _ranges(_several(self.source_port_range, self.source_port_ranges))

    @property
    def destination_ports(self) -> tuple[tuple[int, int], ...]:
        """The ranges of destination ports; none means any."""
        return _ranges(_several(self.destination_port_range, self.destination_port_ranges))

    @property
    def has_ports(self) -> bool:
        """Whether its ports mean something: those of Icmp, Esp and Ah do not (N7)."""
        return self.protocol in ("Tcp", "Udp", "*")


def _several(one: str | None, several: tuple[str, ...]) -> tuple[str, ...]:
    found = (*((one,) if one is not None else ()), *several)
    return () if "*" in found else found


def _ranges(written: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    ends = (text.partition("-") for text in written)
    return tuple((int(first), int(last or first)) for first, _, last in ends)


class NetworkSecurityGroup(Model):
    """A network security group. A subnet and a NIC each have one at most (N1); without any, everything passes (N2)."""

    # Differs from Azure: A change of a group's rules ends established flows that they deny, as Azure does it with
    # flush_connection: true; without it Azure lets them live (N21).
    flush_connection: bool = False
    """Whether a change of the rules ends established flows that they deny (N21). Here it always does."""
    security_rules: dict[RuleName, SecurityRule] = {}
    """The rules, by name. Behind them come Azure's default rules 65000, 65001 and 65500 (N5)."""


class ApplicationSecurityGroup(Model):
    """An application security group: a name for NICs, which rules use in place of addresses (N27). Write `{}`."""
