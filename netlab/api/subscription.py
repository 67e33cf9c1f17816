"""Azure Resource Graph, asked by the packages of the extra `netlab-azure[azure]`, which nothing else needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netlab.errors import UsageError
from netlab.imports.subscription import MOST_ROWS, Ask, document

_FILES = "or collect the files yourself: netlab import --commands"


def read(subscriptions: Sequence[str]) -> bytes:
    """The networks of subscriptions, as a file of Resource Graph would hold them."""
    return document(subscriptions, _asker())


def _asker() -> Ask:
    try:
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.identity import DefaultAzureCredential
        from azure.mgmt.resourcegraph import ResourceGraphClient
        from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions
    except ImportError:
        raise UsageError(
            "--subscription needs azure-identity and azure-mgmt-resourcegraph, which are not installed",
            f"pip install 'netlab-azure[azure]', {_FILES}",
        ) from None
    client = ResourceGraphClient(DefaultAzureCredential())

    def ask(query: str, subscriptions: Sequence[str], token: str) -> Mapping[str, Any]:
        settings = QueryRequestOptions(top=MOST_ROWS, skip_token=token or None, result_format="objectArray")
        request = QueryRequest(query=query, subscriptions=list(subscriptions), options=settings)
        try:
            answer = client.resources(request)
        except ClientAuthenticationError:
            raise UsageError("Azure refuses the sign-in", f"az login, {_FILES}") from None
        except AzureError as error:
            # Only its kind: the message may name tenants and people.
            raise UsageError(f"Azure Resource Graph does not answer: {type(error).__name__}", _FILES) from None
        return {"data": answer.data, "skip_token": answer.skip_token, "total_records": answer.total_records}

    return ask
