"""What tunnel types over TLS have in common: a daemon at both ends, and tunnels that carry whatever is a client's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable

from netlab.errors import BuildError, ConvergeError
from netlab.machine import processes
from netlab.machine.admission import Connected
from netlab.machine.waiting import wait_until
from netlab.plan.model import Child, Client, Plan, Selector

_END_SECONDS = 5.0
_EVERYTHING = Selector(("0.0.0.0/0",))


def carried_to_clients(found: Iterable[Connected] | None) -> tuple[Child, ...]:
    """Whatever is for the address of a client."""
    return tuple(Child(client.user, _EVERYTHING, Selector((f"{client.address}/32",))) for client in found or ())


def carried(client: Client, address: str) -> tuple[Child, ...]:
    """Whatever comes from a client's address, if it has one."""
    return (Child(client.interface, Selector((f"{address}/32",)), _EVERYTHING),) if address else ()


def disconnect(plan: Plan, client: Client, state: str, ask: Callable[[str], object]) -> None:
    """Ask the gateway, by its daemon's directory, to end a client's tunnel if there is one, and stop what is left."""
    server = plan.server_of(client)
    if server is not None and state:
        ask(server.directory)
        with contextlib.suppress(ConvergeError):
            wait_until(lambda: not processes.working_in(client.directory), _END_SECONDS, lambda: "still connected")
    stop(client)


def stop(client: Client) -> None:
    """Stop a client's daemon."""
    if processes.stop(processes.working_in(client.directory)):
        raise BuildError(f"{client.tunnel_type} of {client.name} does not end")
