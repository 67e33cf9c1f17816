"""Flows to the frontend of a load balancer: who has them, and what verify says of a lab that turns no answer back."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

from labs import Lab, cells, failed_checks, up

# Says its name to whoever connects.
SERVER = """
import socket, sys
with socket.create_server(("0.0.0.0", 7007), backlog=512) as server:
    print("ready", flush=True)
    while True:
        end = server.accept()[0]
        end.sendall(sys.argv[1].encode())
        end.close()
"""
# Connects so often at once, and prints who answered; a flow that is not answered ends by the timeout.
CLIENT = """
import asyncio, collections, json, sys
async def ask():
    try:
        async with asyncio.timeout(3):
            reader, writer = await asyncio.open_connection("10.0.0.10", 7007)
            assert writer.get_extra_info("peername")[0] == "10.0.0.10"
            said = (await reader.read()).decode()
            writer.close()
            return said
    except TimeoutError:
        return ""
async def all():
    return await asyncio.gather(*(ask() for _ in range(int(sys.argv[1]))))
print(json.dumps(collections.Counter(asyncio.run(all()))))
"""


@contextlib.contextmanager
def serving(lab: Lab, *nodes: str) -> Iterator[None]:
    """Servers at these nodes, for the length of a block."""
    with contextlib.ExitStack() as stack:
        for node in nodes:
            command = ["ip", "netns", "exec", f"nl.{lab.name}.{node}", sys.executable, "-c", SERVER, node]
            server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            stack.callback(server.kill)
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
        yield


def answers(lab: Lab, node: str, flows: int) -> dict[str, int]:
    """How many of so many flows each member answered; those that none did are under an empty name."""
    found: dict[str, int] = json.loads(lab.run(node, sys.executable, "-c", CLIENT, str(flows)))
    return found


def test_flows_are_spread_over_the_members_and_none_comes_back_to_its_sender() -> None:
    """L2, L15; matrix L, rows 2 and 6."""
    with up("load-balancer-frontend", "t-frontend") as lab, serving(lab, "service-web1", "service-web2"):
        from_client = answers(lab, "clients-app", 200)
        assert from_client.keys() == {"service-web1", "service-web2"}
        assert sum(from_client.values()) == 200
        assert answers(lab, "service-web1", 50).keys() == {"service-web2", ""}
        assert answers(lab, "service-web2", 50).keys() == {"service-web1", ""}


def test_a_frontend_that_turns_no_answer_back_turns_verify_red() -> None:
    with up("load-balancer-frontend", "t-frontend-back") as lab:
        lab.verify()
        lab.run("service", "nft", "flush", "chain", "ip", "frontends", "back")
        report = lab.verify(code=1)
        assert "service: filter-changed table ip frontends chain back" in failed_checks(report)["kernel"]
        assert ("clients-app", "service-lb-fe") in {
            (cell["source"], cell["target"]) for cell in cells(report["steps"][0], "failed")
        }
