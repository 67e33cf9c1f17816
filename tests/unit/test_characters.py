"""What commands a terminal is refused in a scenario, and written out in a message; what people write is left alone."""

from __future__ import annotations

import pytest

from netlab.characters import commanding, visible
from netlab.errors import ScenarioError
from netlab.scenario.document import read

COMMANDS = ("\x1b[31m", "\x07", "\x00", "\x7f", "\x9b31m", "\r", "\u2028", "\u202e", "\u2066", "\ud800")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_written_out(command: str) -> None:
    assert commanding(f"VNet{command}1") == command[0]
    assert visible(f"VNet{command}1").isprintable()
    assert visible(f"VNet{command}1").startswith("VNet\\")


@pytest.mark.parametrize("text", ["", "two\nlines\tand a tab", "Zürich → Genève", "العربية", "日本", "👩\u200d💻"])
def test_what_people_write_is_left_alone(text: str) -> None:
    assert commanding(text) == ""
    assert visible(text) == text


@pytest.mark.parametrize("escape", ["\\e", "\\x07", "\\x9b", "\\u202e", "\\r", "\\0", "\\P", "\\L"])
@pytest.mark.parametrize("text", ['a: 1\nname: "x{}"', 'a: 1\n"x{}": 1', 'a: 1\nb: [["{}"]]'])
def test_an_escape_is_refused_with_its_line(escape: str, text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(text.format(escape), "test.yaml")
    (finding,) = caught.value.findings
    assert (finding.line, "cannot be in a scenario" in finding.message) == (2, True)
