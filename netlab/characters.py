"""Characters that command a terminal: no scenario may hold them, and no output does."""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL, C1 (ECMA-48, 5.2 and 5.3), the two separators that end a line, what turns the direction
# of a text around (UAX #9, section 2), and halves of surrogate pairs, which no encoding can print.
_COMMANDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def commanding(text: str) -> str:
    """The first character of a text that commands a terminal; empty if there is none."""
    found = _COMMANDING.search(text)
    return found[0] if found else ""


def visible(text: str) -> str:
    """A text in which such characters are written as Python writes them."""
    return _COMMANDING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
