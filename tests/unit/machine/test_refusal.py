"""Why a connection did not come up, from what charon logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlab.machine.charon import refusal

BEGIN = "12:52:41 11[IKE] <C|1> initiating IKE_SA C[1] to 198.51.100.5"
MAIN_MODE = "12:52:41 12[IKE] <C|1> initiating Main Mode IKE_SA C[1] to 198.51.100.6"
AGAIN = "12:52:44 02[IKE] <C|1> peer not responding, trying again (3/0)"
GIVING_UP = "12:52:44 02[IKE] <C|1> giving up after 3 retransmits"
UP = "12:52:41 16[IKE] <C|1> CHILD_SA C{1} established with SPIs d1867222_i 2a3d5996_o and TS 10.1.0.0/16 === 0.0.0.0/0"
WRONG_KEY = "12:52:41 15[IKE] <C|1> received AUTHENTICATION_FAILED notify error"
# Two dialects of the same.
NO_PROPOSAL = "12:52:41 14[IKE] <C|1> received NO_PROPOSAL_CHOSEN notify error"
NO_PROPOSAL_V1 = "12:52:41 05[IKE] <C|1> received NO_PROPOSAL_CHOSEN error notify"
OTHER = "12:52:41 14[IKE] <C-2|7> received NO_PROPOSAL_CHOSEN notify error"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], ""),
        (["12:52:41 13[CFG] added vici connection: C"], ""),
        ([BEGIN, WRONG_KEY], "authentication failed"),
        ([BEGIN, NO_PROPOSAL], "no proposal chosen"),
        ([MAIN_MODE, NO_PROPOSAL_V1], "no proposal chosen"),
        ([BEGIN, "1 01[IKE] <C|1> received TS_UNACCEPTABLE notify, no CHILD_SA built"], "selectors unacceptable"),
        ([MAIN_MODE, "1 01[IKE] <C|1> received INVALID_ID_INFORMATION error notify"], "selectors unacceptable"),
        ([BEGIN], "peer unreachable"),
        ([BEGIN, GIVING_UP, AGAIN, BEGIN], "peer unreachable"),
        # IKEv1 with different keys: nobody can read the other, and all begins again.
        (
            [MAIN_MODE, "1 01[ENC] <C|1> invalid HASH_V1 payload length, decryption failed?", AGAIN, MAIN_MODE],
            "authentication failed",
        ),
        # What an SA hears that was given up for a new one says nothing of that one.
        (
            [
                MAIN_MODE,
                MAIN_MODE.replace("1>", "2>"),
                "1 01[ENC] <C|1> invalid HASH_V1 payload length, decryption failed?",
            ],
            "peer unreachable",
        ),
        # Another connection of the same charon, and of a similar name.
        ([BEGIN, OTHER], "peer unreachable"),
        ([OTHER], ""),
        # What was mended does not count any more; what broke afterwards does.
        ([BEGIN, WRONG_KEY, BEGIN, UP], ""),
        ([BEGIN, WRONG_KEY, BEGIN, NO_PROPOSAL], "no proposal chosen"),
        ([BEGIN, UP, BEGIN, GIVING_UP], "peer unreachable"),
    ],
)
def test_the_last_attempt_says_why(tmp_path: Path, lines: list[str], reason: str) -> None:
    (tmp_path / "charon.log").write_text("".join(f"{line}\n" for line in lines))
    assert refusal(str(tmp_path), "C") == reason


def test_a_charon_without_a_log_has_no_reason(tmp_path: Path) -> None:
    assert refusal(str(tmp_path), "C") == ""
