"""A headless Chromium, spoken to over a pipe in its DevTools protocol: no driver, no port, nothing else to install."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--remote-debugging-pipe",
)  # fmt: skip
PROGRAM = shutil.which("chromium")
# As Chromium wants them: https://chromedevtools.github.io/devtools-protocol/tot/Input/#method-dispatchKeyEvent
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), "ArrowLeft": (37, ""), "ArrowUp": (38, ""),
        "ArrowRight": (39, ""), "ArrowDown": (40, ""), "End": (35, ""), "Home": (36, ""), " ": (32, " ")}  # fmt: skip


class Browser:
    """One tab."""

    def __init__(self, sending: int, receiving: int) -> None:
        self._out, self._in = os.fdopen(sending, "wb"), os.fdopen(receiving, "rb")
        self._number, self._session = 0, ""
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
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while (found := self._next()).get("id") != self._number:
            pass
        assert "error" not in found, f"{method}: {found['error']}"
        result: dict[str, Any] = found["result"]
        return result

    def _next(self) -> dict[str, Any]:
        """The next message; events of interest are kept."""
        read = b""
        while not read.endswith(b"\0"):
            byte = self._in.read(1)
            assert byte, "Chromium is gone"
            read += byte
        message: dict[str, Any] = json.loads(read[:-1])
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requested.append(message["params"]["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(message["params"]["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"]))
        return message

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        self.call("Page.navigate", url=url)
        while self._next().get("method") != "Page.loadEventFired":
            pass

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
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
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
    pipes = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for pipe in (os.pipe(), os.pipe()) for end in pipe]
    commands, ours_out, ours_in, answers = pipes
    wrapper = f'exec "$@" 3<&{commands} 4>&{answers}'
    argv = ["sh", "-c", wrapper, "sh", PROGRAM, *FLAGS, f"--user-data-dir={profile}"]
    with subprocess.Popen(argv, pass_fds=(commands, answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as it:
        os.close(commands)
        os.close(answers)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            it.terminate()
