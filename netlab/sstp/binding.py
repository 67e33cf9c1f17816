"""The crypto binding of TLS and PPP ([MS-SSTP], sections 2.2.7 and 3.2.5.2), with SHA-256."""

from __future__ import annotations

import hashlib
import hmac

from netlab.sstp.frames import Kind, Message, control

SHA256 = 2
_SEED = b"SSTP inner method derived CMK"
_RESERVED = bytes(3)
_SIZE = 32


def request(nonce: bytes) -> bytes:
    """The attribute with which a gateway asks for the binding."""
    return _RESERVED + bytes([SHA256]) + nonce


def nonce_of(request: bytes) -> bytes:
    """The nonce of such an attribute; empty where it does not take SHA-256."""
    return request[4 : 4 + _SIZE] if len(request) == 4 + _SIZE and request[3] & SHA256 else b""


def certificate_hash(certificate: bytes) -> bytes:
    """The hash of a gateway's certificate (DER)."""
    return hashlib.sha256(certificate).digest()


def call_connected(key: bytes, nonce: bytes, certificate: bytes) -> bytes:
    """The message that ends a client's negotiation; ``key`` is the one of the authentication inside (HLAK)."""
    known = _RESERVED + bytes([SHA256]) + nonce + certificate
    mac = compound_mac(key, control(Message.CALL_CONNECTED, (Kind.CRYPTO_BINDING, known + bytes(_SIZE))))
    return control(Message.CALL_CONNECTED, (Kind.CRYPTO_BINDING, known + mac))


def binds(attribute: bytes, key: bytes, nonce: bytes, certificate: bytes) -> bool:
    """Whether a client's binding is that of this authentication, nonce and certificate."""
    said = control(Message.CALL_CONNECTED, (Kind.CRYPTO_BINDING, attribute))
    return any(hmac.compare_digest(call_connected(each, nonce, certificate), said) for each in _keys(key))


def _keys(key: bytes) -> tuple[bytes, ...]:
    """The keys that clients make of the one of EAP-TLS: its first half (section 3.2.5.2.4), or the beginnings of both
    halves, as with SHA-1 (3.2.5.2.2), and as sstp-client does where PPP keeps 16 bytes of each."""
    return (key, key[:16] + key[32:48]) if len(key) > _SIZE else (key,)


def compound_mac(key: bytes, message: bytes) -> bytes:
    """The MAC over a Call Connected message whose MAC is zero."""
    derived = hmac.digest(key[:_SIZE].ljust(_SIZE, b"\0"), _SEED + _SIZE.to_bytes(2, "little") + b"\x01", "sha256")
    return hmac.digest(derived, message, "sha256")
