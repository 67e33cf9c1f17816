"""Service tags: names that rules of network security groups use in place of prefixes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network, collapse_addresses, summarize_address_range

VIRTUAL_NETWORK, INTERNET_TAG, LOAD_BALANCER = "VirtualNetwork", "Internet", "AzureLoadBalancer"
# N17: probes of load balancers, DHCP, DNS and the agents come from here.
PLATFORM = IPv4Network("168.63.129.16/32")

# N15, with the blocks of the second check: what the tag Internet leaves out.
# Differs from Azure: The tag Internet holds 192.0.2.0/24 and 240.0.0.0/8, where a lab has the Internet's host and some
# public addresses; Azure leaves both out.
_NOT_INTERNET = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "241.0.0.0/8", "242.0.0.0/7", "244.0.0.0/6"),
            "248.0.0.0/5",
            *("25.4.0.0/14", "25.148.0.0/15", "25.150.0.0/16", "25.152.0.0/14", "25.156.0.0/16", "25.159.0.0/16"),
            *("25.176.0.0/13", "25.184.0.0/14", "40.108.0.0/17", "40.109.0.0/16", "104.146.0.0/17"),
            *("104.147.0.0/16", "157.59.0.0/16", "4.128.0.0/12", "13.96.0.0/13", "20.35.252.0/22", "20.128.0.0/16"),
            *("20.130.0.0/16", "20.144.0.0/14", "20.176.0.0/13", "21.0.0.0/8", "22.0.0.0/8", "23.103.0.0/18"),
            *("40.66.128.0/17", "52.132.0.0/14", "52.145.0.0/16", "68.18.0.0/15", "104.212.36.0/22"),
            *("104.212.52.0/22", "129.75.0.0/16", "134.177.0.0/16", "138.196.0.0/16", "141.251.0.0/16"),
            *("146.147.0.0/16", "192.32.0.0/16"),
        ),
    )
)

# The names of TAG21 whose prefixes a lab does not have: a rule with one of them is for no machine of the lab.
WITHOUT_PREFIXES = frozenset(
    (
        *("ActionGroup", "ApiManagement", "AppConfiguration", "AppService", "AppServiceManagement"),
        *("AutonomousDevelopmentPlatform", "AzureActiveDirectory", "AzureActiveDirectoryDomainServices"),
        *("AzureAdvancedThreatProtection", "AzureArcInfrastructure", "AzureAttestation", "AzureBackup"),
        *("AzureBotService", "AzureCloud", "AzureCognitiveSearch", "AzureConnectors", "AzureContainerRegistry"),
        *("AzureCosmosDB", "AzureDatabricks", "AzureDataExplorerManagement", "AzureDeviceUpdate", "AzureDevOps"),
        *("AzureDevSpaces", "AzureDigitalTwins", "AzureEventGrid", "AzureFrontDoor.Backend"),
        *("AzureFrontDoor.FirstParty", "AzureFrontDoor.Frontend", "AzureHealthcareAPIs"),
        *("AzureInformationProtection", "AzureIoTHub", "AzureKeyVault", "AzureMachineLearning", "AzureMonitor"),
        *("AzureOpenDatasets", "AzurePlatformDNS", "AzurePlatformIMDS", "AzurePlatformLKM"),
        *("AzureResourceManager", "AzureSentinel", "AzureSignalR", "AzureSiteRecovery", "AzureSphere"),
        *("AzureSpringCloud", "AzureStack", "AzureTrafficManager", "AzureUpdateDelivery", "AzureWebPubSub"),
        *("BatchNodeManagement", "ChaosStudio", "CognitiveServicesFrontend", "CognitiveServicesManagement"),
        *("DataFactory", "DataFactoryManagement", "Dynamics365ForMarketingEmail", "EOPExternalPublishedIPs"),
        *("EventHub", "GatewayManager", "GuestAndHybridManagement", "HDInsight", "KustoAnalytics", "LogicApps"),
        *("LogicAppsManagement", "M365ManagementActivityApi", "MicrosoftAzureFluidRelay"),
        *("MicrosoftCloudAppSecurity", "MicrosoftContainerRegistry", "MicrosoftDefenderForEndpoint", "Oracle"),
        *("PowerBI", "PowerPlatformInfra", "PowerPlatformPlex", "PowerQueryOnline", "ServiceBus"),
        *("ServiceFabric", "Sql", "SqlManagement", "Storage", "StorageSyncService", "TrafficManager"),
        *("WindowsAdminCenter", "WindowsVirtualDesktop"),
    )
)
COMPUTED = (VIRTUAL_NETWORK, INTERNET_TAG, LOAD_BALANCER)
_BY_NAME = {name.lower(): name for name in (*COMPUTED, *WITHOUT_PREFIXES)}


def prefix(text: str) -> IPv4Network | None:
    """The prefix that an address or a prefix stands for; None if it is neither."""
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def tag(text: str) -> str | None:
    """The service tag that a text names, as Azure writes it, without its region; None if there is none."""
    known = _BY_NAME.get(text.lower())
    return known if known is not None else _BY_NAME.get(text.lower().rpartition(".")[0])


@cache
def internet() -> tuple[IPv4Network, ...]:
    """The prefixes of the tag Internet (N15)."""
    found: list[IPv4Network] = []
    start = 0
    for left_out in sorted(collapse_addresses(_NOT_INTERNET)):
        if start < int(left_out[0]):
            found += summarize_address_range(IPv4Address(start), left_out[0] - 1)
        start = int(left_out[-1]) + 1
    return tuple(found)


def not_internet() -> tuple[IPv4Network, ...]:
    """The prefixes that the tag Internet leaves out."""
    return _NOT_INTERNET


def merged(prefixes: Iterable[IPv4Network]) -> tuple[IPv4Network, ...]:
    """The same addresses in the fewest prefixes, in order."""
    return tuple(sorted(collapse_addresses(prefixes)))
