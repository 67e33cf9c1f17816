"""Where a deployment puts its resources, and the functions that depend on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from netlab.imports.arm.functions.function import as_text
from netlab.imports.arm.values import EvaluationError, Value, shallow
from netlab.imports.runtime import Unknown

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
_SUBSCRIPTION = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
RESOURCE_GROUPS = "microsoft.resources/resourcegroups"
_SUFFIXES = {
    "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
    "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
    "keyvaultDns": ".vault.azure.net",
    "sqlServerHostname": ".database.windows.net",
    "storage": "core.windows.net",
    "acrLoginServer": ".azurecr.io",
}
_LOGIN = {
    "loginEndpoint": "https://login.microsoftonline.com/",
    "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
    "tenant": "common",
    "identityProvider": "AAD",
}
ENVIRONMENT: Mapping[str, Value] = {
    "name": "AzureCloud",
    "gallery": "https://gallery.azure.com/",
    "graph": "https://graph.windows.net/",
    "portal": "https://portal.azure.com",
    "resourceManager": "https://management.azure.com/",
    "authentication": _LOGIN,
    "suffixes": _SUFFIXES,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """A resource group, a subscription, or what is above: management groups and tenants have no subscription here."""

    subscription: str = ""
    group: str = ""

    @property
    def path(self) -> str:
        """The id of the scope; empty above of subscriptions."""
        subscription = f"/subscriptions/{self.subscription}" if self.subscription else ""
        return f"{subscription}/resourceGroups/{self.group}" if self.group else subscription

    def id(self, kind: str, names: list[str]) -> str:
        """The id of a resource in it."""
        if kind.lower() == RESOURCE_GROUPS:
            return f"/subscriptions/{self.subscription}/resourceGroups/{names[-1]}"
        return f"{self.path}/providers/{_typed(kind, names)}"


def _typed(kind: str, names: list[str]) -> str:
    """The end of an id: a type with n segments behind its provider takes n names; a name may hold several."""
    provider, *segments = kind.rstrip("/").split("/")
    parts = [part for name in names for part in name.split("/")]
    if not segments or len(parts) != len(segments):
        raise EvaluationError(f"the type {kind[:60]} does not take {len(parts)} names")
    return "/".join((provider, *(f"{segment}/{part}" for segment, part in zip(segments, parts, strict=True))))


def _texts(arguments: list[Value]) -> list[str]:
    return [as_text(shallow(argument)) for argument in arguments]


def _resource_id(scope: Scope, arguments: list[Value]) -> str:
    texts = _texts(arguments)
    at = next((index for index, text in enumerate(texts) if "/" in text), len(texts))
    before, rest = texts[:at], texts[at:]
    if not rest or at > 2:
        raise EvaluationError("resourceId() without a type")
    if len(before) == 2:
        scope = Scope(*before)
    elif before and _SUBSCRIPTION.fullmatch(before[0]):
        scope = Scope(before[0], scope.group)
    elif before:
        scope = Scope(scope.subscription, before[0])
    return scope.id(rest[0], rest[1:])


def _subscription_resource_id(scope: Scope, arguments: list[Value]) -> str:
    texts = _texts(arguments)
    subscription = scope.subscription if "/" in texts[0] else texts.pop(0)
    return Scope(subscription).id(texts[0], texts[1:])


def _tenant_resource_id(scope: Scope, arguments: list[Value]) -> str:
    kind, *names = _texts(arguments)
    return Scope().id(kind, names)


def _extension_resource_id(scope: Scope, arguments: list[Value]) -> str:
    base, kind, *names = _texts(arguments)
    return f"{base.rstrip('/')}/providers/{_typed(kind, names)}"


def _management_group_resource_id(scope: Scope, arguments: list[Value]) -> str:
    texts = _texts(arguments)
    group = "mg" if "/" in texts[0] else texts.pop(0)
    base = f"/providers/Microsoft.Management/managementGroups/{group}"
    return f"{base}/providers/{_typed(texts[0], texts[1:])}"


IDS: Mapping[str, tuple[int, Callable[[Scope, list[Value]], str]]] = {
    "resourceid": (2, _resource_id),
    "subscriptionresourceid": (2, _subscription_resource_id),
    "tenantresourceid": (2, _tenant_resource_id),
    "extensionresourceid": (3, _extension_resource_id),
    "managementgroupresourceid": (2, _management_group_resource_id),
}


def made_id(name: str, scope: Scope, arguments: list[Value]) -> Value:
    """The id that one of these functions makes."""
    open_ = next((value for value in map(shallow, arguments) if isinstance(value, Unknown)), None)
    if open_ is not None:
        return open_
    least, make = IDS[name]
    if len(arguments) < least:
        raise EvaluationError(f"the function {name}() has too few arguments")
    return make(scope, arguments)


def described(name: str, scope: Scope, location: str) -> Value:
    """The value of `resourceGroup()`, `subscription()` and their like; None where the name is none of them."""
    if name == "resourcegroup":
        if not scope.group:
            raise EvaluationError("resourceGroup() where there is no resource group")
        group = {"id": scope.path, "name": scope.group, "type": "Microsoft.Resources/resourceGroups"}
        return {**group, "location": location, "tags": {}, "properties": {"provisioningState": "Succeeded"}}
    if name == "subscription":
        if not scope.subscription:
            raise EvaluationError("subscription() where there is no subscription")
        own = {"id": f"/subscriptions/{scope.subscription}", "subscriptionId": scope.subscription}
        return {**own, "tenantId": TENANT, "displayName": "subscription"}
    if name == "tenant":
        return {"countryCode": "US", "displayName": "tenant", "id": f"/tenants/{TENANT}", "tenantId": TENANT}
    if name == "managementgroup":
        return {"id": "/providers/Microsoft.Management/managementGroups/mg", "name": "mg", "properties": {}}
    if name == "deployer":
        return {"objectId": TENANT, "tenantId": TENANT, "userPrincipalName": ""}
    return dict(ENVIRONMENT) if name == "environment" else None
