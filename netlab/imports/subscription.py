"""The networks of whole subscriptions as Azure Resource Graph answers: the query, and its pages as one document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netlab.errors import UsageError
from netlab.imports.reading import MOST_BYTES

QUERY = """\
resources
| where type startswith 'microsoft.network/' or type =~ 'microsoft.compute/virtualmachines'
    or type =~ 'microsoft.compute/virtualmachinescalesets'
| project id, name, type, location, resourceGroup, subscriptionId, sku, kind, zones, properties
| order by id asc"""
MOST_ROWS = 1000
"""Of a page: learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data#paging-results."""

Ask = Callable[[str, Sequence[str], str], Mapping[str, Any]]
"""Asks Resource Graph: the query, the subscriptions and the token of the page before; it answers `data`, `skip_token`
and `total_records`."""
_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def document(subscriptions: Sequence[str], ask: Ask) -> bytes:
    """All pages of the answer, as one file of Resource Graph would hold them."""
    for given in subscriptions:
        if not _ID.fullmatch(given):
            raise UsageError("--subscription takes an id, as 00000000-0000-0000-0000-000000000000", "az account list")
    pages: list[str] = []
    tokens, token, total = {""}, "", 0
    while True:
        answer = ask(QUERY, subscriptions, token)
        pages += [json.dumps(row, default=str) for row in answer.get("data") or ()]
        total = int(answer.get("total_records") or 0)
        token = answer.get("skip_token") or ""
        if token in tokens or sum(map(len, pages)) > MOST_BYTES:
            break
        tokens.add(token)
    return f'{{"data": [{", ".join(pages)}], "total_records": {total}}}'.encode()
