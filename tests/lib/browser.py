# SPDX-License-Identifier: MIT
#
# A headless Chromium, driven over its debugging pipe: no library is needed.
# Collects what must not be: messages of the console, errors, and requests that
# leave the host.
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ullage-browser.")
        to_r, to_w = os.pipe()
        from_r, from_w = os.pipe()

        def pipes():
            # 3 and 4 may be what is being moved.
            a, b = os.dup2(to_r, 60), os.dup2(from_w, 61)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [shutil.which("chromium") or shutil.which("chromium-browser"),
             "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking",
             "--disable-component-update", "--remote-debugging-pipe",
             "--hide-scrollbars", "--user-data-dir=" + self.folder],
            preexec_fn=pipes, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_r)
        os.close(from_w)
        self.to, self.source = to_w, from_r
        self.rest, self.number, self.events = b"", 0, []
        self.problems, self.requests = [], []
        target = self.call("Target.createTarget", url="about:blank")
        self.session = None
        self.session = self.call("Target.attachToTarget", flatten=True,
                                 targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.to)
        os.close(self.source)
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, deadline):
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.source], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self.source, 1 << 20)
            if not part:
                raise EOFError("the browser has ended")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def note(self, m):
        p = m.get("params", {})
        if m["method"] == "Network.requestWillBeSent":
            self.requests.append(p["request"]["url"])
        elif m["method"] == "Runtime.exceptionThrown":
            self.problems.append(p["exceptionDetails"].get("text", "") + " " +
                                 str(p["exceptionDetails"].get("exception", {})
                                     .get("description")))
        elif m["method"] == "Runtime.consoleAPICalled":
            self.problems.append("console.%s %s" % (p["type"], p["args"]))
        elif m["method"] == "Log.entryAdded":
            self.problems.append("%s: %s %s" % (
                p["entry"]["level"], p["entry"]["text"],
                p["entry"].get("url")))
        elif m["method"] == "Page.javascriptDialogOpening":
            self.problems.append("a dialog: " + p["message"])
        self.events.append(m["method"])

    def call(self, method, **params):
        self.number += 1
        m = {"id": self.number, "method": method, "params": params}
        if getattr(self, "session", None):
            m["sessionId"] = self.session
        os.write(self.to, json.dumps(m).encode() + b"\0")
        deadline = time.monotonic() + 60
        while True:
            m = self.read(deadline)
            if m.get("id") == self.number:
                if "error" in m:
                    raise RuntimeError(m["error"])
                return m["result"]
            if "method" in m:
                self.note(m)

    def size(self, width, height, dark):
        self.call("Emulation.setDeviceMetricsOverride", width=width,
                  height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])

    def go(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && "
                   "location.href !== 'about:blank'")

    def run(self, expression):
        got = self.call("Runtime.evaluate", expression=expression,
                        returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(got["exceptionDetails"])
        return got["result"].get("value")

    def until(self, expression, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.run(expression):
                    return True
            except RuntimeError:
                pass  # between two pages
            select.select([], [], [], 0.05)
        return False

    def key(self, key, text=None):
        named = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, None),
                 "Tab": ("Tab", 9, None),
                 "Backspace": ("Backspace", 8, None)}
        code, number, text2 = named.get(key, (key, 0, text))
        if len(key) == 1:
            number, text2 = ord(key.upper()), key
        params = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        if text2:
            params["text"] = text2
        self.call("Input.dispatchKeyEvent", type="keyDown", **params)
        params.pop("text", None)
        self.call("Input.dispatchKeyEvent", type="keyUp", **params)

    def type(self, text):
        for c in text:
            self.key(c)

    def mouse(self, x, y, click=False):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                      button="left", clickCount=1)

    def shot(self, path):
        got = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as f:
            f.write(base64.b64decode(got["data"]))
