"""An SSTP call ([MS-SSTP], section 3): HTTP, the call's messages around the PPP link, the crypto binding.

What comes over TLS goes into ``receive``, which gives the IP packets in it; what goes over TLS is in ``out``.
"""

from __future__ import annotations

from collections.abc import Iterable

from netlab.sstp import binding
from netlab.sstp.frames import PPP, Control, Kind, Malformed, Message, Status, control, data, parse, split, status
from netlab.sstp.link import IP_HEADER, Client, Gateway, Link

_PATH = "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
# The largest number of 64 bits: neither end ever ends its body.
_ENDLESS = "Content-Length: 18446744073709551615"
_HEADERS_END = b"\r\n\r\n"
_MOST_HEADERS = 8192


class Call:
    """What the two ends of a call have in common. ``ended`` says why it is over; what is in ``out`` then still goes."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._coming = bytearray()
        self._in_headers = True
        self._heard = True
        self.bound = False
        self.ended = ""
        self.out = bytearray()

    @property
    def up(self) -> bool:
        """Whether packets pass."""
        return self.bound and self._link.up and not self.ended

    def send(self, packets: Iterable[bytes]) -> None:
        """Put IP packets into frames."""
        for packet in packets:
            self.out += data(IP_HEADER + packet)

    def receive(self, text: bytes) -> list[bytes]:
        """Text came; the IP packets in it."""
        self._coming += text
        self._heard = True
        packets: list[bytes] = []
        try:
            if self._in_headers and not self._take_headers():
                return packets
            for is_control, payload in split(self._coming):
                if self.ended:
                    break
                if not is_control and (packet := self._link.receive(payload)) is not None:
                    if self.bound:
                        packets.append(packet)
                    continue
                if is_control:
                    self._common(parse(payload))
                self._advance()
        except Malformed as error:
            self.abort(Status.INVALID_FRAME_RECEIVED, str(error))
        return packets

    def resend(self) -> None:
        """Nothing came for a while: the link sends again what is unanswered."""
        if not self.ended and not self._in_headers and not self._link.up:
            self._link.resend()
            self._advance()

    def ask(self) -> None:
        """The hello timer went off (3.1.2.2): whoever has been silent is asked, and the next time is gone."""
        if self._heard:
            self._heard = False
            self.out += control(Message.ECHO_REQUEST)
        else:
            self.ended = self.ended or "the other end is silent"

    def disconnect(self, why: str) -> None:
        """End the call in order."""
        if not self.ended:
            self._link.end(why)
            self._take_frames()
            self.out += control(Message.CALL_DISCONNECT, status(Status.NO_ERROR))
            self.ended = why

    def abort(self, reason: Status, why: str) -> None:
        """End the call because of an error."""
        if not self.ended:
            self.out += control(Message.CALL_ABORT, status(reason))
            self.ended = why

    def _take_headers(self) -> bool:
        headers, found, rest = self._coming.partition(_HEADERS_END)
        if not found:
            if len(self._coming) > _MOST_HEADERS:
                raise Malformed("HTTP headers without an end")
            return False
        self._coming, self._in_headers = rest, False
        self._open(headers.decode("latin-1").split("\r\n"))
        return not self.ended

    def _common(self, message: Control) -> None:
        if message.message == Message.ECHO_REQUEST:
            self.out += control(Message.ECHO_RESPONSE)
        elif message.message == Message.CALL_DISCONNECT:
            self.out += control(Message.CALL_DISCONNECT_ACK)
            self.ended = self._link.ended or "the other end disconnected"
        elif message.message in (Message.CALL_ABORT, Message.CALL_DISCONNECT_ACK):
            self.ended = self._link.ended or "the other end aborted the call"
        elif message.message != Message.ECHO_RESPONSE:
            self._own(message)

    def _advance(self) -> None:
        """Send what the link has to send; where it is over, the call is."""
        self._take_frames()
        if self._link.ended and not self.ended:
            self.disconnect(self._link.ended)

    def _take_frames(self) -> None:
        for frame in self._link.out:
            self.out += data(frame)
        self._link.out.clear()

    def _open(self, headers: list[str]) -> None:
        """The other end's HTTP headers came."""
        raise NotImplementedError

    def _own(self, message: Control) -> None:
        """A message came that only this end gets."""
        raise NotImplementedError


class GatewayCall(Call):
    """The gateway's end. ``certificate`` is the hash of its certificate."""

    def __init__(self, link: Gateway, certificate: bytes, nonce: bytes) -> None:
        super().__init__(link)
        self._gateway = link
        self._certificate, self._nonce = certificate, nonce

    def _open(self, headers: list[str]) -> None:
        method, _, rest = headers[0].partition(" ")
        if method != "SSTP_DUPLEX_POST" or not rest.startswith(_PATH):
            self.out += b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            self.ended = "no SSTP client"
            return
        self.out += f"HTTP/1.1 200\r\n{_ENDLESS}\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n".encode()

    def _own(self, message: Control) -> None:
        if message.message == Message.CALL_CONNECT_REQUEST:
            if message.attributes.get(Kind.ENCAPSULATED_PROTOCOL) != PPP:
                about = status(Status.VALUE_NOT_SUPPORTED, Kind.ENCAPSULATED_PROTOCOL)
                self.out += control(Message.CALL_CONNECT_NAK, about)
                self.ended = "the client wants no PPP"
                return
            wanted = (Kind.CRYPTO_BINDING_REQUEST, binding.request(self._nonce))
            self.out += control(Message.CALL_CONNECT_ACK, wanted)
            self._link.begin()
        elif message.message == Message.CALL_CONNECTED:
            attribute, verdict = message.attributes.get(Kind.CRYPTO_BINDING, b""), self._gateway.verdict
            key = verdict.key if verdict is not None else b""
            if not key or not binding.binds(attribute, key, self._nonce, self._certificate):
                self.abort(Status.INVALID_FRAME_RECEIVED, "the crypto binding is wrong")
                return
            self.bound = True


class ClientCall(Call):
    """The client's end: it begins."""

    def __init__(self, link: Client, host: str, certificate: bytes, correlation: str) -> None:
        super().__init__(link)
        self._client = link
        self._certificate = certificate
        self._nonce = b""
        opening = (f"SSTP_DUPLEX_POST {_PATH} HTTP/1.1", f"Host: {host}", _ENDLESS, f"SSTPCORRELATIONID: {correlation}")
        self.out += "\r\n".join((*opening, "", "")).encode()

    def _open(self, headers: list[str]) -> None:
        if headers[0].split(" ")[1:2] != ["200"]:
            self.ended = f"the gateway answers {headers[0]}"
            return
        self.out += control(Message.CALL_CONNECT_REQUEST, (Kind.ENCAPSULATED_PROTOCOL, PPP))

    def _own(self, message: Control) -> None:
        if message.message == Message.CALL_CONNECT_ACK:
            self._nonce = binding.nonce_of(message.attributes.get(Kind.CRYPTO_BINDING_REQUEST, b""))
            if not self._nonce:
                self.abort(Status.REQUIRED_ATTRIBUTE_MISSING, "the gateway has no crypto binding with SHA-256")
                return
            self._link.begin()
        elif message.message == Message.CALL_CONNECT_NAK:
            self.ended = "the gateway does not take the call"

    def _advance(self) -> None:
        if not self.bound and self._client.key and not self.ended:
            self.out += binding.call_connected(self._client.key, self._nonce, self._certificate)
            self.bound = True
        super()._advance()
