"""Private endpoints, and the services of service endpoints."""

from typing import Literal

from netlab.scenario.values import Address, Model

PrivateEndpointNetworkPolicies = Literal["Disabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled", "Enabled"]
# Services of Azure that have service endpoints, each with the service tag that has its prefixes (SE19, TAG21).
SERVICE_TAGS = {
    "Microsoft.AzureActiveDirectory": "AzureActiveDirectory",
    "Microsoft.AzureCosmosDB": "AzureCosmosDB",
    "Microsoft.CognitiveServices": "CognitiveServicesFrontend",
    "Microsoft.ContainerRegistry": "AzureContainerRegistry",
    "Microsoft.EventHub": "EventHub",
    "Microsoft.KeyVault": "AzureKeyVault",
    "Microsoft.ServiceBus": "ServiceBus",
    "Microsoft.Sql": "Sql",
    "Microsoft.Storage": "Storage",
    "Microsoft.Web": "AppService",
}
Service = Literal[
    "Microsoft.AzureActiveDirectory",
    "Microsoft.AzureCosmosDB",
    "Microsoft.CognitiveServices",
    "Microsoft.ContainerRegistry",
    "Microsoft.EventHub",
    "Microsoft.KeyVault",
    "Microsoft.ServiceBus",
    "Microsoft.Sql",
    "Microsoft.Storage",
    "Microsoft.Web",
]


class PrivateEndpoint(Model):
    """A private endpoint: the address in a subnet under which a service is reached. It takes TCP and UDP, no ping, and
    never initiates (E12)."""

    subnet: str
    """The subnet of the endpoint."""
    private_ip_address: Address | None = None
    """Its address. Default: the first free one of the subnet, from .4 on (R18)."""
    status: Literal["Approved", "Pending", "Rejected", "Disconnected"] = "Approved"
    """The state of its connection to the service. Only Approved carries packets (E12)."""
