"""The BGP communities with which Microsoft tags the public prefixes of Azure's regions (R122; ERROUT18)."""

from __future__ import annotations

_NUMBERS = {
    "eastus": 51004,
    "eastus2": 51005,
    "westus": 51006,
    "westus2": 51026,
    "westcentralus": 51027,
    "northcentralus": 51007,
    "southcentralus": 51008,
    "centralus": 51009,
    "canadacentral": 51020,
    "canadaeast": 51021,
    "brazilsouth": 51014,
    "northeurope": 51003,
    "westeurope": 51002,
    "uksouth": 51024,
    "ukwest": 51025,
    "francecentral": 51030,
    "francesouth": 51031,
    "eastasia": 51010,
    "southeastasia": 51011,
    "japaneast": 51012,
    "japanwest": 51013,
    "australiaeast": 51015,
    "australiasoutheast": 51016,
    "australiacentral": 51032,
    "australiacentral2": 51033,
    "southindia": 51019,
    "westindia": 51018,
    "centralindia": 51017,
    "koreasouth": 51028,
    "koreacentral": 51029,
    "usgovarizona": 51106,
    "usgoviowa": 51109,
    "usgovvirginia": 51105,
    "usgovtexas": 51108,
    "usdodcentral": 51209,
    "usdodeast": 51205,
}

# By regions as Azure's API writes them.
COMMUNITIES = {region: f"12076:{number}" for region, number in _NUMBERS.items()}
