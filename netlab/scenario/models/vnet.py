"""Virtual networks, their subnets, virtual machines and peerings."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from netlab.scenario.models.endpoint import PrivateEndpoint, PrivateEndpointNetworkPolicies, Service
from netlab.scenario.models.expressroute import ExpressRouteGateway
from netlab.scenario.models.gateway import VpnGateway
from netlab.scenario.models.load_balancer import LoadBalancer
from netlab.scenario.models.nva import NetworkVirtualAppliance
from netlab.scenario.models.route_server import RouteServer
from netlab.scenario.values import Address, Model, Name, Prefix, Prefixes, shorthand


class Subnet(Model):
    """A subnet of a VNet. `name: 10.1.0.0/24` is short for `name: {address_prefix: 10.1.0.0/24}`."""

    address_prefix: Prefix
    """The subnet's range, inside the VNet's address space; /29 at least (R115). Azure keeps five addresses (R18)."""
    route_table: str | None = None
    """The name of the subnet's route table. Default: only the system's routes and those of gateways."""
    network_security_group: str | None = None
    """The name of the subnet's network security group. Default: none, everything passes (N1, N2)."""
    nat_gateway: str | None = None
    """The name of the NAT gateway of the subnet. It comes before the public addresses of NICs (E19). Default: none."""
    service_endpoints: tuple[Service, ...] = ()
    """The services that the subnet reaches by service endpoints. Their routes lead to the prefixes that `service_tags`
    of the scenario has, past all others (E15, E16)."""
    default_outbound_access: bool = True
    """Whether machines without another way out reach the Internet under an address of Azure's. `false`: the subnet is
    private (E23 to E25)."""
    private_endpoint_network_policies: PrivateEndpointNetworkPolicies = "Disabled"
    """What private endpoints of this subnet obey: `NetworkSecurityGroupEnabled` the subnet's security group,
    `RouteTableEnabled` shorter user routes of their clients, `Enabled` both (E3 to E6)."""


class NetworkInterface(Model):
    """A NIC of a virtual machine."""

    subnet: str = ""
    """The subnet of the NIC."""
    private_ip_address: Address | None = None
    """The private address of the NIC. Default: the first free one of the subnet, from .4 on (R18)."""
    secondary_private_ip_addresses: tuple[Address, ...] = ()
    """Further private addresses of the NIC: those of its secondary IP configurations. A story asks a machine at one of
    them by naming the address."""
    public_ip_address: Address | None = None
    """The public address of the NIC. Azure translates it; the machine itself never has it. Default: none."""
    enable_ip_forwarding: bool = False
    """Whether the NIC takes packets for other addresses than its own. An appliance needs it (R116)."""
    network_security_group: str | None = None
    """The name of the NIC's network security group, besides that of its subnet. Default: none (N1, N3)."""
    application_security_groups: tuple[str, ...] = ()
    """The application security groups that the NIC is a member of (N27)."""


class AttachedInterface(NetworkInterface):
    """A NIC of a machine that has several."""

    subnet: str
    """The subnet of the NIC."""
    primary: bool = False
    """Whether the machine's default route is here (R126). Default: of the first NIC, if no other is primary."""
    guest_routes: tuple[Prefix, ...] = ()
    """The routes that the machine itself has by this NIC, besides those to the NICs' own subnets and the default route
    by the primary one (R126). Default: none; but an appliance of whose NICs none has any has routes for the private
    prefixes and those of its VNet by the first NIC that is not primary."""


class VirtualMachine(NetworkInterface):
    """A workload: one NIC with its properties beside `subnet`, or several ones in `nics`."""

    nics: dict[Name, AttachedInterface] = {}
    """The NICs of a machine that has several, by name; what they have does not stand beside them then. Probes ask the
    primary one's address. A machine answers by its own routes, whichever NIC was asked (R126)."""
    nva: NetworkVirtualAppliance | None = None
    """Makes the machine an appliance. `{}` is one that only forwards. Default: an ordinary workload."""
    tags: dict[str, str] = {}
    """Its tags. `disableSnatOnPL: "true"` of an appliance: answers of private endpoints follow it (E10). Others have no
    effect."""

    @property
    def interfaces(self) -> dict[str, NetworkInterface]:
        """Its NICs, the primary one first; the only one of a machine without `nics` has no name."""
        ordered = sorted(self.nics.items(), key=lambda item: not item[1].primary)
        return dict(ordered) if self.nics else {"": self}

    @property
    def primary(self) -> NetworkInterface:
        """Its primary NIC."""
        return next(iter(self.interfaces.values()))

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        fields = NetworkInterface.model_fields
        given = [name for name, field in fields.items() if getattr(self, name) != field.default]
        if self.nics and given:
            raise ValueError(f"a machine with `nics` has {', '.join(given)} at each of them, not beside them")
        if not self.nics and not self.subnet:
            raise ValueError("`subnet` is missing: a machine has one NIC there, or several in `nics`")
        return self


