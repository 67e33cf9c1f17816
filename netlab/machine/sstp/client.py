"""A client's end of SSTP, as a program; started in the directory that has its settings. It ends with its call (R66)."""

from __future__ import annotations

import json
import secrets
import socket
import ssl
import uuid
from pathlib import Path

from netlab.machine.sstp.connection import Connection
from netlab.machine.sstp.control import Control
from netlab.machine.sstp.daemon import Daemon, say, take_name
from netlab.machine.sstp.tun import Tun
from netlab.sstp import binding, eap, eap_tls, link, mschapv2, settings
from netlab.sstp.call import ClientCall
from netlab.sstp.settings import ClientSettings

_CONNECT_SECONDS = 20.0


class Client(Daemon):
    """A call between a TUN and a gateway."""

    def __init__(self, wanted: ClientSettings) -> None:
        super().__init__()
        self._settings = wanted
        tls = _connect(wanted)
        certificate = tls.getpeercert(binary_form=True) or b""
        self._link = link.Client(secrets.token_bytes(4), eap.Client(wanted.user, _methods(wanted)))
        correlation = f"{{{str(uuid.uuid4()).upper()}}}"
        call = ClientCall(self._link, wanted.server, binding.certificate_hash(certificate), correlation)
        self._connection = Connection(tls, call)
        self._tun = Tun(wanted.interface)
        self.watch(self._tun, self._from_tun)
        control = Control(self._asked)
        self.watch(control, control.serve)
        self._from_gateway()

    def _from_tun(self) -> None:
        self._connection.send(self._tun.read())
        self._go_on()

    def _from_gateway(self) -> None:
        self._tun.write(self._connection.read())
        self._go_on()

    def _go_on(self) -> None:
        connection = self._connection
        connection.flush()
        if connection.gone:
            say(f"it is over: {connection.call.ended}")
            self.leave()
        else:
            self.watch(connection, self._from_gateway, connection.events)

    def _asked(self, line: str) -> object:
        del line
        up = self._connection.call.up
        return {"state": "CONNECTED" if up else "", "address": str(self._link.address or "") if up else ""}

    def tick(self) -> None:
        """A second has passed."""
        if self._connection.call.ended:
            self._connection.close()
        else:
            self._connection.tick(self._settings.hello, "the gateway does not answer")
        self._go_on()

    def stop(self) -> None:
        """Disconnect."""
        self._connection.call.disconnect("the client stops")
        self._go_on()


def _connect(wanted: ClientSettings) -> ssl.SSLSocket:
    """TLS to the gateway, whose certificate must be good and have its address."""
    context = ssl.create_default_context(cadata="".join(Path(path).read_text() for path in wanted.roots))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    plain = _through(wanted) if wanted.proxy else socket.create_connection(_of(wanted), _CONNECT_SECONDS)
    return context.wrap_socket(plain, server_hostname=wanted.server)


def _of(wanted: ClientSettings) -> tuple[str, int]:
    return wanted.server, settings.PORT


def _through(wanted: ClientSettings) -> socket.socket:
    """A connection to the gateway that an HTTP proxy makes (RFC 9110, section 9.3.6); OSError if it refuses."""
    address, _, port = wanted.proxy.partition(":")
    plain = socket.create_connection((address, int(port)), _CONNECT_SECONDS)
    plain.sendall("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n\r\n".format(*_of(wanted)).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        # One byte at a time: what follows the answer is the gateway's.
        more = plain.recv(1)
        if not more:
            raise OSError("the proxy has closed the connection")
        head += more
    status = head.split()[1].decode(errors="replace")
    if status != "200":
        raise OSError(f"the proxy answers {status}")
    return plain


def _methods(wanted: ClientSettings) -> dict[int, eap.Proving]:
    """How it proves who it is: by a password, or by its certificate."""
    if wanted.password:
        password = json.loads(Path(wanted.passwords).read_text())[wanted.password]
        return {mschapv2.KIND: mschapv2.Client(wanted.user, password, secrets.token_bytes(16))}
    certificate, key = Path(wanted.certificate).read_bytes(), Path(wanted.key).read_bytes()
    roots = [Path(path).read_bytes() for path in wanted.roots]
    return {eap_tls.KIND: eap_tls.Client(eap_tls.context(eap_tls.Credentials(certificate, key, roots)))}


def main() -> None:
    """Connect, and carry packets until the call is over."""
    wanted = settings.client(Path(settings.FILE).read_text())
    take_name()
    try:
        client = Client(wanted)
    except OSError as error:
        say(f"no connection to {wanted.server}: {error}")
        return
    client.run(client.tick, client.stop)


if __name__ == "__main__":
    main()
