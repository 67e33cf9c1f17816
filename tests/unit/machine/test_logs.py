"""A log that grew is cut to its last lines while its daemon goes on writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlab.machine import logs


@pytest.mark.parametrize("line", ["05[IKE] <VNet1-Site1|1> sending DPD request", "x" * 3000, "short"])
def test_a_log_is_cut_and_written_on(tmp_path: Path, line: str) -> None:
    path = tmp_path / "charon.log"
    with path.open("a") as daemon:
        number = 0
        while path.stat().st_size < 1 << 20:
            print(f"{number} {line}", file=daemon, flush=True)
            number += 1
        logs.cut(path)
        print("after", file=daemon, flush=True)
    found = path.read_text().splitlines()
    assert path.stat().st_size <= 128 << 10
    assert found[-1] == "after"
    assert found[:-1] == [f"{n} {line}" for n in range(number - len(found) + 1, number)]
    assert len(found) > 40


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("x" * (1 << 20))
    (tmp_path / "charon.log").symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        logs.cut(tmp_path / "charon.log")
    assert other.stat().st_size == 1 << 20
