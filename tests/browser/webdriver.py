"""Drives a headless Chromium by the WebDriver protocol (W3C, https://www.w3.org/TR/webdriver2/), with nothing but Python.

The browser gets a home of its own, where its trust store holds one certificate authority: a page it shows came over a
connection that it trusts.
"""
import base64
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# As root its own sandbox cannot be had; the rest keeps it from asking for anything that no page asked for.
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions", "--hide-scrollbars",
    "--disable-features=OptimizationHints,MediaRouter,Translate,HttpsUpgrades",
]


class Browser:
    """One window. `width` and `height` are those of the page, in CSS pixels."""

    def __init__(self, ca):
        self.home = tempfile.TemporaryDirectory(prefix="cloud-python-browser-", ignore_cleanup_errors=True)
        self._trust(ca)
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, env=dict(os.environ, HOME=self.home.name))
        self.port = next(int(line.split("on port ")[1].strip(" .\n")) for line in self.driver.stdout if "started" in line)
        threading.Thread(target=self.driver.stdout.read, daemon=True).start()
        options = {"binary": shutil.which("chromium"), "args": [*ARGUMENTS, f"--user-data-dir={self.home.name}/profile", "about:blank"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{answer['sessionId']}"
        self.open("about:blank")
        self.requests()  # those of the first, empty tab

    def _trust(self, ca):
        store = Path(self.home.name, ".pki/nssdb")
        store.mkdir(parents=True)
        for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ca", "-i", str(ca)]):
            subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True, stdin=subprocess.DEVNULL, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.send("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.home.cleanup()

    def _call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(f"{method} {path.rsplit('/', 1)[-1]}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def send(self, method, path, body=None):
        return self._call(method, self.session + path, body)

    def devtools(self, command, **parameters):
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height, dark=False):
        phone = width < 600
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url):
        self.send("POST", "/url", {"url": url})

    def reload(self):
        self.send("POST", "/refresh", {})

    def run(self, script, *arguments):
        return self.send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def find(self, selector):
        return self.send("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.send("POST", f"/element/{self.find(selector)}/click", {})

    def press(self, keys):
        """Types into whatever has the focus."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def chord(self, held, key):
        """Presses a key while another one is held."""
        actions = [{"type": kind, "value": value} for kind, value in (("keyDown", held), ("keyDown", key), ("keyUp", key), ("keyUp", held))]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def choose(self, selector, *files):
        """Chooses files in a field for files."""
        self.send("POST", f"/element/{self.find(selector)}/value", {"text": "\n".join(map(str, files))})

    def download_to(self, folder):
        """Lets downloads happen, and into this folder."""
        self.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def screenshot(self, file, whole=False):
        """What the window shows, or the whole page."""
        if whole:
            size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            picture = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        else:
            picture = self.send("GET", "/screenshot")
        Path(file).write_bytes(base64.b64decode(picture))

    def console(self):
        """Messages since the last call: errors, blocked loads, violations of the policy."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.send("POST", "/se/log", {"type": "browser"})]

    def requests(self):
        """What was asked for since the last call, as `METHOD URL` or `WEBSOCKET URL`, redirects and preloads too, and the Referers
        that were sent."""
        asked, referers = [], []
        for entry in self.send("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                asked.append(f"{request['method']} {request['url']}")
                referers += [value for name, value in request["headers"].items() if name.lower() == "referer"]
            if message["method"] == "Network.webSocketCreated":
                asked.append(f"WEBSOCKET {message['params']['url']}")
            if message["method"] == "Network.requestWillBeSentExtraInfo":
                referers += [value for name, value in message["params"]["headers"].items() if name.lower() == "referer"]
        return asked, referers
