"""A headless Chromium, spoken to over a pipe in its DevTools protocol: no driver, no port, nothing else to install."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 30
PROGRAM = shutil.which("chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(
    PROGRAM is None and "ID=ubuntu" in Path("/etc/os-release").read_text().split(),
    reason="Ubuntu has Chromium as a snap only; scripts/bootstrap --dev installs it on Debian",
)
# As Chromium wants them: https://chromedevtools.github.io/devtools-protocol/tot/Input/#method-dispatchKeyEvent
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), "ArrowLeft": (37, ""), "ArrowUp": (38, ""),
        "ArrowRight": (39, ""), "ArrowDown": (40, ""), "End": (35, ""), "Home": (36, ""), " ": (32, " ")}  # fmt: skip


class Browser:
    """One tab."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._out, self._in, self._unread = sending, receiving, b""
        self._number, self._session, self._loaded = 0, "", False
        self.requested: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        unsent = json.dumps(message).encode() + b"\0"
        while unsent:
            unsent = unsent[os.write(self._out, unsent) :]
        while (found := self._next()).get("id") != self._number:
            pass
        assert "error" not in found, f"{method}: {found['error']}"
        result: dict[str, Any] = found["result"]
        return result

    def _next(self) -> dict[str, Any]:
        """The next message; events of interest are kept."""
        while b"\0" not in self._unread:
            assert select.select([self._in], [], [], PATIENCE)[0], "Chromium says nothing"
            read = os.read(self._in, 1 << 20)
            assert read, "Chromium is gone"
            self._unread += read
        first, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(first)
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(message["params"]["request"]["url"])
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"]))
        return message

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        self._loaded = False
        self.call("Page.navigate", url=url)
        while not self._loaded:
            self._next()

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys as a person does."""
        for key in keys:
            code, text = KEYS[key]
            event = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": text} if text else {}))
            self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def click(self, selector: str) -> None:
        """Click into the middle of an element."""
        box = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            " found.scrollIntoView({block: 'center'}); const box = found.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def emulate(self, media: str = "", *, scheme: str = "light", scripts: bool = True) -> None:
        """Make it a printer, a dark room, or a browser without JavaScript."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def pdf(self) -> bytes:
        """The page on paper."""
        return b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def picture(self, path: Path, width: int = 1300, height: int = 900, *, whole: bool = False) -> None:
        """A screenshot, for a person to look at."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        path.write_bytes(b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]))


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A Chromium with a new profile, for the length of a block."""
    assert PROGRAM is not None
    # It reads commands from descriptor 3 and writes to 4; ours are above both, so that neither covers the other.
    commands, ours_out, ours_in, answers = (_above_nine(end) for pipe in (os.pipe(), os.pipe()) for end in pipe)
    wrapper = f'exec "$@" 3<&{commands} 4>&{answers}'
    argv = ["bash", "-c", wrapper, "bash", PROGRAM, *FLAGS, f"--user-data-dir={profile}/data"]
    # What it leaves elsewhere goes with the profile.
    environment = {**os.environ, "HOME": str(profile), "TMPDIR": str(profile), "XDG_CONFIG_HOME": str(profile)}
    with subprocess.Popen(
        argv, pass_fds=(commands, answers), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as it:
        os.close(commands)
        os.close(answers)
        try:
            browser = Browser(ours_out, ours_in)
            yield browser
            # It takes its own processes with it.
            browser.call("Browser.close")
        except BaseException:
            it.terminate()
            raise
        finally:
            it.wait(PATIENCE)
            os.close(ours_out)
            os.close(ours_in)


def _above_nine(descriptor: int) -> int:
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    finally:
        os.close(descriptor)
