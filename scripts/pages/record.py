"""The transcripts of the tutorials: their commands are run, and what they print is written below them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pages.markdown import CHECKOUT

# A fence of `console` behind this marker is a transcript: `# ` begins a command of root, `$ ` one of a user.
TRANSCRIPT = re.compile(
    r"(?P<head><!-- recorded -->\n```console\n)(?P<body>.*?)(?P<tail>^```$)", re.DOTALL | re.MULTILINE
)
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
SECONDS = 120

Run = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A command of a transcript, and what it printed."""

    prompt: str
    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.prompt} {self.command}\n{self.output}"


def entries(body: str) -> Iterator[Entry]:
    """The commands of a transcript, each with its output."""
    for found in re.finditer(r"^([#$]) (.*)\n((?:(?![#$] ).*\n)*)", body, re.MULTILINE):
        yield Entry(*found.groups())


def recorded(page: str, run: Run) -> str:
    """A page with its transcripts made anew."""

    def again(found: re.Match[str]) -> str:
        made = (Entry(old.prompt, old.command, run(old.command)) for old in entries(found["body"]))
        return f"{found['head']}{''.join(map(str, made))}{found['tail']}"

    return TRANSCRIPT.sub(again, page)


def run(command: str) -> str:
    """What a command prints in the checkout, by this checkout's netlab, and its exit code unless that is 0."""
    path = f"{CHECKOUT}/.venv/bin:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=CHECKOUT,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "170"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    text = re.sub(r"[ \t]+$", "", done.stdout, flags=re.MULTILINE)
    code = f"[exit code {done.returncode}]\n" if done.returncode else ""
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{code}"


def outline(text: str) -> str:
    """A transcript without what differs from run to run: times, counters, identifiers, and the width of columns."""
    addresses = ADDRESS.sub(lambda found: found[0].translate(str.maketrans("0123456789", "abcdefghij")), text)
    digits = re.sub(r"\b[0-9a-f]{8}\b|\d+(\.\d+)?", "0", addresses)
    return "\n".join(" ".join(line.split()) for line in digits.splitlines())
