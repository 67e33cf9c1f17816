"""Access networks: a NAT router between what is in a network of somebody else and the Internet."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from netlab.scenario import models
from netlab.scenario.models import node_name

if TYPE_CHECKING:
    from netlab.scenario.network.ends import Site
    from netlab.scenario.network.graph import Network


@dataclass(frozen=True, eq=False)
class AccessNetwork:
    """A network with a NAT router, which may be a firewall, too, and an HTTP proxy."""

    network: Network = field(repr=False)
    name: str
    spec: models.AccessNetwork = field(repr=False)

    @cached_property
    def node(self) -> str:
        """The node of its NAT router."""
        return node_name(self.name)

    @property
    def public_address(self) -> IPv4Address:
        """The address of all that is in it, as the Internet sees it."""
        return self.network.public.access[self.name]

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sites whose device is in it: one at most."""
        return tuple(site for site in self.network.sites.values() if site.upstream is self)
