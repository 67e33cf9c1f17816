"""NAT rules of VPN gateways."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from netlab.scenario.values import Model, Prefix

_OnePrefix = Annotated[tuple[Prefix, ...], Field(min_length=1, max_length=1)]
NatMode = Literal["IngressSnat", "EgressSnat"]


class NatRule(Model):
    """A NAT rule of a VPN gateway. It translates packets on the connections that name it, in both directions (T5)."""

    mode: NatMode
    """Whose address it translates: `IngressSnat` that of the other end, `EgressSnat` that of the VNet and of what is
    behind its gateway (T4)."""
    type: Literal["Static", "Dynamic"] = "Static"
    """Static: address n of the one prefix becomes address n of the other one, without state; both have one length (T6).
    Dynamic: the external prefix, /26 at most, is a pool whose addresses several share by ports; only the internal side
    opens flows (T7)."""
    internal_mappings: _OnePrefix
    """The prefix before translation, which its owner has: of `IngressSnat` that of the branch (T4). A rule has one
    (T10)."""
    external_mappings: _OnePrefix
    """The prefix after translation, under which the other networks reach it."""
    ip_configuration_id: Literal[0, 1] | None = None
    """The instance of an active-active gateway that translates. Default: both; a dynamic rule has one (T16)."""

    @property
    def internal(self) -> IPv4Network:
        """The prefix before translation."""
        return self.internal_mappings[0]

    @property
    def external(self) -> IPv4Network:
        """The prefix after translation."""
        return self.external_mappings[0]

    @property
    def dynamic(self) -> bool:
        """Whether it translates ports and keeps state."""
        return self.type == "Dynamic"

    def translated(self, address: IPv4Address) -> IPv4Address:
        """An address of the internal prefix as the other networks see it, of a pool some address; any other one as it
        is."""
        return _moved(address, self.internal, self.external)

    def restored(self, address: IPv4Address) -> IPv4Address:
        """An address of the external prefix as its owner has it; any other one as it is."""
        return _moved(address, self.external, self.internal)


def _moved(address: IPv4Address, before: IPv4Network, after: IPv4Network) -> IPv4Address:
    return after[(int(address) - int(before[0])) % after.num_addresses] if address in before else address


def translated(address: IPv4Address, rules: Iterable[NatRule]) -> IPv4Address:
    """An address as the other networks see it: the first rule for it translates it."""
    return next((rule.translated(address) for rule in rules if address in rule.internal), address)


def restored(address: IPv4Address, rules: Iterable[NatRule]) -> IPv4Address:
    """An address that the other networks use as its owner has it; that of a pool only a session says."""
    known = (rule for rule in rules if not rule.dynamic)
    return next((rule.restored(address) for rule in known if address in rule.external), address)


def effective(prefixes: Iterable[IPv4Network], rules: Iterable[NatRule]) -> tuple[IPv4Network, ...]:
    """Prefixes as the other networks reach them (T12, T17): the external ones in the place of what rules translate.

    A prefix of which a rule translates a part stays, beside the part's external one (T10).
    """
    known = tuple(rules)
    return tuple(dict.fromkeys(found for prefix in prefixes for found in _effective(prefix, known)))


def _effective(prefix: IPv4Network, rules: tuple[NatRule, ...]) -> Iterator[IPv4Network]:
    for rule in rules:
        if prefix.subnet_of(rule.internal):
            yield rule.external if rule.dynamic else IPv4Network((rule.translated(prefix[0]), prefix.prefixlen))
            return
    yield prefix
    yield from (rule.external for rule in rules if rule.internal.subnet_of(prefix))
