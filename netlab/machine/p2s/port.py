"""What a tunnel type of point-to-site does on Linux: the port that a module each fills in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from netlab.machine.admission import Connected, Refusal
from netlab.plan.model import Child, Client, Plan, Server, Timers


class TunnelType(Protocol):
    """A tunnel type: at the gateway's end, and at the client's."""

    # --- the gateway's end

    def start(self, plan: Plan, server: Server) -> None:
        """Start its daemon, if it has one of its own, and wait until its interface is there."""

    def offered(self, server: Server) -> tuple[str, ...]:
        """The prefixes that it offers to clients that connect now."""

    def offer(self, server: Server, prefixes: Collection[str], timers: Timers) -> None:
        """Offer these prefixes to clients from their next connection on."""

    def refusals(self, server: Server) -> Mapping[str, Refusal]:
        """Why it refused clients, by their nodes, at each one's last attempt."""

    def connected(self, server: Server) -> tuple[Connected, ...] | None:
        """The clients that it has tunnels with; None where it does not answer."""

    def carried_to_clients(self, server: Server) -> tuple[Child, ...]:
        """What its tunnels carry."""

    def tls_keys(self, server: Server) -> str:
        """The keys of its tunnels in NSS Key Log Format; empty where there are none."""

    NO_KEYS: str
    """Why there are none of its tunnels, and what Wireshark shows without them; empty where keys are logged."""

    # --- the client's end

    def connect(self, plan: Plan, client: Client) -> None:
        """Connect a client, which gets its address and its routes; ConvergeError says why not."""

    def refusal(self, client: Client) -> Refusal | None:
        """What the HTTP proxy on the way answered at a client's last attempt; None where it let the client pass."""

    def disconnect(self, plan: Plan, client: Client) -> None:
        """Have the gateway end a client's tunnel, and the client what is left of it, as where the gateway is dead."""

    def reconnect(self, plan: Plan, client: Client) -> None:
        """Have a client that is connected authenticate afresh, and wait until it has."""

    def virtual_address(self, client: Client) -> str:
        """The address that a client got from the gateway's pool; empty while it has none."""

    def state(self, client: Client) -> str:
        """What the daemon calls a tunnel that is there; empty while there is none."""

    def carried(self, client: Client) -> tuple[Child, ...]:
        """What a client's tunnel carries."""

    # --- the profile package

    PROFILE: str
    """The path of the profile in the package."""

    def package(self, plan: Plan, client: Client, prefixes: Collection[str]) -> Mapping[str, str]:
        """The files of the package that Azure generates for a client with these routes, by their paths in it."""

    def profile_routes(self, client: Client, profile: str) -> tuple[str, ...]:
        """The routes that a client takes from a profile, which is empty where it has none."""
