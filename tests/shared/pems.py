"""Roots, certificates and revocation lists in PEM, for tests of TLS."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@cache
def key_of(name: str) -> rsa.RSAPrivateKey:
    """The private key of a name; making one is slow."""
    return rsa.generate_private_key(65537, 2048)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass(frozen=True)
class Root:
    """A root, and what it issued."""

    name: str
    serials: dict[str, int] = field(default_factory=dict, compare=False)

    @property
    def certificate(self) -> bytes:
        return self._signed(self.name, 1, is_root=True)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """A certificate and its key."""
        self.serials.setdefault(name, 2 + len(self.serials))
        key = key_of(name).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self._signed(name, self.serials[name], is_root=False), key

    def revocations(self, *names: str) -> bytes:
        """Its list of what is revoked."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(named(self.name))
        builder = builder.last_update(NOW - DAY).next_update(NOW + DAY)
        for name in names:
            revoked = x509.RevokedCertificateBuilder().serial_number(self.serials[name]).revocation_date(NOW - DAY)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(key_of(self.name), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _signed(self, name: str, serial: int, is_root: bool) -> bytes:
        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(self.name))
        builder = builder.public_key(key_of(name).public_key()).serial_number(serial)
        builder = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        return builder.sign(key_of(self.name), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
