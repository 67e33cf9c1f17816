"""A PPP link (RFC 1661): LCP, then EAP, then IPCP, then IP packets."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Protocol

from netlab.sstp import eap, ipcp, lcp
from netlab.sstp.frames import Malformed
from netlab.sstp.negotiation import Code, Negotiation, Packet, parse

LCP, EAP, IPCP, IP = 0xC021, 0xC227, 0x8021, 0x0021
ADDRESS_CONTROL = b"\xff\x03"
IP_HEADER = ADDRESS_CONTROL + IP.to_bytes(2, "big")


class Authentication(Protocol):
    """One end of the authentication."""

    out: list[bytes]

    def receive(self, packet: Packet) -> None: ...


class Link:
    """What the two ends of a link have in common. ``out`` are frames to send, ``ended`` says why it is over."""

    def __init__(self, policy: lcp.Gateway | lcp.Client, authentication: Authentication) -> None:
        self._policy = policy
        self._lcp = Negotiation(policy)
        self._authentication = authentication
        self._ipcp: Negotiation | None = None
        self._network: ipcp.Gateway | ipcp.Client | None = None
        self._rejected = 0
        self.out: list[bytes] = []

    @property
    def ended(self) -> str:
        return self._lcp.ended

    @property
    def up(self) -> bool:
        """Whether IP packets pass."""
        return self._ipcp is not None and self._ipcp.opened and not self.ended

    def begin(self) -> None:
        """The lower layer is up."""
        self._lcp.request()
        self._collect()

    def end(self, why: str) -> None:
        """End the link."""
        self._lcp.terminate(why)
        self._collect()

    def resend(self) -> None:
        """Nothing came for a while: send again what is unanswered."""
        for negotiation in (self._lcp, self._ipcp):
            if negotiation is not None and not negotiation.opened and not negotiation.ended:
                negotiation.request()
        self._collect()

    def receive(self, frame: bytes) -> bytes | None:
        """A frame came; the IP packet in it, if there is one and the link is up."""
        start = 2 if frame.startswith(ADDRESS_CONTROL) else 0
        if len(frame) < start + 2:
            raise Malformed(f"no PPP frame: {frame.hex()}")
        size = 1 if frame[start] & 1 else 2
        protocol, packet = int.from_bytes(frame[start : start + size], "big"), frame[start + size :]
        if protocol == IP:
            return packet if self.up else None
        self._control(protocol, packet)
        self._collect()
        return None

    def _control(self, protocol: int, text: bytes) -> None:
        if protocol == LCP:
            self._maintain(parse(text))
        elif not self._lcp.opened:
            pass  # RFC 1661, section 3.4: discarded
        elif protocol == EAP:
            self._authentication.receive(parse(text))
            self.authenticated()
        elif protocol == IPCP and self._ipcp is not None:
            self._ipcp.receive(parse(text))
        elif protocol != IPCP:
            self._rejected = (self._rejected + 1) % 256
            self._lcp.send(Code.PROTOCOL_REJECT, self._rejected, protocol.to_bytes(2, "big") + text)

    def _maintain(self, packet: Packet) -> None:
        before = self._lcp.opened
        if packet.code == Code.ECHO_REQUEST:
            self._lcp.send(Code.ECHO_REPLY, packet.identifier, self._policy.magic + packet.body[4:])
        elif packet.code == Code.PROTOCOL_REJECT:
            if packet.body[:2] == IPCP.to_bytes(2, "big"):
                self._lcp.terminate("the other end has no IP")
        elif packet.code not in (Code.ECHO_REPLY, Code.DISCARD_REQUEST):
            self._lcp.receive(packet)
        if self._lcp.opened and not before:
            self.opened()

    def opened(self) -> None:
        """LCP is open."""

    def authenticated(self) -> None:
        """The authentication went on."""

    def _begin_network(self, policy: ipcp.Gateway | ipcp.Client) -> None:
        self._network, self._ipcp = policy, Negotiation(policy)
        self._ipcp.request()

    def _collect(self) -> None:
        """Put what the protocols send into frames; end where one of them has no hope."""
        hopeless = self._policy.hopeless or (self._network.hopeless if self._network is not None else "")
        ended = self._ipcp.ended if self._ipcp is not None else ""
        if hopeless or ended:
            self._lcp.terminate(hopeless or ended)
        sources = ((LCP, self._lcp.out), (EAP, self._authentication.out))
        for protocol, packets in (*sources, *(((IPCP, self._ipcp.out),) if self._ipcp is not None else ())):
            self.out += (ADDRESS_CONTROL + protocol.to_bytes(2, "big") + packet for packet in packets)
            packets.clear()


class Gateway(Link):
    """The gateway's end: it authenticates the client, and gives it an address."""

    def __init__(
        self,
        magic: bytes,
        method: Callable[[str], eap.Authenticating],
        own: IPv4Address,
        assign: Callable[[str], IPv4Address | None],
    ) -> None:
        self._eap = eap.Gateway(method)
        super().__init__(lcp.Gateway(magic), self._eap)
        self._own, self._assign = own, assign
        self.address: IPv4Address | None = None

    @property
    def verdict(self) -> eap.Verdict | None:
        """What came of the authentication."""
        return self._eap.verdict

    def opened(self) -> None:
        self._eap.begin()

    def resend(self) -> None:
        if self._lcp.opened:
            self._eap.resend()
        super().resend()

    def authenticated(self) -> None:
        verdict = self.verdict
        if not self._eap.over or verdict is None or self._ipcp is not None or self.ended:
            return
        # EAP's last word goes before LCP's.
        self._collect()
        if verdict.refusal is not None:
            self._lcp.terminate(verdict.refusal.value)
            return
        self.address = self._assign(verdict.user)
        if self.address is None:
            self._lcp.terminate("no address is left")
        else:
            self._begin_network(ipcp.Gateway(self._own, self.address))


class Client(Link):
    """The client's end."""

    def __init__(self, magic: bytes, authentication: eap.Client) -> None:
        self._eap = authentication
        super().__init__(lcp.Client(magic), authentication)

    @property
    def key(self) -> bytes:
        """The key of the authentication; empty before its success."""
        return self._eap.key if self._eap.succeeded else b""

    @property
    def address(self) -> IPv4Address | None:
        """The address that the gateway gave."""
        return self._network.address if isinstance(self._network, ipcp.Client) and self.up else None

    def authenticated(self) -> None:
        if self._eap.refused:
            self._lcp.terminate("the gateway refused the authentication")
        elif self.key and self._ipcp is None:
            self._begin_network(ipcp.Client())
