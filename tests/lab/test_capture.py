"""`netlab trace` and `netlab capture`: one probe followed, and captures that Wireshark decrypts with the keys only."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labs import Done, Lab, Running, cold, netlab, up

from netlab.machine import charon

# The way of lin's probe to the branch: two tunnels, in clear at the gateway between them.
CLEAR = [
    ("lin", "ipsec0", "out"),
    ("vnet1-gw-0", "p2s", "in"),
    ("vnet1-gw-0", "t-vnet1-site1", "out"),
    ("site1", "t-vnet1-site1", "in"),
    ("site1", "h-host1", "out"),
    ("site1-host1", "eth0", "in"),
]
FIRST_TUNNEL = [
    ("lin", "eth0", "out"),
    ("internet", "lin", "in"),
    ("internet", "backbone", "out"),
    ("backbone", "internet", "in"),
    ("backbone", "vnet1-gw-0-edge", "out"),
    ("vnet1-gw-0-edge", "wan", "in"),
    ("vnet1-gw-0-edge", "e-p2s", "out"),
    ("vnet1-gw-0-p2s-edge", "wan", "in"),
]
SECOND_TUNNEL = [
    ("vnet1-gw-0-edge-vnet1-site1", "wan", "out"),
    ("vnet1-gw-0-edge", "e-vnet1-site1", "in"),
    ("vnet1-gw-0-edge", "wan", "out"),
    ("backbone", "vnet1-gw-0-edge", "in"),
    ("backbone", "internet", "out"),
    ("internet", "backbone", "in"),
    ("internet", "site1-edge", "out"),
    ("site1-edge", "wan", "in"),
    ("site1-edge", "e-vnet1-site1", "out"),
    ("site1-edge-vnet1-site1", "wan", "in"),
]
UNDERLAY = {f"{node}:{interface}" for node, interface, _ in FIRST_TUNNEL + SECOND_TUNNEL}
INSIDE = {f"{node}:{interface}" for node, interface, _ in CLEAR}
INITIATORS = ("lin", "win", "vnet1-gw-0-edge-vnet1-site1")

Place = tuple[str, str, str]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with up("p2s-branch-bgp", "c-capture", "--data-plane", "userspace") as lab:
        yield lab


# --- trace ----------------------------------------------------------------------------------------------------------


def trace(lab: Lab, *arguments: object, code: int = 0) -> dict[str, Any]:
    return json.loads(netlab("trace", *arguments, "-l", lab.name, "-f", "json", code=code).stdout)


def esp_packets(found: dict[str, Any], leg: str) -> dict[tuple[str, str, str, int], list[Place]]:
    """Where each ESP packet of a leg was seen, by outer addresses, SPI and sequence number."""
    packets: dict[tuple[str, str, str, int], list[Place]] = {}
    for seen in found["sightings"]:
        if seen["leg"] == leg and seen["form"] == "ESP in UDP":
            packet = (seen["source"], seen["target"], seen["spi"], seen["sequence"])
            packets.setdefault(packet, []).append(place(seen))
    return packets


def place(seen: dict[str, Any]) -> Place:
    return seen["node"], seen["interface"], seen["direction"]


def backwards(places: list[Place]) -> list[Place]:
    return [(node, name, "in" if way == "out" else "out") for node, name, way in reversed(places)]


def spis(lab: Lab) -> set[str]:
    return {spi for node in INITIATORS for sa in charon.sas(str(lab.directory / node)) for spi in sa.spis}


@pytest.mark.parametrize("protocol", ["icmp", "udp", "tcp"])
def test_a_probe_is_followed_in_clear_and_as_esp(lab: Lab, protocol: str) -> None:
    found = trace(lab, "lin", "host1", "--protocol", protocol)

    assert (found["answered"], found["protocol"], found["dropped_at"]) == (True, protocol, None)
    assert found["forward"] == ["lin", "vnet1-gw-0", "site1", "site1-host1"]
    assert found["reverse"] == ["site1-host1", "site1", "vnet1-gw-0", "lin"]
    times = [seen["time_us"] for seen in found["sightings"]]
    assert times == sorted(times)
    assert times[0] == 0
    assert found["rtt_ms"] * 1000 == pytest.approx(times[-1])
    for leg, clear, first, second in (
        ("forward", CLEAR, FIRST_TUNNEL, SECOND_TUNNEL),
        ("reverse", backwards(CLEAR), backwards(FIRST_TUNNEL), backwards(SECOND_TUNNEL)),
    ):
        assert [place(s) for s in found["sightings"] if s["leg"] == leg and s["form"] == "clear"] == clear
        # BGP and other traffic of a tunnel may pass at the same time.
        packets = esp_packets(found, leg)
        assert first in packets.values()
        assert second in packets.values()
        assert {spi for _, _, spi, _ in packets} <= spis(lab)


def test_a_probe_that_is_not_sent_is_explained(lab: Lab) -> None:
    found = trace(lab, "win", "host1", code=1)

    assert (found["answered"], found["rtt_ms"], found["sightings"]) == (False, None, [])
    assert found["dropped_at"]["node"] == "win"
    assert found["dropped_at"]["reason"].startswith("no route: win has no route to 10.101.0.10")


def test_a_probe_that_dies_on_the_underlay_is_seen_to_where_it_dies(lab: Lab) -> None:
    # What is in UDP on 4500 and has no non-ESP marker.
    lab.nft("internet", "forward", 'iifname "lin" udp dport 4500 @th,64,32 != 0 drop')
    try:
        found = trace(lab, "lin", "vm1", code=1)
    finally:
        lab.run("internet", "nft", "delete", "table", "ip", "fault")

    assert esp_packets(found, "forward") != {}
    assert all(places == FIRST_TUNNEL[:2] for places in esp_packets(found, "forward").values())
    assert found["dropped_at"]["node"] == "lin"
    assert found["dropped_at"]["reason"] == "lost: the packet entered the tunnel ipsec0 and did not leave it"


def test_a_trace_as_a_table(lab: Lab) -> None:
    lines = netlab("trace", "lin", "vm1", "--lab", lab.name).stdout.splitlines()

    assert re.fullmatch(
        r"0\.0 +lin +ipsec0 +out +forward +clear +192\.168\.0\.\d+ > 10\.1\.0\.4, icmp, TTL 64 *", lines[1]
    )
    esp = (
        r" +internet +lin +in +forward +ESP in UDP +192\.0\.2\.\d+ > 203\.0\.113\.\d+, SPI [0-9a-f]{8}, sequence \d+ *"
    )
    assert any(re.search(esp, line) for line in lines)
    assert re.fullmatch(r"lin to vnet1-vm1, icmp: answered after [0-9.]+ ms", lines[-3])
    assert lines[-2:] == [
        "  forward: lin > vnet1-gw-0 > vnet1 > vnet1-vm1",
        "  reverse: vnet1-vm1 > vnet1 > vnet1-gw-0 > lin",
    ]


@pytest.mark.parametrize(("ends", "said"), [(("lin", "LIN"), "one and the same"), (("lin", "vnet1-gw-0"), "unknown")])
def test_a_trace_needs_two_endpoints(lab: Lab, ends: tuple[str, str], said: str) -> None:
    assert said in netlab("trace", *ends, "--lab", lab.name, code=2).stderr


# --- capture --------------------------------------------------------------------------------------------------------


def capturing(lab: Lab, file: Path, *arguments: object) -> Running:
    """A capture that has begun."""
    running = Running("capture", *arguments, "-w", file, "--lab", lab.name)
    while not running.progress()[0].startswith("capturing at"):
        pass
    return running


def tshark(file: Path, shown: str, *fields: str, keys: Path | None = None) -> list[str]:
    """The fields of the packets that a filter shows, without anybody's preferences but those of the keys."""
    config = keys if keys is not None else file.parent / "none"
    options = [option for field in fields for option in ("-e", field)]
    done = subprocess.run(
        ["tshark", "-r", file, "-Y", shown, "-T", "fields", *options],
        env=os.environ | {"HOME": str(file.parent), "WIRESHARK_CONFIG_DIR": str(config)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def dumpcaps(file: Path) -> list[int]:
    """The dumpcaps that write parts of a file: they have no name, and lie in its directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "comm").read_text() == "dumpcap\n" and str(file.parent) in os.readlink(path / "fd/1"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def await_gone(file: Path) -> None:
    deadline = time.monotonic() + 5
    while dumpcaps(file):
        assert time.monotonic() < deadline, f"{len(dumpcaps(file))} dumpcaps are left"
        time.sleep(0.01)


def nothing_secret_is_kept(lab: Lab, keys: Path | None = None) -> None:
    """No key log has a name, none is asked for by a configuration, and no log or configuration holds a key."""
    files = [path for path in lab.directory.rglob("*") if path.is_file() and path.name != "secrets.json"]
    texts = {path: path.read_text() for path in files}
    assert [path for path in files if "key" in path.name] == []
    assert [path for path, text in texts.items() if path.name == "strongswan.conf" and "keys" in text] == []
    found = set(re.findall(r"[0-9a-f]{32,}", "".join(path.read_text() for path in keys.iterdir()))) if keys else set()
    assert bool(found) == (keys is not None)
    spellings = {spelling for key in found for spelling in (key, bytes.fromhex(key).hex(" ")[:47])}
    assert [path for path, text in texts.items() if any(s in text.lower() for s in spellings)] == []


def key_logs_open(lab: Lab) -> list[str]:
    """The charons that log keys."""
    found = []
    for node in INITIATORS:
        (pid,) = lab.pids(node, "charon-systemd")
        links = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]
        found += [node for link in links if "keys.log" in link]
    return found


def test_wireshark_finds_the_inner_probe_with_the_keys_only(lab: Lab, tmp_path: Path) -> None:
    file, keys = tmp_path / "x.pcapng", tmp_path / "x.keys"
    before = spis(lab)
    running = capturing(lab, file, "--all", "--keys")
    assert not before & spis(lab)
    assert trace(lab, "lin", "host1")["answered"]
    # As Ctrl-C does; the lab's processes must not get it.
    running.signal_all(signal.SIGINT)
    done = running.end(0)

    assert "keys of 3 IKE SAs and 6 ESP SAs" in done.stderr
    assert dumpcaps(file) == []
    clear = tshark(file, 'frame contains "netlab-probe"', "frame.interface_name")
    assert set(clear) == INSIDE
    probe = 'esp && data.data contains "netlab-probe" && icmp'
    assert tshark(file, probe, "frame.interface_name") == []
    assert set(tshark(file, probe, "frame.interface_name", keys=keys)) == UNDERLAY
    # All that passed was made with the keys of after the capture's begin.
    assert all(":esp:ip:" in protocols for protocols in tshark(file, "esp", "frame.protocols", keys=keys))
    assert set(tshark(file, "isakmp.enc.data", "isakmp.enc.decrypted")) == {""}
    assert set(tshark(file, "isakmp.enc.data", "isakmp.enc.decrypted", keys=keys)) == {"1"}
    nothing_secret_is_kept(lab, keys)
    assert key_logs_open(lab) == []
    secrets = json.loads((lab.directory / "secrets.json").read_text()).values()
    assert not any(secret in path.read_text() for secret in secrets for path in keys.iterdir())
    assert lab.verify()["summary"]["failed"] == 0


def test_sas_made_while_capturing_are_decrypted_too(lab: Lab, tmp_path: Path) -> None:
    """A step of the story authenticates afresh, and the story as a whole passes while all is captured."""
    file, keys = tmp_path / "x.pcapng", tmp_path / "x.keys"
    running = capturing(lab, file, "--all", "--keys")
    assert lab.verify()["summary"]["failed"] == 0
    running.signal(signal.SIGTERM)
    running.end(0)

    assert len(tshark(file, "isakmp.exchangetype == 35", "frame.number")) > 0
    assert all(":esp:ip:" in protocols for protocols in tshark(file, "esp", "frame.protocols", keys=keys))
    assert set(tshark(file, "isakmp.enc.data", "isakmp.enc.decrypted", keys=keys)) == {"1"}


def test_the_files_belong_to_the_caller(lab: Lab, tmp_path: Path) -> None:
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    os.chown(tmp_path, 12345, 12346)
    file, keys = tmp_path / "x.pcapng", tmp_path / "x.keys"
    caller = os.environ | {"SUDO_UID": "12345", "SUDO_GID": "12346"}
    for _ in range(2):  # the second time over the first
        cold("capture", "lin", "-w", file, "--keys", "--seconds", 0.1, "--lab", lab.name, env=caller)

    found = {path.name: path.stat() for path in (file, keys, *keys.iterdir())}
    assert {(item.st_uid, item.st_gid) for item in found.values()} == {(12345, 12346)}
    modes = {name: oct(item.st_mode & 0o777) for name, item in found.items()}
    private = dict.fromkeys(("ikev2_decryption_table", "esp_sa", "preferences"), "0o600")
    assert modes == {"x.pcapng": "0o644", "x.keys": "0o700"} | private
    assert {path.name for path in tmp_path.iterdir()} == {"x.pcapng", "x.keys"}


def test_a_capture_of_some_nodes_touches_nothing_else(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    before = spis(lab)
    running = capturing(lab, file, "LIN", "host1")
    assert trace(lab, "lin", "host1")["answered"]
    running.signal(signal.SIGINT)
    done = running.end(0)

    (count,) = re.findall(r"x\.pcapng: (\d+) packets", done.stderr)
    names = tshark(file, "frame", "frame.interface_name")
    assert len(names) == int(count)
    assert set(names) == {"lin:eth0", "lin:ipsec0", "site1-host1:eth0"}
    assert spis(lab) == before
    assert {path.name for path in tmp_path.iterdir()} == {"x.pcapng"}


def test_what_passed_just_before_the_end_is_captured(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    running = capturing(lab, file, "host1")
    lab.run("site1-host1", "ping", "-q", "-c3", "-i0.01", "10.101.0.1")
    running.signal(signal.SIGINT)
    running.end(0)

    assert len(tshark(file, "icmp", "frame.number")) == 6


def test_a_killed_capture_leaves_no_process_and_no_key(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    running = capturing(lab, file, "--all", "--keys")
    assert len(dumpcaps(file)) == len(list(Path("/run/netns").glob(f"nl.{lab.name}.*")))
    nothing_secret_is_kept(lab)
    running.signal(signal.SIGKILL)
    running.process.wait()

    await_gone(file)
    nothing_secret_is_kept(lab)
    # The next one ends what the killed one could not.
    netlab("capture", "lin", "-w", file, "--keys", "--seconds", 0.1, "--lab", lab.name)
    assert key_logs_open(lab) == []


def test_two_captures_with_keys_do_not_disturb_each_other(lab: Lab, tmp_path: Path) -> None:
    running = capturing(lab, tmp_path / "x.pcapng", "lin", "--keys")
    other = ("capture", "lin", "-w", tmp_path / "y.pcapng", "--seconds", 0.1, "--lab", lab.name)
    assert "another capture" in netlab(*other, "--keys", code=4).stderr
    netlab(*other)
    running.signal(signal.SIGINT)
    running.end(0)
    assert (tmp_path / "x.keys/esp_sa").read_text().count("\n") == 6


@pytest.mark.usefixtures("host_unchanged")
def test_a_lab_that_is_removed_ends_its_captures(tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    with up("p2s-isolated-vnet", "c-removed") as lab:
        running = capturing(lab, file, "--all", "--keys")
        assert trace(lab, "win", "vnet1-vm2")["answered"]
        netlab("down", lab.name)
        done = running.end(4)

    assert "ended by itself" in done.stderr
    assert dumpcaps(file) == []
    assert {path.name for path in tmp_path.iterdir()} == {"x.pcapng", "x.keys"}
    assert len(tshark(file, 'frame contains "netlab-probe"', "frame.number")) > 0


def refused(lab: Lab, code: int, *arguments: object, **options: Any) -> Done:
    return cold("capture", *arguments, "--seconds", 0.1, "--lab", lab.name, code=code, **options)


def test_what_cannot_be_captured_is_refused(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "x.pcapng"
    assert "either nodes or --all" in refused(lab, 2, "-w", file).stderr
    assert "either nodes or --all" in refused(lab, 2, "lin", "--all", "-w", file).stderr
    assert "there is no node 'nobody'" in refused(lab, 2, "nobody", "-w", file).stderr
    assert "does not end in .pcapng" in refused(lab, 2, "lin", "-w", tmp_path / "x.pcap").stderr
    assert "there is no directory" in refused(lab, 2, "lin", "-w", tmp_path / "none/x.pcapng").stderr
    (tmp_path / "x.keys").symlink_to("/tmp")
    assert "is no directory" in refused(lab, 2, "lin", "--keys", "-w", file).stderr
    without = refused(lab, 3, "lin", "-w", file, env=os.environ | {"PATH": "/nowhere"})
    assert "apt install wireshark-common" in without.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"x.keys"}
