"""Why a recorded row differs from the predicted one, where the scenario shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netlab.azure.bgp.sessions import originated
from netlab.azure.learning import routers
from netlab.azure.recorded.foreseen import Foreseen
from netlab.azure.recorded.matching import FORMS
from netlab.azure.state import State
from netlab.azure.views.predicted import Model
from netlab.results.recorded import Row

_PROPAGATION = "disableBgpRoutePropagation"


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons for what differs in one answer."""

    state: State
    found: Foreseen

    def why(self, recorded: Row | None, predicted: Row | None, differs: tuple[str, ...]) -> str:
        """Why a row is missing on a side, or differs in some keys; empty where nothing shows it."""
        return next(self._causes(recorded, predicted, differs), "")

    def _causes(self, recorded: Row | None, predicted: Row | None, differs: tuple[str, ...]) -> Iterator[str]:
        match self.found.answer.kind:
            case "effective-routes":
                yield from self._of_effective(recorded, predicted)
            case "connection" if predicted is None:
                yield "the scenario has no connection of this name: call the file connection.NAME.json"
            case "learned-routes" | "advertised-routes" | "bgp-peers" if recorded is not None:
                yield from self._of_bgp(recorded, missing=predicted is None)
        if predicted is not None and (not differs or {"state", "connectionStatus"} & {*differs}):
            key = tuple(str(predicted[name]).lower() for name in FORMS[self.found.answer.kind].pairing[0])
            yield from (remark for of, remark in self.found.remarks if of == key)

    # --- a NIC ---

    def _of_effective(self, recorded: Row | None, predicted: Row | None) -> Iterator[str]:
        row = recorded or predicted or {}
        if recorded is not None and any(":" in prefix for prefix in recorded["addressPrefix"]):
            yield "netlab has no IPv6"
        local_there, local_here = (_is_local(side) for side in (recorded, predicted))
        if local_there and not local_here:
            yield f"its VNet has {', '.join(row['addressPrefix'])} there: is it the NIC that the file names?"
        if row["nextHopType"] == "VirtualNetworkServiceEndpoint":
            yield "the prefixes of a service are those of service_tags in the scenario"
        if row["source"] == "VirtualNetworkGateway" and (recorded is None or predicted is None):
            there, here = (self._propagates(side) for side in (self.found.answer.rows, self.found.rows))
            if there is not None and here is not None and there != here:
                yield f"the route table of its subnet {_propagating(there)} there, and {_propagating(here)} here"
        if (row["source"], row["nextHopType"]) == ("Default", "None"):
            place, rows = ("here", self.found.rows) if predicted is None else ("there", self.found.answer.rows)
            if any(_is_active_elsewhere(row) for row in rows):
                # Section 8, point 2: an active default route that does not lead to Internet removes them.
                yield f"an active default route removes it {place}"
        if (
            recorded is not None
            and recorded["source"] != "User"
            and recorded["nextHopType"] not in ("None", "Internet")
        ):
            yield from self._of_prefixes(recorded["addressPrefix"])

    @staticmethod
    def _propagates(rows: tuple[Row, ...]) -> bool | None:
        """Whether the subnet's route table propagates what gateways learn; None if no row says it."""
        found = {row[_PROPAGATION] for row in rows} - {None}
        return not found.pop() if len(found) == 1 else None

    # --- BGP ---

    def _of_bgp(self, recorded: Row, *, missing: bool) -> Iterator[str]:
        subject = self.found.answer.subject
        own = {str(router.bgp_address) for router in routers(self.state, subject)}
        if recorded["localAddress"] not in own:
            yield f"no instance of {subject} has the BGP address {recorded['localAddress']} here"
        peer = self.found.answer.peer or recorded.get("sourcePeer") or recorded.get("neighbor")
        if peer and peer not in own | self._peers():
            yield f"{subject} has no BGP peer {peer} here"
        if missing and recorded.get("network"):
            yield from self._of_as_path(recorded.get("asPath") or "")
            yield from self._of_prefixes((recorded["network"],))

    def _peers(self) -> set[str]:
        model = Model(self.state)
        mine = routers(self.state, self.found.answer.subject)
        return {str(peer.address) for router in mine for peer in model.neighbors(router)}

    def _of_as_path(self, path: str) -> Iterator[str]:
        known = {str(router.asn) for router in self.state.topology.speakers.values()}
        missing = [asn for asn in dict.fromkeys(path.split("-")) if asn and asn not in known]
        if missing:
            yield f"nothing in the scenario has AS {' or AS '.join(missing)}"

    def _of_prefixes(self, prefixes: tuple[str, ...]) -> Iterator[str]:
        """Prefixes that no VNet, site, gateway or appliance of the scenario has."""
        network = self.state.network
        known = {prefix for vnet in network.vnets.values() for prefix in vnet.prefixes}
        known |= {prefix for end in network.ends for side in end.sides for prefix in side.static_prefixes}
        for router in self.state.topology.speakers.values():
            known |= {*originated(router, self.state.announced)}
        unknown = [prefix for prefix in prefixes if ":" not in prefix and prefix not in map(str, known)]
        if unknown:
            yield f"no VNet, site, gateway or appliance of the scenario has {unknown[0]}"


def _is_active_elsewhere(row: Row) -> bool:
    """Whether a row is an active default route that leads elsewhere than to the Internet."""
    is_default = bool(row["addressPrefix"] == ("0.0.0.0/0",) and row["state"] == "Active")
    return is_default and row["nextHopType"] != "Internet"


def _is_local(row: Row | None) -> bool:
    return row is not None and row["nextHopType"] == "VnetLocal"


def _propagating(on: bool) -> str:
    return "propagates gateway routes" if on else "does not propagate gateway routes"
