"""ipsec.conf and ipsec.secrets of Libreswan 4, with the algorithms that Debian's package has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netlab.errors import UsageError
from netlab.plan.model import Charon, Child, IkeConnection, Timers
from netlab.plan.timers import dpd_delay, scaled
from netlab.render.text import template

# What Debian's Libreswan 4.10 recognizes (its algparse): no group 1, 2 and 24, and no single DES.
_ENCRYPTION = {
    "null": "null",
    "3des": "3des",
    "aes128": "aes128",
    "aes192": "aes192",
    "aes256": "aes256",
    "aes128gcm16": "aes_gcm128",
    "aes192gcm16": "aes_gcm192",
    "aes256gcm16": "aes_gcm256",
}
_HASHES = {"md5": "md5", "sha1": "sha1", "sha256": "sha2_256", "sha384": "sha2_384", "sha512": "sha2_512"}
_GROUPS = {"modp2048": "dh14", "ecp256": "dh19", "ecp384": "dh20"}


@dataclass(frozen=True, slots=True)
class _Proposal:
    """An IKE or ESP proposal in Libreswan's words; without a group there is no perfect forward secrecy."""

    algorithms: str
    group: str

    @property
    def words(self) -> str:
        return f"{self.algorithms};{self.group}" if self.group else self.algorithms


# The files in which a device has them.
CONNECTIONS, SECRETS = "azure.conf", "azure.secrets"
# Libreswan's own: how long before the end of an SA's lifetime it makes the next one, in seconds.
_REKEY_MARGIN = 540


def ipsec_conf(charon: Charon, timers: Timers) -> str:
    """The connections of a pluto; UsageError if Libreswan has none of the algorithms of one."""
    connections = [
        {
            "item": item,
            "ike": ",".join(each.words for each in _known(item, "IKE", item.ike_proposals)),
            "lifetime": (lifetime := scaled(item.child_lifetime, timers)),
            # It lies at random between one and two margins before the end.
            "rekey_margin": min(_REKEY_MARGIN, max(1, min(lifetime, timers.ike_lifetime) // 20)),
            "dpd_delay": dpd_delay(item.dpd_timeout, timers) if item.dpd_timeout else 0,
            "dpd_timeout": scaled(item.dpd_timeout, timers),
            "auto": "ondemand" if item.on_demand else "start" if item.initiator else "add",
            "children": [(child.name, _subnets("left", child), _subnets("right", child)) for child in item.children],
            **_esp(item),
        }
        for item in charon.connections
    ]
    # IKEv2 has no time-out of dead peer detection: a peer is dead when all retransmissions have no answer (R38).
    patience = _time((timers.retransmit_tries + 1) * timers.retransmit_timeout)
    values = {"charon": charon, "connections": connections, "timers": timers, "patience": patience}
    return template("libreswan/ipsec.conf.j2").render(values)


def _time(seconds: float) -> str:
    """A time in whole seconds or, where it is none, in milliseconds."""
    return f"{seconds:.0f}s" if seconds == round(seconds) else f"{1000 * seconds:.0f}ms"


def ipsec_secrets(charon: Charon, keys: Mapping[str, str]) -> str:
    """Those keys of a pluto that are given, each between quotation marks that it does not hold: Libreswan has no
    escapes."""
    found = []
    for secret in (secret for secret in charon.secrets if secret.name in keys):
        key = keys[secret.name]
        mark = "'" if '"' in key else '"'
        if mark in key:
            raise UsageError(
                f"the key {secret.name} holds both kinds of quotation marks: Libreswan cannot read it",
                "give the connection another key",
            )
        found.append(f"{' '.join(secret.identities)} : PSK {mark}{key}{mark}\n")
    return "".join(found)


def _subnets(side: str, child: Child) -> str:
    """A traffic selector: Libreswan 4 makes a CHILD SA for each pair of several prefixes."""
    prefixes = (child.local_ts if side == "left" else child.remote_ts).prefixes
    return f"{side}subnet={prefixes[0]}" if len(prefixes) == 1 else f"{side}subnets={{{','.join(prefixes)}}}"


def _esp(item: IkeConnection) -> dict[str, str]:
    """Libreswan asks for perfect forward secrecy in all proposals or in none."""
    found = _known(item, "ESP", item.esp_proposals)
    without = [each for each in found if not each.group]
    chosen = dict.fromkeys(each.words for each in without or found)
    return {"esp": ",".join(chosen), "pfs": "no" if without else "yes"}


def _known(item: IkeConnection, kind: str, proposals: Iterable[str]) -> list[_Proposal]:
    found = [proposal for each in proposals if (proposal := _translated(each)) is not None]
    if not found:
        raise UsageError(
            f"Debian's Libreswan has none of the {kind} algorithms of {item.name}: {', '.join(proposals)}",
            "give the connection an ipsec_policy with DHGroup14, ECP256 or ECP384 and AES",
        )
    return found


def _translated(proposal: str) -> _Proposal | None:
    """A proposal as strongSwan writes it in Libreswan's words; None if it has an algorithm that Libreswan lacks."""
    encryption, *rest = proposal.split("-")
    groups = [each for each in rest if each.startswith(("modp", "ecp"))]
    hashes = [each.removeprefix("prf") for each in rest if each not in groups]
    if encryption not in _ENCRYPTION or not {*hashes} <= _HASHES.keys() or not {*groups} <= _GROUPS.keys():
        return None
    algorithms = "-".join((_ENCRYPTION[encryption], *(_HASHES[each] for each in hashes)))
    return _Proposal(algorithms, "".join(_GROUPS[each] for each in groups))
