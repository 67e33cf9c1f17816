"""Connections and their IPsec settings."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from netlab.scenario.values import Address, Model, Prefixes


class IpsecPolicy(Model):
    """A custom IPsec/IKE policy. It replaces all of Azure's default proposals, for initiator and responder (R40)."""

    ike_encryption: Literal["AES128", "AES192", "AES256", "DES", "DES3", "GCMAES128", "GCMAES256"]
    """The encryption of the IKE SA (R41)."""
    ike_integrity: Literal["MD5", "SHA1", "SHA256", "SHA384", "GCMAES128", "GCMAES256"]
    """The integrity algorithm of the IKE SA (R41)."""
    dh_group: Literal["None", "DHGroup1", "DHGroup2", "DHGroup14", "DHGroup2048", "DHGroup24", "ECP256", "ECP384"]
    """The Diffie-Hellman group of the IKE SA (R41)."""
    ipsec_encryption: Literal[
        "None", "DES", "DES3", "AES128", "AES192", "AES256", "GCMAES128", "GCMAES192", "GCMAES256"
    ]
    """The encryption of the IPsec SA (R41)."""
    ipsec_integrity: Literal["MD5", "SHA1", "SHA256", "GCMAES128", "GCMAES192", "GCMAES256"]
    """The integrity algorithm of the IPsec SA. GCM needs the same GCM in `ipsec_encryption` (R42)."""
    pfs_group: Literal["None", "PFS1", "PFS2", "PFS2048", "PFS14", "PFS24", "PFSMM", "ECP256", "ECP384"]
    """The Diffie-Hellman group of perfect forward secrecy at the rekeying of an IPsec SA (R41)."""
    sa_life_time_seconds: int = 27_000
    """The lifetime of an IPsec SA, in Azure's seconds; 300 at least (R41). The IKE SA always lives 28,800 s (R43)."""
    sa_data_size_kilobytes: int = 102_400_000
    """How much an IPsec SA carries before it is replaced, in kilobytes; 1,024 at least (R41)."""


class TrafficSelectorPolicy(Model):
    """Custom traffic selectors: each local range with each remote one, seen from the gateway; in the `other_end` of a
    device seen from the device (R50)."""

    local_address_ranges: Prefixes
    """The ranges at this end: at the gateway's, in the `other_end` of a device at the device's."""
    remote_address_ranges: Prefixes
    """The ranges at the other end."""


class TunnelSettings(Model):
    """How one end of a connection is configured."""

    shared_key: SecretStr | None = None
    """The pre-shared key; 1 to 128 printable ASCII characters (R30). Default: one that the lab makes."""
    connection_protocol: Literal["IKEv1", "IKEv2"] | None = None
    """The IKE version. Default: IKEv2, at a policy-based gateway IKEv1 (R25)."""
    connection_mode: Literal["Default", "InitiatorOnly", "ResponderOnly"] = "Default"
    """Whether this end initiates, responds, or both (R46)."""
    ipsec_policy: IpsecPolicy | None = None
    """A custom policy. Default: Azure's own proposals (R33 to R36)."""
    use_policy_based_traffic_selectors: bool = False
    """Whether selectors are all combinations of the prefixes of both ends. It needs a custom policy (R48)."""
    traffic_selector_policies: tuple[TrafficSelectorPolicy, ...] = ()
    """Custom traffic selectors, at most 100 (R51). A gateway proposes them only as initiator, and takes what the other
    end proposes (R47). A device takes what lies in its own; with IKEv2 it narrows what does not (B57)."""
    ingress_nat_rules: tuple[str, ...] = ()
    """The NAT rules of this end's gateway that translate the addresses of the other end (T3). They need type IPsec
    (T2)."""
    egress_nat_rules: tuple[str, ...] = ()
    """The NAT rules of this end's gateway that translate the addresses of its VNet and of what is behind the gateway
    (T3)."""


class Connection(TunnelSettings):
    """A connection of two gateways, or of a gateway and a site. In the place of either may be an appliance, VNET-VM.

    Between two VNets it stands for the pair of connection objects that Azure needs, one for each direction (R74).
    Without a VNet's gateway it is no object of Azure's: it holds the settings of both ends, as if they were gateways
    (R90). The settings are those of both ends, unless ``other_end`` has those of the second one.
    """

    type: Literal["IPsec", "Vnet2Vnet"]
    """The type. `Vnet2Vnet` joins two gateways, and Azure fills in the remote prefixes. For `IPsec` the user describes
    the other end with a local network gateway (R75)."""
    between: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
    """The two ends: VNets, sites, or appliances as VNET-VM."""
    device: str | None = None
    """The device of the site, if the site has several (R73)."""
    enable_bgp: bool = False
    """Whether BGP runs in the tunnel (B1)."""
    gateway_instance: Literal[0, 1] | None = None
    """The only instance of an active-active gateway with which the site's device has a tunnel, as AWS has it (B42).
    Default: both."""
    custom_bgp_addresses: tuple[Address, ...] = ()
    """The APIPA addresses from which the gateway's instances speak BGP here, one of each (B37, B38). Default: those in
    one /30 with the device's address; with a local network gateway of the file, as on Azure, the first of each."""
    local_network_gateways: dict[str, str] = {}
    """For a VNet of `between`, the local network gateway that describes the other end to its gateway. Default: one with
    the prefixes of the other end, or with its BGP address only if BGP runs (B11)."""
    push_prefixes_to_p2s: bool = True
    """Whether a gateway pushes the prefixes of the other end to its point-to-site clients."""
    dpd_timeout_seconds: int = 45
    """The timeout of dead peer detection, in Azure's seconds; 9 to 3,600 (R38)."""
    other_end: TunnelSettings | None = None
    """The settings of the second end of `between`, if they differ from those of the first one."""

    def settings(self, end: str) -> TunnelSettings:
        """How one end is configured."""
        return self.other_end if self.other_end is not None and end == self.between[1] else self

    def other(self, end: str) -> str:
        """The name at the other end."""
        return self.between[1] if end == self.between[0] else self.between[0]
