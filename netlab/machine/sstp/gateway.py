"""The gateway's end of SSTP, as a program; started in the directory that has its settings."""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import time
from ipaddress import IPv4Address
from pathlib import Path

from netlab.machine.sstp.by_radius import ByRadius
from netlab.machine.sstp.connection import Connection
from netlab.machine.sstp.control import Control
from netlab.machine.sstp.daemon import Daemon, say, take_name
from netlab.machine.sstp.tun import Tun
from netlab.radius import settings as radius
from netlab.sstp import binding, eap_tls, link, mschapv2, settings
from netlab.sstp.call import GatewayCall
from netlab.sstp.eap import Authenticating
from netlab.sstp.settings import GatewaySettings

NO_ADDRESS = "NO_ADDRESS"
# linux/in.h
_IP_FREEBIND = 15


class Pool:
    """The addresses that a gateway hands out, the lowest one first."""

    def __init__(self, first: IPv4Address, last: IPv4Address) -> None:
        self._first, self._last = int(first), int(last)
        self._taken: set[int] = set()

    def take(self) -> IPv4Address | None:
        """The lowest that is free; None where none is."""
        for number in range(self._first, self._last + 1):
            if number not in self._taken:
                self._taken.add(number)
                return IPv4Address(number)
        return None

    def give_back(self, address: IPv4Address) -> None:
        """An address is free again."""
        self._taken.discard(int(address))


class Session:
    """A connection, with what the gateway keeps of it."""

    def __init__(self, connection: Connection, there: link.Gateway, public: str) -> None:
        self.connection, self.link, self.public = connection, there, public
        self.identifier = secrets.token_hex(8)
        self.reported = False

    @property
    def user(self) -> str:
        return self.link.verdict.user if self.link.verdict is not None else ""

    def described(self) -> dict[str, object]:
        """What ``status`` says of it."""
        received, sent = self.connection.received, self.connection.sent
        return {
            "identifier": self.identifier,
            "user": self.user,
            "public": self.public,
            "address": str(self.link.address),
            "seconds": int(time.monotonic() - self.connection.begun),
            "received": (received.octets, received.packets),
            "sent": (sent.octets, sent.packets),
        }


