"""Interfaces by their role: in every namespace of a kind they are called alike."""

from __future__ import annotations

from netlab.plan.model import Interface
from netlab.plan.names import interface
from netlab.scenario.network import Firewall, Nic, PrivateEndpoint, VNet

# Of machines, gateways, Route Servers and clients, into their VNet or to their provider.
NIC = "eth0"
# Towards the Internet, and at an edge towards what is behind it.
WAN = "wan"
LAN = "lan"
# For all point-to-site clients of a gateway; their IKE connection has this name too.
P2S = "p2s"
# For the clients of a gateway that use OpenVPN: the name of the TUN of its daemon.
OPENVPN = "p2s-openvpn"
# The same for SSTP.
SSTP = "p2s-sstp"
# Between what serves clients and an instance, for what the RADIUS server is asked.
RADIUS = "radius"
# Between the instances of an active-active gateway, and from one of a site's several devices to the router before them.
PAIR = "pair"
INSIDE = "lan0"


def nic_port(nic: Nic) -> str:
    """Of a machine, at one of its NICs: eth0 is the primary one."""
    return f"eth{nic.index}"


def port(node: str, name: str, *addresses: str) -> Interface:
    """An interface of a node: ``name`` as far as the kernel accepts it, and whole as its altname."""
    return Interface(node, interface(name), name.lower(), addresses)


# --- of a VNet's fabric ---------------------------------------------------------------------------------------------


def to_machine(nic: Nic | PrivateEndpoint | Firewall) -> str:
    """Towards the NIC of a machine, of a private endpoint or of the Azure Firewall."""
    return f"v-{nic.name}" if not isinstance(nic, Firewall) else "azfw"


def to_gateway(index: int) -> str:
    """Towards an instance of the VPN gateway."""
    return f"gw-{index}"


def to_expressroute(index: int) -> str:
    """Towards an instance of the ExpressRoute gateway."""
    return f"er-{index}"


def to_route_server(index: int) -> str:
    """Towards an instance of the Route Server."""
    return f"rs-{index}"


def to_peer(peer: VNet) -> str:
    """Towards the fabric of a peered VNet."""
    return f"p-{peer.name}"


def for_appliance(vnet: VNet, nic: Nic | Firewall) -> str:
    """At a fabric, for packets to an appliance of a peer ``vnet``; at that peer, where packets of ``vnet`` come in."""
    return interface(f"{'n' if isinstance(nic, Nic) else 'f'}-{vnet.name}-{nic.name}")


# --- of routers -----------------------------------------------------------------------------------------------------


def tunnel_port(tunnel: str) -> str:
    """Into a tunnel."""
    return interface(f"{_INTO_A_TUNNEL}{tunnel}")


# Every interface into a tunnel of a connection, as nftables writes it.
_INTO_A_TUNNEL = "t-"
TUNNEL_PORTS = f"{_INTO_A_TUNNEL}*"


def host_port(host: str) -> str:
    """Towards a host of a site."""
    return interface(f"h-{host}")


def behind_port(node: str) -> str:
    """From a NAT router or a site towards what is behind it."""
    return interface(f"b-{node}")


def over_circuit(node: str) -> str:
    """Towards a router over a circuit, or from an edge router past a gateway into its VNet."""
    return f"x-{node}"


def circuit_port(node: str) -> str:
    """The same, as far as the kernel accepts it."""
    return interface(over_circuit(node))


def device_port(node: str) -> str:
    """From the router before a site's several devices towards one of them."""
    return interface(f"d-{node}")


def sd_wan_ports(appliance: str, site: str) -> tuple[str, str]:
    """Between an appliance, by its node, and a site behind it: the appliance's and the site's."""
    return interface(f"s-{site}"), interface(f"n-{appliance}")


def edge_port(connection: str) -> str:
    """Towards the charon of a connection."""
    return interface(f"e-{connection}")
