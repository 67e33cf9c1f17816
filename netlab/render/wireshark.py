"""Keys of IKE and ESP as Wireshark's tables want them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Without it Wireshark does not even try.
_PREFERENCES = "esp.enable_encryption_decode: TRUE\n"

# strongSwan's names to Wireshark's (epan/dissectors/packet-isakmp.c, packet-ipsec.c). Of AES-GCM it wants the length
# of the ICV too, and no integrity algorithm; its key includes the salt.
_IKE_ENCRYPTION = {
    "3DES_CBC": "3DES [RFC2451]",
    **{f"AES_CBC_{bits}": f"AES-CBC-{bits} [RFC3602]" for bits in (128, 192, 256)},
    **{f"AES_GCM_16_{bits}": f"AES-GCM-{bits} with 16 octet ICV [RFC5282]" for bits in (128, 192, 256)},
}
_IKE_INTEGRITY = {
    "": "NONE [RFC4306]",
    "HMAC_SHA1_96": "HMAC_SHA1_96 [RFC2404]",
    "HMAC_SHA2_256_128": "HMAC_SHA2_256_128 [RFC4868]",
    "HMAC_SHA2_384_192": "HMAC_SHA2_384_192 [RFC4868]",
    "HMAC_SHA2_512_256": "HMAC_SHA2_512_256 [RFC4868]",
}
_ESP_ENCRYPTION = {
    "3DES_CBC": "TripleDES-CBC [RFC2451]",
    "AES_CBC": "AES-CBC [RFC3602]",
    "AES_GCM_16": "AES-GCM with 16 octet ICV [RFC4106]",
}
_ESP_INTEGRITY = {
    "": "NULL",
    "HMAC_SHA1_96": "HMAC-SHA-1-96 [RFC2404]",
    "HMAC_SHA2_256_128": "HMAC-SHA-256-128 [RFC4868]",
    "HMAC_SHA2_384_192": "HMAC-SHA-384-192 [RFC4868]",
    "HMAC_SHA2_512_256": "HMAC-SHA-512-256 [RFC4868]",
}


@dataclass(frozen=True, slots=True)
class IkeKeys:
    """The keys of an IKE SA (RFC 7296, 2.14) and its algorithms in strongSwan's words; everything else is hex."""

    initiator_spi: str
    responder_spi: str
    sk_ei: str
    sk_er: str
    sk_ai: str
    sk_ar: str
    encryption: str
    integrity: str


@dataclass(frozen=True, slots=True)
class EspKeys:
    """The keys of one direction of a CHILD SA and its algorithms in strongSwan's words; SPI and keys are hex."""

    spi: str
    encryption_key: str
    integrity_key: str
    encryption: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of many SAs."""

    ike: tuple[IkeKeys, ...] = ()
    esp: tuple[EspKeys, ...] = ()


# The key log that Firefox has, too (NSS): a line for each secret of a connection.
TLS_KEYS = "tls.keys"


def configuration(keys: Keys, tls: str = "", directory: str = "") -> tuple[tuple[str, str], ...]:
    """The files of a Wireshark configuration directory with which it decrypts, by name; ``tls`` is a key log of TLS,
    which Wireshark finds by the path of the directory."""
    found = (
        ("ikev2_decryption_table", "".join(_ike_lines(keys.ike))),
        ("esp_sa", "".join(_esp_lines(keys.esp))),
    )
    if not tls:
        return (*found, ("preferences", _PREFERENCES))
    return (*found, (TLS_KEYS, tls), ("preferences", f"{_PREFERENCES}tls.keylog_file: {directory}/{TLS_KEYS}\n"))


def unknown(keys: Keys) -> tuple[str, ...]:
    """The algorithms that Wireshark is not known to decrypt; their SAs are left out of its tables."""
    found = {f"IKE {item.encryption}" for item in keys.ike if item.encryption not in _IKE_ENCRYPTION}
    found |= {f"IKE {item.integrity}" for item in keys.ike if item.integrity not in _IKE_INTEGRITY}
    found |= {f"ESP {item.encryption}" for item in keys.esp if item.encryption not in _ESP_ENCRYPTION}
    found |= {f"ESP {item.integrity}" for item in keys.esp if item.integrity not in _ESP_INTEGRITY}
    return tuple(sorted(found))


def _ike_lines(keys: Iterable[IkeKeys]) -> Iterator[str]:
    for item in keys:
        encryption, integrity = _IKE_ENCRYPTION.get(item.encryption), _IKE_INTEGRITY.get(item.integrity)
        if encryption and integrity:
            yield (
                f"{item.initiator_spi},{item.responder_spi},{item.sk_ei},{item.sk_er},"
                f'"{encryption}",{item.sk_ai},{item.sk_ar},"{integrity}"\n'
            )


def _esp_lines(keys: Iterable[EspKeys]) -> Iterator[str]:
    """By SPI alone: on the way of a packet its addresses may be translated."""
    for item in keys:
        encryption, integrity = _ESP_ENCRYPTION.get(item.encryption), _ESP_INTEGRITY.get(item.integrity)
        if encryption and integrity:
            integrity_key = f"0x{item.integrity_key}" if item.integrity_key else ""
            yield (
                f'"IPv4","*","*","0x{item.spi}","{encryption}","0x{item.encryption_key}",'
                f'"{integrity}","{integrity_key}"\n'
            )
