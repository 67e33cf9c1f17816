"""EAP-MSCHAPv2 (RFC 2759 in EAP: draft-kamath-pppext-eap-mschapv2), with the keys of RFC 3079."""

from __future__ import annotations

import hashlib
import hmac
import struct

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from netlab.sstp.eap import Refusal, Verdict
from netlab.sstp.frames import Malformed
from netlab.sstp.md4 import md4

KIND = 26
_CHALLENGE, _RESPONSE, _SUCCESS, _FAILURE = 1, 2, 3, 4
_HEADER = struct.Struct("!BBH")
_SIZE = 16
_VALUE = 49
_NAME = b"netlab"

# RFC 2759, section 8.7.
_SIGNING = b"Magic server to client signing constant"
_PADDING = b"Pad to make it do more than one iteration"
# RFC 3079, section 3.4.
_MASTER = b"This is the MPPE Master Key"
_FROM_CLIENT = b"On the client side, this is the send key; on the server side, it is the receive key."
_FROM_SERVER = b"On the client side, this is the receive key; on the server side, it is the send key."
_PAD_1, _PAD_2 = bytes(40), b"\xf2" * 40


# --- RFC 2759, section 8 --------------------------------------------------------------------------------------------


def password_hash(password: str) -> bytes:
    """NtPasswordHash."""
    return md4(password.encode("utf-16-le"))


def challenge_hash(peer: bytes, authenticator: bytes, user: str) -> bytes:
    """ChallengeHash; a name without its domain counts."""
    return hashlib.sha1(peer + authenticator + user.rpartition("\\")[2].encode()).digest()[:8]


def nt_response(authenticator: bytes, peer: bytes, user: str, password: str) -> bytes:
    """GenerateNTResponse."""
    challenge, key = challenge_hash(peer, authenticator, user), password_hash(password).ljust(21, b"\0")
    return b"".join(_des(key[place : place + 7], challenge) for place in (0, 7, 14))


def _des(key: bytes, text: bytes) -> bytes:
    """DES with a key of 56 bits; of the parity bits nothing depends. Triple DES with one key is DES."""
    number = int.from_bytes(key, "big")
    spread = bytes(((number >> shift) & 0x7F) << 1 for shift in range(49, -1, -7))
    return Cipher(TripleDES(spread * 3), ECB()).encryptor().update(text)


def authenticator_response(password: str, response: bytes, peer: bytes, authenticator: bytes, user: str) -> str:
    """GenerateAuthenticatorResponse: with it the gateway shows that it has the password too."""
    twice = md4(password_hash(password))
    first = hashlib.sha1(twice + response + _SIGNING).digest()
    challenge = challenge_hash(peer, authenticator, user)
    return "S=" + hashlib.sha1(first + challenge + _PADDING).hexdigest().upper()


def master_keys(password: str, response: bytes) -> bytes:
    """The keys of RFC 3079 as the client has them: the one that it sends with, and the one that it receives with."""
    twice = md4(password_hash(password))
    master = hashlib.sha1(twice + response + _MASTER).digest()[:_SIZE]
    keys = (hashlib.sha1(master + _PAD_1 + magic + _PAD_2).digest()[:_SIZE] for magic in (_FROM_CLIENT, _FROM_SERVER))
    return b"".join(keys)


# --- in EAP ---------------------------------------------------------------------------------------------------------


def _message(code: int, identifier: int, body: bytes) -> bytes:
    return _HEADER.pack(code, identifier, _HEADER.size + len(body)) + body


class Gateway:
    """The gateway's end, for a user whose password it has; of others it has none."""

    kind = KIND

    def __init__(self, user: str, password: str | None, challenge: bytes) -> None:
        self._user, self._password, self._challenge = user, password, challenge
        self.verdict: Verdict | None = None

    def begin(self) -> bytes:
        return _message(_CHALLENGE, 1, bytes([_SIZE]) + self._challenge + _NAME)

    def answered(self, response: bytes) -> bytes | None:
        if self.verdict is not None or len(response) < _HEADER.size:
            return None
        code, identifier, _ = _HEADER.unpack_from(response)
        value = response[_HEADER.size + 1 :][:_VALUE]
        if code != _RESPONSE or len(value) < _VALUE:
            raise Malformed(f"no response of MS-CHAPv2: {response.hex()}")
        peer, given = value[:_SIZE], value[24:48]
        if not self._is_right(peer, given):
            self.verdict = Verdict(self._user, Refusal.WRONG_PASSWORD)
            said = f"E=691 R=0 C={self._challenge.hex().upper()} V=3 M=wrong password"
            return _message(_FAILURE, identifier, said.encode())
        assert self._password is not None
        self.verdict = Verdict(self._user, key=master_keys(self._password, given))
        proof = authenticator_response(self._password, given, peer, self._challenge, self._user)
        return _message(_SUCCESS, identifier, f"{proof} M=welcome".encode())

    def _is_right(self, peer: bytes, given: bytes) -> bool:
        expected = nt_response(self._challenge, peer, self._user, self._password or "")
        return self._password is not None and hmac.compare_digest(given, expected)


class Client:
    """The client's end: it has a key only after the gateway has shown that it has the password."""

    kind = KIND

    def __init__(self, user: str, password: str, challenge: bytes) -> None:
        self._user, self._password, self._challenge = user, password, challenge
        self._proof = self._response = b""
        self.key = b""

    def answer(self, request: bytes) -> bytes:
        if len(request) < _HEADER.size:
            raise Malformed(f"no request of MS-CHAPv2: {request.hex()}")
        code, identifier, _ = _HEADER.unpack_from(request)
        if code == _CHALLENGE:
            return self._respond(identifier, request[5 : 5 + _SIZE])
        if code == _SUCCESS and hmac.compare_digest(request[4 : 4 + len(self._proof)], self._proof or b"none"):
            self.key = master_keys(self._password, self._response)
            return bytes([_SUCCESS])
        return bytes([_FAILURE])

    def _respond(self, identifier: int, challenge: bytes) -> bytes:
        mine, user, password = self._challenge, self._user, self._password
        self._response = nt_response(challenge, mine, user, password)
        self._proof = authenticator_response(password, self._response, mine, challenge, user).encode()
        value = mine + bytes(8) + self._response + b"\0"
        return _message(_RESPONSE, identifier, bytes([_VALUE]) + value + user.encode())
