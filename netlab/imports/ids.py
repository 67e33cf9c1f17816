"""Resource ids of Azure: parsed, built, compared without case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

NETWORK = "microsoft.network/"
# Azure's spelling: Resource Graph answers types in small letters.
SPELLED = {
    name.lower(): name
    for name in (
        *(
            f"Microsoft.Network/{rest}"
            for rest in (
                "applicationGateways",
                "applicationSecurityGroups",
                "azureFirewalls",
                "bastionHosts",
                "connections",
                "ddosProtectionPlans",
                "expressRouteCircuits",
                "expressRouteCircuits/authorizations",
                "expressRouteCircuits/peerings",
                "expressRouteCircuits/peerings/connections",
                "expressRouteGateways",
                "firewallPolicies",
                "firewallPolicies/ruleCollectionGroups",
                "loadBalancers",
                "loadBalancers/backendAddressPools",
                "loadBalancers/inboundNatRules",
                "localNetworkGateways",
                "natGateways",
                "networkInterfaces",
                "networkSecurityGroups",
                "networkSecurityGroups/securityRules",
                "networkWatchers",
                "p2sVpnGateways",
                "privateDnsZones",
                "privateDnsZones/virtualNetworkLinks",
                "privateEndpoints",
                "privateLinkServices",
                "publicIPAddresses",
                "publicIPPrefixes",
                "routeFilters",
                "routeFilters/routeFilterRules",
                "routeTables",
                "routeTables/routes",
                "trafficManagerProfiles",
                "trafficManagerProfiles/azureEndpoints",
                "virtualHubs",
                "virtualHubs/bgpConnections",
                "virtualHubs/hubRouteTables",
                "virtualHubs/hubVirtualNetworkConnections",
                "virtualHubs/ipConfigurations",
                "virtualNetworkGateways",
                "virtualNetworkGateways/natRules",
                "virtualNetworks",
                "virtualNetworks/subnets",
                "virtualNetworks/virtualNetworkPeerings",
                "virtualWans",
                "vpnGateways",
                "vpnGateways/vpnConnections",
                "vpnSites",
            )
        ),
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Compute/virtualMachines/extensions",
        "Microsoft.Compute/virtualMachineScaleSets",
        "Microsoft.Resources/deployments",
        "Microsoft.Resources/resourceGroups",
    )
}


@dataclass(frozen=True)
class ResourceId:
    """A parsed id: subscription, resource group, type and the names of its segments, as they were spelled."""

    subscription: str
    group: str
    type: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.names[-1]

    @cached_property
    def text(self) -> str:
        """The id as it is written."""
        return made(self.subscription, self.group, self.type, self.names)

    @cached_property
    def key(self) -> str:
        """What ids are compared by."""
        return self.text.lower()

    @property
    def parent(self) -> ResourceId | None:
        """The id without its last segment; None for a resource that is no child."""
        if len(self.names) < 2:
            return None
        return ResourceId(self.subscription, self.group, self.type.rsplit("/", 1)[0], self.names[:-1])

    def child(self, part: str, name: str) -> ResourceId:
        """The id of an element of a list of the resource."""
        return ResourceId(self.subscription, self.group, f"{self.type}/{part}", (*self.names, name))


def made(subscription: str, group: str, type_: str, names: Iterable[str]) -> str:
    """An id of its parts."""
    provider, *kinds = type_.split("/")
    pairs = "".join(f"/{kind}/{name}" for kind, name in zip(kinds, names, strict=False))
    scope = f"/subscriptions/{subscription}" if subscription else ""
    return f"{scope}{f'/resourceGroups/{group}' if group else ''}/providers/{provider}{pairs}"


def parsed(text: object) -> ResourceId | None:
    """The parts of an id; None where the value is none. Of an extension's id the last provider counts."""
    return _parsed(text) if isinstance(text, str) and text.startswith("/") and len(text) <= 2000 else None


@lru_cache(maxsize=1 << 16)
def _parsed(text: str) -> ResourceId | None:
    parts = text.strip("/").split("/")
    low = [part.lower() for part in parts]
    if "" in parts or low[0] not in ("subscriptions", "resourcegroups", "providers"):
        return None
    subscription = parts[1] if low[0] == "subscriptions" and len(parts) > 1 else ""
    at = low.index("resourcegroups") if "resourcegroups" in low else -1
    group = parts[at + 1] if 0 <= at < len(parts) - 1 else ""
    if "providers" not in low:
        scope = len(parts) == at + 2 and at >= 0
        return ResourceId(subscription, group, "Microsoft.Resources/resourceGroups", (group,)) if scope else None
    rest = parts[len(low) - low[::-1].index("providers") :]
    if len(rest) < 3 or len(rest) % 2 == 0:
        return None
    return ResourceId(subscription, group, spelled("/".join((rest[0], *rest[1::2]))), tuple(rest[2::2]))


def key(text: object) -> str:
    """The id that a reference names, as ids are compared; empty where the value is none."""
    found = parsed(text)
    return found.key if found is not None else ""


def spelled(type_: str) -> str:
    """A type in Azure's spelling, where it is known."""
    return SPELLED.get(type_.lower(), type_)


def shown(text: str) -> str:
    """An id for a reader: resource group, type and name, without the subscription."""
    found = parsed(text)
    return f"{found.group}/{found.type}/{'/'.join(found.names)}".lstrip("/") if found is not None else text[:40]
