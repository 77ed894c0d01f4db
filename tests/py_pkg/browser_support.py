"""Chromium without a window, driven by its DevTools protocol over two pipes: no library is needed."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars",
    "--autoplay-policy=no-user-gesture-required", "--disable-background-networking", "--no-first-run", "--mute-audio",
    "--disable-dev-shm-usage", "--proxy-server=127.0.0.1:9",  # nothing is reached
)  # fmt: skip


def browser_path() -> str:
    """Skips the test where there is none."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if os.name != "posix" or found is None:
        pytest.skip("the page was not opened: install Chromium (apt install chromium)")
    return found


class Browser:
    """One page of a browser. Use as a context manager."""

    def __init__(self, profile: Path, width: int = 1000, height: int = 900, *flags: str):
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        command = [
            browser_path(),
            *_FLAGS,
            *flags,
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
            "about:blank",
        ]

        def place_pipes() -> None:
            # The browser reads from 3 and writes to 4; first out of the way, as either may be one of these.
            a, b = os.dup(to_browser), os.dup(from_browser)
            for source, number in ((a, 103), (b, 104)):
                os.dup2(source, number)
            os.dup2(103, 3)
            os.dup2(104, 4)
            os.set_inheritable(3, True)
            os.set_inheritable(4, True)

        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=place_pipes, close_fds=False, env={**os.environ, "HOME": str(profile)},
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        self._buffer, self._number, self._session = b"", 0, None
        self.errors: list[str] = []
        self.server = ""  # address that the page may ask, with all that is below it
        targets = self._send("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = self._send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable")
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _send(self, method: str, **params) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._buffer:
                data = os.read(self._read, 1 << 20)
                assert data, "the browser ended"
                self._buffer += data
            text, _, self._buffer = self._buffer.partition(b"\0")
            answer = json.loads(text)
            if answer.get("method") in ("Runtime.exceptionThrown", "Network.requestWillBeSent", "Log.entryAdded"):
                self._note(answer)
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _note(self, event: dict) -> None:
        params = event["params"]
        if event["method"] == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif event["method"] == "Network.requestWillBeSent":
            url = params["request"]["url"]
            ours = bool(self.server) and url.startswith(self.server)
            if not ours and not url.startswith(("file:", "blob:", "data:", "about:")):
                self.errors.append(f"the page asks for {url}")

    def go_to(self, path: Path, hash_: str = "") -> None:
        self._send("Page.navigate", url=path.as_uri() + hash_)

    def open(self, path: Path, hash_: str = "") -> None:
        """A page of ours, which has a player when it is ready."""
        self.go_to(path, hash_)
        self.wait("document.readyState === 'complete' && (window.player || !document.getElementById('fault').hidden)")

    def visit(self, url: str, ready: str) -> None:
        """Opens a page of a server, `self.server`, and waits until an expression is true."""
        self._send("Page.navigate", url="about:blank")  # else an address with another # is no new page
        self._send("Page.navigate", url=url)
        self.wait(f"location.href !== 'about:blank' && {ready}")

    def choose_files(self, selector: str, *paths: Path) -> None:
        """As if a user chose files in the dialog of an <input type=file>."""
        found = self._send("Runtime.evaluate", expression=f"document.querySelector({selector!r})")
        self._send("DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=found["result"]["objectId"])

    def wait(self, condition: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"the page does not come to {condition}: {self.errors}"
            time.sleep(0.05)

    def run(self, script: str):
        """The value of an expression in the page."""
        answer = self._send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def prefers(self, scheme: str) -> None:
        self._send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def key(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self._send("Input.dispatchKeyEvent", type=kind, key=key, text=key if len(key) == 1 else "")

    def size(self, width: int, height: int) -> None:
        self._send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=True)

    def picture(self) -> np.ndarray:
        """uint8 [height, width, 3] of what is on the screen."""
        data = base64.b64decode(self._send("Page.captureScreenshot", format="png")["data"])
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_exc) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
