"""EAP-TLS (RFC 5216): the TLS handshake in EAP packets, with TLS 1.2."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from netlab.sstp.eap import Refusal, Verdict
from netlab.sstp.frames import Malformed

KIND = 13
_LENGTH, _MORE, _START = 0x80, 0x40, 0x20
# It fits into PPP's smallest MRU that anybody uses, with the headers of EAP and PPP.
_FRAGMENT = 1200
_MOST_MESSAGE = 64 * 1024
# RFC 5216, section 2.3; the first half of the key is what binds the authentication to the outer TLS.
_LABEL = b"client EAP encryption"
_KEY_SIZE = 64
_READ = 64 * 1024
# X509_V_ERR_CERT_REVOKED (openssl/x509_vfy.h).
_REVOKED = 23


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an end has, in PEM: its certificate and key, the roots that it trusts, their lists of what is revoked."""

    certificate: bytes
    key: bytes
    roots: Sequence[bytes]
    revoked: Sequence[bytes] = ()


def context(credentials: Credentials) -> SSL.Context:
    """What all handshakes of an end have in common: both ends show certificates, and check the other's."""
    made = SSL.Context(SSL.TLS_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_max_proto_version(SSL.TLS1_2_VERSION)
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    made.set_options(SSL.OP_NO_TICKET)
    made.use_certificate(x509.load_pem_x509_certificate(credentials.certificate))
    key = serialization.load_pem_private_key(credentials.key, None)
    assert isinstance(key, RSAPrivateKey)  # R60
    made.use_privatekey(key)
    store = made.get_cert_store()
    assert store is not None
    for root in credentials.roots:
        store.add_cert(crypto.X509.from_cryptography(x509.load_pem_x509_certificate(root)))
    for text in credentials.revoked:
        store.add_crl(x509.load_pem_x509_crl(text))
    if credentials.revoked:
        store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verified)
    return made


def _verified(connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, is_good: int) -> bool:
    """Note why a certificate is refused. The owner's is at depth 0, the last one: so it is known whom that concerns."""
    handshake = connection.get_app_data()
    if not is_good and not handshake.error:
        handshake.error = error
    if depth > 0:
        return True
    names = certificate.to_cryptography().subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    handshake.peer = str(names[0].value) if names else ""
    return not handshake.error


class Handshake:
    """A handshake in memory: ``peer`` is the common name of the other end's certificate, ``error`` OpenSSL's number of
    what is wrong with it, ``failed`` what is wrong with the whole."""

    def __init__(self, made: SSL.Context, accepts: bool) -> None:
        self._connection = SSL.Connection(made, None)
        self._connection.set_app_data(self)
        if accepts:
            self._connection.set_accept_state()
        else:
            self._connection.set_connect_state()
        self.peer = self.failed = ""
        self.error = 0
        self.done = False

    def go_on(self, message: bytes = b"") -> bytes:
        """What the other end sent; what this one sends."""
        if message:
            self._connection.bio_write(message)
        try:
            self._connection.do_handshake()
            self.done = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            self.failed = " ".join(str(part) for part in next(iter(error.args[0]), ())) or "the handshake failed"
        with contextlib.suppress(SSL.WantReadError):
            return self._connection.bio_read(_READ)
        return b""

    def key(self) -> bytes:
        """The key that both ends have after it."""
        return self._connection.export_keying_material(_LABEL, _KEY_SIZE)


class Fragments:
    """TLS messages in pieces, both ways: each piece but the last one is acknowledged (RFC 5216, section 2.1.5)."""

    def __init__(self) -> None:
        self._coming = bytearray()
        self._going = b""
        self._total = 0

    def collect(self, text: bytes) -> bytes | None:
        """A piece came; the whole message with its last one, else None."""
        if not text:
            raise Malformed("EAP-TLS without flags")
        flags, start = text[0], 5 if text[0] & _LENGTH else 1
        self._coming += text[start:]
        if len(self._coming) > _MOST_MESSAGE:
            raise Malformed("a TLS message that is too long")
        if flags & _MORE:
            return None
        whole = bytes(self._coming)
        self._coming.clear()
        return whole

    def send(self, message: bytes) -> bytes:
        """The first piece of a message."""
        self._going, self._total = message, len(message)
        return self.next()

    def next(self) -> bytes:
        """The next piece; where nothing is left, an acknowledgement."""
        first = len(self._going) == self._total
        piece, self._going = self._going[:_FRAGMENT], self._going[_FRAGMENT:]
        flags = (_MORE if self._going else 0) | (_LENGTH if first and self._total else 0)
        return bytes([flags]) + (self._total.to_bytes(4, "big") if flags & _LENGTH else b"") + piece

    @property
    def left(self) -> bool:
        """Whether there are further pieces to send."""
        return bool(self._going)


class Gateway:
    """The gateway's end: it refuses a certificate that is revoked, or that no trusted root issued."""

    kind = KIND

    def __init__(self, made: SSL.Context) -> None:
        self._handshake = Handshake(made, accepts=True)
        self._fragments = Fragments()
        self.verdict: Verdict | None = None

    def begin(self) -> bytes:
        return bytes([_START])

    def answered(self, response: bytes) -> bytes | None:
        message = self._fragments.collect(response)
        if message is None:
            return b"\0"
        if self._fragments.left:
            return self._fragments.next()
        if self.verdict is not None:
            return None
        reply = self._handshake.go_on(message)
        self.verdict = self._judged()
        return self._fragments.send(reply) if reply or self.verdict is None else None

    def _judged(self) -> Verdict | None:
        handshake = self._handshake
        if handshake.done:
            return Verdict(handshake.peer, key=handshake.key())
        if handshake.failed:
            revoked = handshake.error == _REVOKED
            return Verdict(handshake.peer, Refusal.REVOKED if revoked else Refusal.UNTRUSTED)
        return None


class Client:
    """The client's end: it checks the gateway's certificate."""

    kind = KIND

    def __init__(self, made: SSL.Context) -> None:
        self._handshake = Handshake(made, accepts=False)
        self._fragments = Fragments()
        self.key = b""

    def answer(self, request: bytes) -> bytes:
        if request and request[0] & _START:
            return self._fragments.send(self._handshake.go_on())
        message = self._fragments.collect(request)
        if message is None:
            return b"\0"
        if self._fragments.left:
            return self._fragments.next()
        reply = self._handshake.go_on(message)
        if self._handshake.done:
            self.key = self._handshake.key()
        return self._fragments.send(reply)
