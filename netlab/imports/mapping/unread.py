"""Properties that no mapping reads and that are not ignored: they are counted, so that nothing disappears (9.3)."""

from __future__ import annotations

from collections.abc import Mapping

from netlab.imports.bodies import Resource
from netlab.imports.mapping import job as types
from netlab.imports.mapping.job import Job
from netlab.imports.mapping.security_groups import GROUPS
from netlab.imports.secrets import SECRET


def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


# Without a word, at every resource.
_IGNORED = _words("""
    id etag resourceGuid resourceGroup resourceGroupName provisioningState tags zones extendedLocation systemData
    identity kind managedBy macAddress dnsSettings idleTimeoutInMinutes ddosSettings ipTags
    publicIPAllocationMethod sku plan gatewayManagerEtag allowClassicOperations packetCaptureDiagnosticState
    nicType auxiliaryMode auxiliarySku tenantId enableAcceleratedNetworking hostedWorkloads tapConfigurations
    internalDomainNameSuffix location subscriptionId name type timeouts apiVersion primary vnetEncryptionSupported
    disableTcpStateTracking privateEndpoint workloadType
""")
# What is read, or ignored with a reason, by type (section 5 of the specification).
_READ: Mapping[str, frozenset[str]] = {
    types.VNETS: _words("""
        addressSpace subnets virtualNetworkPeerings dhcpOptions enableDdosProtection enableVmProtection
        ddosProtectionPlan flowTimeoutInMinutes encryption bgpCommunities privateEndpointVNetPolicies
        summarizedGatewayPrefixes
    """),
    types.PEERINGS: _words("""
        remoteVirtualNetwork allowVirtualNetworkAccess allowForwardedTraffic allowGatewayTransit useRemoteGateways
        peeringState peeringSyncLevel peerCompleteVnets localSubnetNames remoteSubnetNames enableOnlyIPv6Peering
        doNotVerifyRemoteGateways remoteAddressSpace remoteGateways routeServiceVips localAddressSpace
        remoteBgpCommunities localVirtualNetworkAddressSpace
    """),
    types.GATEWAYS: _words("""
        ipConfigurations vpnType gatewayType activeActive enableBgp bgpSettings vpnClientConfiguration customRoutes
        gatewayDefaultSite natRules enableBgpRouteTranslationForNat enableDnsForwarding vpnGatewayGeneration
        disableIPSecReplayProtection
        adminState allowRemoteVnetTraffic enablePrivateIpAddress allowVirtualWanTraffic
    """),
    types.LOCAL_GATEWAYS: _words("localNetworkAddressSpace gatewayIpAddress fqdn bgpSettings"),
    types.CONNECTIONS: _words("""
        connectionType virtualNetworkGateway1 virtualNetworkGateway2 localNetworkGateway2 peer enableBgp
        connectionProtocol connectionMode ipsecPolicies usePolicyBasedTrafficSelectors trafficSelectorPolicies
        dpdTimeoutSeconds gatewayCustomBgpIpAddresses routingWeight ingressNatRules egressNatRules
        expressRouteGatewayBypass useLocalAzureIpAddress connectionStatus ingressBytesTransferred
        egressBytesTransferred tunnelConnectionStatus
    """),
    types.CIRCUITS: _words("""
        peerings serviceProviderProperties authorizations expressRoutePort circuitProvisioningState stag
        serviceProviderProvisioningState bandwidthInGbps
    """),
    types.ROUTE_TABLES: _words("routes disableBgpRoutePropagation disablePeeringRoute subnets"),
    types.NICS: _words("""
        ipConfigurations enableIPForwarding virtualMachine networkSecurityGroup applicationSecurityGroups
        privateLinkService
    """),
    types.HUBS: _words("""
        ipConfigurations allowBranchToBranchTraffic hubRoutingPreference virtualRouterAsn virtualRouterIps
        bgpConnections routeTable routingState virtualHubRouteTableV2s
    """),
    types.PRIVATE_ENDPOINTS: _words("""
        subnet networkInterfaces privateLinkServiceConnections manualPrivateLinkServiceConnections customDnsConfigs
        ipConfigurations customNetworkInterfaceName applicationSecurityGroups
    """),
    GROUPS: _words("securityRules defaultSecurityRules subnets networkInterfaces flushConnection"),
}  # fmt: skip


def count(job: Job) -> None:
    """Count what stands in imported resources and has no meaning here; what is false or zero is no setting."""
    for type_, read in _READ.items():
        for item in job.of_type(type_):
            if job.notes.is_mapped(item.key):
                _count(job, item, read)


def _count(job: Job, item: Resource, read: frozenset[str]) -> None:
    for key, value in item.properties.items():
        if value and value is not SECRET and key not in read and key not in _IGNORED:
            job.notes.properties[f"{item.kind}: {key}"] += 1
