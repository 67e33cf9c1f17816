"""EAP of a client as a RADIUS server asks it: the gateway passes it on, in questions and answers of RADIUS (RFC 3579).

Differs from Azure: While an SSTP gateway waits for its RADIUS server, packets of its other SSTP clients wait, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from netlab.machine.radius.asking import ask, new_authenticator
from netlab.radius.packets import Attribute, Code, Kind, eap_message, mppe_keys
from netlab.radius.settings import Settings
from netlab.sstp import eap
from netlab.sstp.eap import Refusal, Verdict
from netlab.sstp.frames import Malformed
from netlab.sstp.negotiation import Packet, parse

# Of each key EAP-MSCHAPv2 has so much (RFC 3079, section 3).
_KEY = 16


class ByRadius:
    """A method that the server chooses: the first one that answers (P34)."""

    def __init__(self, user: str, servers: Sequence[Settings]) -> None:
        self._user, self._servers = user, tuple(servers)
        self._state: tuple[Attribute, ...] = ()
        self._request = Packet(eap.Code.REQUEST, 0, b"")
        self.verdict: Verdict | None = None
        self._pass_on(bytes([eap.IDENTITY]) + user.encode())

    @property
    def kind(self) -> int:
        """The type of the method."""
        return self._request.body[0]

    def begin(self) -> bytes:
        """The server's first request."""
        return self._request.body[1:]

    def answered(self, response: bytes) -> bytes | None:
        """The server's next request; None where it has decided, or does not answer."""
        self._pass_on(bytes([self.kind]) + response)
        return self._request.body[1:] if self.verdict is None else None

    def _pass_on(self, body: bytes) -> None:
        """Send the server a response of the client, and take what it says."""
        authenticator = new_authenticator()
        text = Packet(eap.Code.RESPONSE, self._request.identifier, body).text
        name: tuple[Attribute, ...] = ((Kind.USER_NAME, self._user.encode()), (Kind.NAS_IDENTIFIER, b"netlab"))
        attributes = (*name, *self._state, *eap_message(text))
        answers = ((server, ask(server, authenticator, attributes)) for server in self._servers)
        server, found = next((pair for pair in answers if pair[1] is not None), (None, None))
        if server is None or found is None:
            self.verdict = Verdict(self._user, Refusal.NO_RADIUS)
            return
        # What it asks in return it has in its memory alone.
        self._servers = (server,)
        if found.code == Code.ACCEPT:
            received, sent = mppe_keys(found, server.secret.encode(), authenticator)
            self.verdict = Verdict(self._user, key=received[:_KEY] + sent[:_KEY])
        elif found.code == Code.CHALLENGE:
            self._state = tuple((Kind.STATE, value) for value in found.values(Kind.STATE))
            self._request = parse(found.eap)
            if not self._request.body:
                raise Malformed(f"no request of EAP: {found.eap.hex()}")
        else:
            self.verdict = Verdict(self._user, Refusal.WRONG_PASSWORD)
