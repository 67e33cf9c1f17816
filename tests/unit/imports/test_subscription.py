"""Whole subscriptions: pages of Azure Resource Graph as one import; written by hand after the documented answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from imported import imported, messages, nic, scenario, vnet
from typer.testing import CliRunner

from netlab.api import subscription
from netlab.cli import app
from netlab.errors import UsageError
from netlab.imports.reading import SUBSCRIPTION
from netlab.imports.subscription import QUERY, document

ID = "11111111-2222-3333-4444-555555555555"
ROWS = [vnet("V", "10.0.0.0/16", a="10.0.0.0/24"), nic("n", "V", "a", "10.0.0.9"), vnet("W", "10.1.0.0/16")]


class Graph:
    """Resource Graph with one row on each page."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], tokens: Sequence[str]) -> None:
        self.rows, self.tokens = rows, tokens
        self.asked: list[tuple[str, tuple[str, ...], str]] = []

    def __call__(self, query: str, subscriptions: Sequence[str], token: str) -> Mapping[str, Any]:
        at = len(self.asked)
        self.asked.append((query, tuple(subscriptions), token))
        return {"data": [self.rows[at]], "skip_token": self.tokens[at], "total_records": len(self.rows)}


def test_all_pages_are_asked_for_with_the_token_of_the_page_before() -> None:
    graph = Graph(ROWS, ("t1", "t2", ""))
    found = json.loads(document([ID], graph))
    assert graph.asked == [(QUERY, (ID,), token) for token in ("", "t1", "t2")]
    assert (found["data"], found["total_records"]) == (ROWS, 3)


def test_rows_become_a_scenario_as_those_of_a_file_do() -> None:
    found = imported(SUBSCRIPTION, stdin=document([ID], Graph(ROWS, ("t1", "t2", ""))))
    made = scenario(found)
    assert (sorted(made.vnets), str(made.vnets["V"].vms["n"].private_ip_address)) == (["V", "W"], "10.0.0.9")
    assert "imported from Azure Resource Graph" in found.text
    assert ID not in found.text + messages(found)


def test_rows_that_are_missing_are_an_error() -> None:
    found = imported(SUBSCRIPTION, stdin=document([ID], Graph(ROWS, ("t1", "", ""))))
    assert [finding.rule for finding in found.report.findings] == ["E07"]


def test_a_token_that_comes_again_ends_the_asking() -> None:
    graph = Graph(ROWS, ("t1", "t1", "t1"))
    document([ID], graph)
    assert len(graph.asked) == 2


@pytest.mark.parametrize("given", ["production", "", f"{ID}'", f"{ID} or 1"])
def test_what_is_no_id_of_a_subscription_asks_nothing(given: str) -> None:
    graph = Graph(ROWS, ("",))
    with pytest.raises(UsageError, match="--subscription takes an id"):
        document([given], graph)
    assert not graph.asked


# --- the packages -----------------------------------------------------------------------------------------------------


def test_without_the_packages_it_says_which_are_missing_and_what_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.core.exceptions", None)
    found = CliRunner().invoke(app, ["import", "--subscription", ID])
    assert isinstance(found.exception, UsageError)
    assert "azure-identity and azure-mgmt-resourcegraph" in found.exception.message
    assert "netlab-azure[azure]" in found.exception.hint
    assert "netlab import --commands" in found.exception.hint


def test_standard_input_and_a_subscription_are_refused_together() -> None:
    found = CliRunner().invoke(app, ["import", "-", "--subscription", ID], input="[]")
    assert isinstance(found.exception, UsageError)
    assert "cannot be together" in found.exception.message


class _AzureError(Exception):
    pass


class _Refused(_AzureError):
    pass


def _packages(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[Any]:
    """Stand-ins for Azure's packages, with the names and arguments of their documentation; the requests that came."""
    requests: list[Any] = []

    class Client:
        def __init__(self, credential: Any) -> None:
            assert credential == "signed in"

        def resources(self, query: Any) -> Any:
            requests.append(query)
            if isinstance(answer, Exception):
                raise answer
            return answer

    parts: dict[str, dict[str, Any]] = {
        "azure.core.exceptions": {"AzureError": _AzureError, "ClientAuthenticationError": _Refused},
        "azure.identity": {"DefaultAzureCredential": lambda: "signed in"},
        "azure.mgmt.resourcegraph": {"ResourceGraphClient": Client},
        "azure.mgmt.resourcegraph.models": {"QueryRequest": SimpleNamespace, "QueryRequestOptions": SimpleNamespace},
    }
    for name in ("azure", "azure.core", "azure.mgmt", *parts):
        module = ModuleType(name)
        module.__dict__.update(parts.get(name, {}))
        monkeypatch.setitem(sys.modules, name, module)
    return requests


def test_the_client_is_asked_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = _packages(monkeypatch, SimpleNamespace(data=ROWS, skip_token=None, total_records=3))
    assert json.loads(subscription.read([ID]))["data"] == ROWS
    (request,) = requests
    assert (request.query, request.subscriptions) == (QUERY, [ID])
    assert vars(request.options) == {"top": 1000, "skip_token": None, "result_format": "objectArray"}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (_Refused("tenant 9 of a@b.example"), "Azure refuses the sign-in"),
        (_AzureError("tenant 9 of a@b.example"), "Azure Resource Graph does not answer: _AzureError"),
    ],
)
def test_an_error_of_azure_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    _packages(monkeypatch, error)
    with pytest.raises(UsageError) as caught:
        subscription.read([ID])
    assert caught.value.message == message
