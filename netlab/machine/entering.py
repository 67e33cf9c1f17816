"""The way into a node for a command of the user: its network, its host name, and the names of all machines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from netlab.plan.names import lab_directory

# In the mounts that `ip netns exec` has just made for this process alone (ip-netns(8)), and with a UTS namespace.
_SCRIPT = """
echo "$0" >/proc/sys/kernel/hostname
[ ! -e /etc/hosts ] || mount --bind "$1" /etc/hosts
shift
exec "$@"
"""


def words(lab: str, netns: str, node: str, names: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The command that runs the words after it at a node of a lab; ``names`` are those of each address."""
    lines = ("127.0.0.1 localhost", *(f"{address} {' '.join(known)}" for address, known in names.items()))
    path = Path(lab_directory(lab), "hosts")
    new = path.with_name(f"hosts.{os.getpid()}")
    new.write_text("\n".join(lines) + "\n")
    # A command with the rights of a user reads it, too: at /etc/hosts.
    new.chmod(0o644)
    new.replace(path)
    return "ip", "netns", "exec", netns, "unshare", "--uts", "sh", "-ec", _SCRIPT, node, str(path)
