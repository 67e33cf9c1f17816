"""Load balancers: frontends, pools, rules and probes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from netlab.results.protocols import Protocol
from netlab.scenario.values import Address, Model, Name

Port = Annotated[int, Field(ge=1, le=65535)]

_PROTOCOLS: dict[str, tuple[Protocol, ...]] = {"Tcp": ("tcp",), "Udp": ("udp",), "All": ("tcp", "udp")}


class FrontendIpConfiguration(Model):
    """A frontend of a load balancer: internal, an address of its VNet that no machine has; or public.

    Differs from Azure: Nothing in the lab asks a public frontend; members reach the Internet under its address.
    """

    subnet: str | None = None
    """The subnet of an internal frontend."""
    private_ip_address: Address | None = None
    """The address of an internal frontend. Default: the first free one of the subnet, from .4 on (R18)."""
    public_ip_address: Address | None = None
    """The address of a public frontend, which is in no subnet."""

    @model_validator(mode="after")
    def _is_internal_or_public(self) -> Self:
        if (self.subnet is None) == (self.public_ip_address is None):
            raise ValueError("a frontend has either a subnet or a public_ip_address")
        if self.subnet is None and self.private_ip_address is not None:
            raise ValueError("a public frontend has no private_ip_address")
        return self


class Probe(Model):
    """A health probe. It comes from 168.63.129.16, which network security groups must let in (L9)."""

    protocol: Literal["Tcp", "Http", "Https"] = "Tcp"
    """How members are asked. The lab opens a TCP connection for all three."""
    port: Port
    """The port at which members are asked; they answer there while they run."""
    request_path: str = ""
    """The path that Http and Https ask for."""
    interval_in_seconds: Annotated[int, Field(ge=5)] = 5
    """How often each member is asked (L9)."""
    probe_threshold: Annotated[int, Field(ge=1, le=100)] = 1
    """After how many failures in a row a member is down, and after how many answers it is up again (L10)."""
    no_healthy_backends_behavior: Literal["AllProbedDown", "AllProbedUp"] = "AllProbedDown"
    """What becomes of new flows when all members are down. `AllProbedUp` treats all as up (L12)."""


class LoadBalancingRule(Model):
    """A rule: which packets for a frontend go to the members of a pool."""

    frontend_ip_configuration: str
    """The frontend that the rule is for."""
    backend_address_pool: str
    """The pool whose members share the flows."""
    probe: str | None = None
    """The probe that takes members out. Default: none, all members count as up."""
    protocol: Literal["Tcp", "Udp", "All"]
    """The protocol. `All` with both ports 0 means HA ports: every flow of TCP and UDP (L3)."""
    frontend_port: Annotated[int, Field(ge=0, le=65535)]
    """The port at the frontend; 0 of HA ports."""
    backend_port: Annotated[int, Field(ge=0, le=65535)]
    """The port at the members; 0 of HA ports."""
    load_distribution: Literal["Default", "SourceIP", "SourceIPProtocol"] = "Default"
    """What the choice of a member is a hash of: Default takes both addresses, both ports and the protocol (L2)."""
    enable_floating_ip: bool = False
    """Whether members get packets with the frontend as their destination. Without effect where the frontend is only the
    next hop of a route: such packets reach members unchanged (L5)."""
    idle_timeout_in_minutes: Annotated[int, Field(ge=4, le=100)] = 4
    """After how many minutes without packets a flow is forgotten (L23)."""
    enable_tcp_reset: bool = False
    """Whether both ends of a forgotten TCP flow get a reset (L23). The lab sends none."""
    disable_outbound_snat: bool = False
    """Whether members do not get the address of a public frontend for their own flows of the rule's protocol to the
    Internet (L24)."""

    @model_validator(mode="after")
    def _ports_fit(self) -> Self:
        if {self.protocol == "All", self.frontend_port == 0, self.backend_port == 0} not in ({True}, {False}):
            raise ValueError("protocol All goes with frontend_port 0 and backend_port 0 (HA ports), and no other does")
        return self

    @property
    def is_for_all_ports(self) -> bool:
        """Whether it is a rule of HA ports (L3)."""
        return self.protocol == "All"

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols of the packets that it is for."""
        return _PROTOCOLS[self.protocol]

    @property
    def gives_address(self) -> bool:
        """Whether members send under the address of its frontend, if that is public (L24)."""
        return not self.disable_outbound_snat


class OutboundRule(Model):
    """An outbound rule of a public load balancer: the members of a pool send to the Internet under the address of a
    frontend (L24)."""

    frontend_ip_configurations: Annotated[tuple[str, ...], Field(min_length=1)]
    """The public frontends that the rule is for; the lab takes the first one's address."""
    backend_address_pool: str
    """The pool whose members it serves."""
    protocol: Literal["Tcp", "Udp", "All"] = "All"
    """The protocol that it translates; `All` is TCP and UDP."""
    allocated_outbound_ports: Annotated[int, Field(ge=0, le=64000, multiple_of=8)] | None = None
    """How many ports each member has. Default: by the size of the pool. The lab counts none."""
    idle_timeout_in_minutes: Annotated[int, Field(ge=4, le=120)] = 4
    """After how many minutes without packets a flow is forgotten (L23)."""
    enable_tcp_reset: bool = False
    """Whether both ends of a forgotten TCP flow get a reset (L23). The lab sends none."""

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols that it translates."""
        return _PROTOCOLS[self.protocol]


class LoadBalancer(Model):
    """A load balancer, internal or public: no node, but a choice that its VNet makes for each flow (L1)."""

    sku: Literal["Standard", "Basic"] = "Standard"
    """The SKU. Basic is retired, and has no HA ports (L3, L19)."""
    frontend_ip_configurations: dict[Name, FrontendIpConfiguration]
    """The frontends, by name."""
    backend_address_pools: dict[Name, tuple[str, ...]]
    """The pools, by name: the virtual machines of this VNet that are their members (L20)."""
    load_balancing_rules: dict[Name, LoadBalancingRule] = {}
    """The rules, by name."""
    probes: dict[Name, Probe] = {}
    """The probes, by name."""
    outbound_rules: dict[Name, OutboundRule] = {}
    """The outbound rules of public frontends, by name."""