class SummarizedGatewayPrefixes(Model):
    """What the gateways of a VNet advertise in place of its own prefixes (U16)."""

    address_prefixes: Prefixes
    """The prefixes. They take the place of the VNet's own ones and of the spokes' prefixes that they cover; what they
    leave uncovered of the VNet is not advertised (U17)."""


class VirtualNetwork(Model):
    """A VNet with its subnets, virtual machines, gateways and Route Server."""

    region: str = ""
    """The Azure region. Routes to a peer in another one are VNetGlobalPeering; in the profile `seed`, gateway transit
    needs one region (R104)."""
    subscription: str = ""
    """The subscription, for the reader. Connections work across subscriptions."""
    deployment_model: Literal["ResourceManager", "Classic"] = "ResourceManager"
    """The deployment model. Classic has no BGP (R79)."""
    address_space: Prefixes
    """The address ranges of the VNet. They overlap no other network that it is joined to (R71, R100)."""
    subnets: dict[Name, Annotated[Subnet, shorthand("address_prefix", Prefix | Subnet)]]
    """The subnets, by name. A gateway is in GatewaySubnet (R1), a Route Server in RouteServerSubnet (A1)."""
    summarized_gateway_prefixes: SummarizedGatewayPrefixes | None = None
    """What its gateways advertise in place of its own prefixes (U16). Default: the prefixes themselves."""
    flow_timeout_in_minutes: Annotated[int, Field(ge=4, le=30)] | None = None
    """How long network security groups remember a flow that is silent (N23). Default: 4."""
    vms: dict[Name, VirtualMachine] = {}
    """The virtual machines, by name."""
    private_endpoints: dict[Name, PrivateEndpoint] = {}
    """The private endpoints, by name."""
    load_balancers: dict[Name, LoadBalancer] = {}
    """The internal load balancers, by name."""
    vpn_gateway: VpnGateway | None = None
    """The VNet's VPN gateway; a VNet has one at most (R6)."""
    expressroute_gateway: ExpressRouteGateway | None = None
    """The VNet's ExpressRoute gateway; a VNet has one at most (R6). Write `{}`."""
    route_server: RouteServer | None = None
    """The VNet's Route Server; a VNet has one at most (A2)."""

    @property
    def branch_to_branch(self) -> bool:
        """Whether the Route Server exchanges routes with the VNet's gateways (A23)."""
        return self.route_server is not None and self.route_server.allow_branch_to_branch_traffic


class Peering(Model):
    """One direction of a VNet peering. A pair of VNets needs both directions (R101)."""

    vnet: str
    """The VNet whose peering object this is."""
    remote_vnet: str
    """The VNet at the other end."""
    remote_address_space: Prefixes | None = None
    """The address space of the remote VNet that this side uses, where it is not in sync (R111, U19): the one from
    before a change, until the action `sync_peering`. Default: the remote VNet's `address_space`."""
    allow_virtual_network_access: bool = True
    """Whether the tag VirtualNetwork of the VNet's NSGs includes the remote VNet. Routes do not depend on it (R109,
    N11)."""
    allow_forwarded_traffic: bool = False
    """Whether packets that do not come from the remote VNet itself may come through the peering (R107)."""
    allow_gateway_transit: bool = False
    """Whether the remote VNet may use the gateway of this VNet (R103)."""
    use_remote_gateways: bool = False
    """Whether this VNet uses the gateway or Route Server of the remote VNet. It has none of its own then (R103)."""
    peer_complete_vnets: bool = True
    """Whether all subnets of both VNets are peered. `false`: those of the two lists only (U12)."""
    local_subnet_names: tuple[str, ...] = ()
    """The subnets of this VNet that are peered; only where `peer_complete_vnets` is false."""
    remote_subnet_names: tuple[str, ...] = ()
    """The subnets of the remote VNet that are peered, likewise."""