class Gateway(Daemon):
    """Sessions by their clients' addresses, between a listening socket and a TUN."""

    def __init__(self, wanted: GatewaySettings) -> None:
        super().__init__()
        self._settings = wanted
        self._pool = Pool(IPv4Address(wanted.first), IPv4Address(wanted.last))
        self._sessions: list[Session] = []
        self._by_address: dict[bytes, Session] = {}
        self._refused: dict[str, str] = {}
        self._outer = _outer_tls(wanted)
        asked = Path(radius.FILE)
        self._radius = radius.read(asked.read_text()) if asked.exists() else ()
        by_password = wanted.users or self._radius
        self._inner = None if by_password else eap_tls.context(_credentials(wanted))
        der = ssl.PEM_cert_to_DER_cert(Path(wanted.certificate).read_text())
        self._certificate = binding.certificate_hash(der)
        self._tun = Tun(wanted.interface)
        self._listener = _listening(wanted.address)
        self.watch(self._tun, self._from_tun)
        self.watch(self._listener, self._accept)
        control = Control(self._asked)
        self.watch(control, control.serve)

    # --- who connects ---

    def _accept(self) -> None:
        try:
            accepted, (host, port) = self._listener.accept()
        except OSError:
            return
        tls = self._outer.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False)
        there = link.Gateway(secrets.token_bytes(4), self._method, IPv4Address(self._settings.own), self._assign)
        call = GatewayCall(there, self._certificate, secrets.token_bytes(32))
        session = Session(Connection(tls, call), there, f"{host}:{port}")
        self._sessions.append(session)
        self._go_on(session)

    def _method(self, user: str) -> Authenticating:
        if self._inner is not None:
            return eap_tls.Gateway(self._inner)
        if self._radius:
            return ByRadius(user, self._radius)
        name = self._settings.users.get(user)
        passwords = json.loads(Path(self._settings.passwords).read_text())
        return mschapv2.Gateway(user, passwords.get(name), secrets.token_bytes(16))

    def _assign(self, user: str) -> IPv4Address | None:
        address = self._pool.take()
        if address is None:
            self._refused[user] = NO_ADDRESS
        return address

    # --- what passes ---

    def _from_tun(self) -> None:
        found: dict[bytes, list[bytes]] = {}
        for packet in self._tun.read():
            found.setdefault(packet[16:20], []).append(packet)
        for address, packets in found.items():
            session = self._by_address.get(address)
            if session is not None:
                session.connection.send(packets)
                self._go_on(session)

    def _from(self, session: Session) -> None:
        packets = session.connection.read()
        if session.link.address is not None:
            own = session.link.address.packed
            self._tun.write(packet for packet in packets if packet[12:16] == own)
        self._report(session)
        self._go_on(session)

    def _go_on(self, session: Session) -> None:
        """Send what a session has to say, and wait for what comes, unless it is over."""
        connection = session.connection
        connection.flush()
        if connection.gone:
            self._end(session)
        else:
            self.watch(connection, lambda: self._from(session), connection.events)

    def _report(self, session: Session) -> None:
        """Log what became of an authentication, and lead packets to one who is in."""
        verdict = session.link.verdict
        if session.reported or verdict is None:
            return
        if verdict.refusal is not None:
            session.reported = True
            self._refused[verdict.user] = verdict.refusal.name
            say(f"{verdict.user} ({session.public}) is refused: {verdict.refusal.value}")
        elif session.connection.call.up and session.link.address is not None:
            session.reported = True
            self._refused.pop(verdict.user, None)
            self._by_address[session.link.address.packed] = session
            say(f"{verdict.user} ({session.public}) has {session.link.address}")

    def _end(self, session: Session) -> None:
        if session not in self._sessions:
            return
        connection, address = session.connection, session.link.address
        self._report(session)
        self._sessions.remove(session)
        self.forget(connection)
        connection.close()
        if address is not None:
            self._by_address.pop(address.packed, None)
            self._pool.give_back(address)
        say(f"{session.user or 'somebody'} ({session.public}) is gone: {connection.call.ended}")

    # --- orders, the clock, the end ---

    def _asked(self, line: str) -> object:
        order, _, user = line.partition(" ")
        up = [session for session in self._sessions if session.connection.call.up]
        if order == "disconnect":
            for session in up:
                if session.user == user:
                    session.connection.call.disconnect("the gateway disconnects")
                    self._go_on(session)
        return {"clients": [session.described() for session in up], "refused": self._refused}

    def tick(self) -> None:
        """A second has passed."""
        for session in tuple(self._sessions):
            if session.connection.call.ended:
                self._end(session)
            else:
                session.connection.tick(self._settings.hello, "the client does not come up")
                self._go_on(session)

    def stop(self) -> None:
        """Disconnect all."""
        for session in tuple(self._sessions):
            session.connection.call.disconnect("the gateway stops")
            self._go_on(session)


def _listening(address: str) -> socket.socket:
    """The socket that clients connect to, also while another instance still holds the address."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
    found.bind((address, settings.PORT))
    found.listen()
    found.setblocking(False)
    return found


def _outer_tls(wanted: GatewaySettings) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # P22: TLS 1.2 suites; 1.0 and 1.1 are off.
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    found.load_cert_chain(wanted.certificate, wanted.key)
    # For `netlab capture --keys`: TLS makes its keys once, when a client connects.
    os.close(os.open(settings.TLS_KEYS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    found.keylog_filename = settings.TLS_KEYS
    return found


def _credentials(wanted: GatewaySettings) -> eap_tls.Credentials:
    certificate, key = Path(wanted.certificate).read_bytes(), Path(wanted.key).read_bytes()
    roots, revoked = ([Path(path).read_bytes() for path in paths] for paths in (wanted.roots, wanted.revoked))
    return eap_tls.Credentials(certificate, key, roots, revoked)


def main() -> None:
    """Serve until stopped."""
    gateway = Gateway(settings.gateway(Path(settings.FILE).read_text()))
    take_name()
    say("it serves")
    gateway.run(gateway.tick, gateway.stop)


if __name__ == "__main__":
    main()
