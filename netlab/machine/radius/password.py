"""Has a RADIUS server judge the password of a client of OpenVPN: the program of ``auth-user-pass-verify``.

OpenVPN passes a file with the name and the password, and goes on; what comes of it is written into another file
(openvpn(8), ``auth_control_file``). What is printed is in the daemon's log.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from netlab.machine.radius.asking import ask, new_authenticator
from netlab.radius.packets import Code, Kind, hidden
from netlab.radius.settings import FILE, read

# openvpn(8): a script that has not decided yet.
_DEFERRED = 2
SAID = "RADIUS of"
_CONTROL = "auth_control_file"


def main() -> None:
    """Read what OpenVPN passes before it goes on and removes it, ask, and write what came of it."""
    user, password = Path(sys.argv[1]).read_text().splitlines()[:2]
    if os.fork():
        os._exit(_DEFERRED)
    why = judged(user, password)
    sys.stdout.write(f"{SAID} {user}: {why or 'accepted'}\n")
    sys.stdout.flush()
    Path(os.environ[_CONTROL]).write_text("0" if why else "1")


def judged(user: str, password: str) -> str:
    """Why a user does not come in, by the name of a refusal; empty where it does."""
    for server in read(Path(FILE).read_text()):
        authenticator = new_authenticator()
        own = hidden(password.encode(), server.secret.encode(), authenticator)
        attributes = ((Kind.USER_NAME, user.encode()), (Kind.USER_PASSWORD, own), (Kind.NAS_IDENTIFIER, b"netlab"))
        found = ask(server, authenticator, attributes)
        if found is not None:
            return "" if found.code == Code.ACCEPT else "WRONG_PASSWORD"
    return "NO_RADIUS"


if __name__ == "__main__":
    main()
