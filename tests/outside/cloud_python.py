"""What the tests share that see Cloud Python from outside: the server as a process, its mails, codes, and a client.

Nothing here is taken from the server's own code: codes are computed and certificates checked by Python.
"""
import base64
import contextlib
import ctypes
import email
import email.policy
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120  # the first start of a debug build prepares the runtime image
MAIL_SECONDS = 20
INSTALL_SECONDS = 900
PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    """Something is not as it should be."""


class Skipped(Exception):
    """The test cannot be made here; the text says why."""


def check(holds, what):
    if not holds:
        raise Failed(what)
    print(f"  ok: {what}", flush=True)


def target():
    """Where cargo builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()


def find_binary(given=None):
    """The program: the one that is given, or the one that cargo built last."""
    places = [given] if given else [target() / kind / "cloud-python" for kind in ("release", "debug")]
    if not (there := [place for place in places if place.is_file()]):
        raise Failed(f"no program at {' or '.join(map(str, places))}: build it with `cargo build`, or say --binary FILE")
    return max(there, key=lambda place: place.stat().st_mtime).absolute()


def run(name, seconds, prepare, test):
    """Calls `prepare`, which may install something, and hands what it returns to `test`, which has so many seconds. Leaves no
    process behind. Returns the exit code."""
    # What our children leave behind becomes our child.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number, reason in ((signal.SIGTERM, "it was told to end"), (signal.SIGALRM, f"it took more than {seconds} seconds")):
        signal.signal(number, _fail(reason))
    try:
        prepared = prepare()
        signal.alarm(seconds)
        return test(prepared) or 0
    except Skipped as reason:
        print(f"skipped: {name} ({reason})")
        return 0
    except Failed as reason:
        print(f"FAILED: {name}: {reason}", file=sys.stderr)
        return 1
    finally:
        signal.alarm(0)
        _end_children()


def _fail(reason):
    def handler(*_):
        raise Failed(reason)
    return handler


def _end_children():
    """The children of those that are ended come to us, so it goes on until there are none."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for thread in Path("/proc/self/task").iterdir():
                for child in (thread / "children").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(child), signal.SIGKILL)
            os.waitpid(-1, 0)


def need_packages(commands):
    """Installs the Debian packages of the commands that are not there, if that can be done without asking anybody."""
    missing = {command: package for command, package in commands.items() if not shutil.which(command)}
    if missing:
        install(*missing.values())
    if still := [command for command in missing if not shutil.which(command)]:
        raise Skipped(f"{' '.join(still)} is not here, and was not in the packages")


def install(*packages):
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Skipped(f"{' '.join(packages)} not installed, and this user cannot install packages")
    apt = ["apt-get", "--quiet", "--quiet", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
    for command in ([*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", *packages]):
        tried(command, f"apt-get cannot install {' '.join(packages)} here", DEBIAN_FRONTEND="noninteractive")


def tried(command, reason, **environment):
    """Runs something that may not be possible here, and says so before."""
    print("  " + " ".join(Path(word).name if word == command[0] else str(word) for word in command), flush=True)
    try:
        done = subprocess.run(command, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              timeout=INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skipped(f"{reason}: {error}") from None
    if done.returncode != 0:
        raise Skipped(reason)


def code_of(secret, when=None):
    """The TOTP code (RFC 6238) of a base32 secret."""
    step = int(time.time() if when is None else when) // 30
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack_from('>I', digest, offset)[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Server:
    """A server of its own, on a port of its own, in a folder of its own."""

    def __init__(self, binary, *arguments, config=None):
        self.folder = tempfile.TemporaryDirectory(prefix="cloud-python-")
        self.data = Path(self.folder.name, "data")
        command = [str(binary), "serve", "--data", str(self.data), "--https", "127.0.0.1:0", *arguments]
        if config is not None:
            file = Path(self.folder.name, "config.toml")
            file.write_text(config)
            command += ["--config", str(file)]
        self.log = []
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self._keep_log, daemon=True).start()
        self.port = self._ready()

    def _keep_log(self):
        self.log.extend(self.process.stderr)

    def _ready(self):
        timer = threading.Timer(START_SECONDS, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                if found := re.fullmatch(r"https https://127\.0\.0\.1:(\d+)", line.strip()):
                    threading.Thread(target=self.process.stdout.read, daemon=True).start()
                    return int(found[1])
        finally:
            timer.cancel()
        self.process.wait()
        raise Failed(f"the server did not start (exit code {self.process.returncode}):\n{''.join(self.log)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.folder.cleanup()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca(self):
        return self.data / "ca.pem"

    def request(self, method, path, body=None, token=None, headers=None):
        """Status, headers and body; `body` is sent as JSON."""
        context = ssl.create_default_context(cafile=self.ca)
        headers = dict(headers or {})
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def json(self, method, path, body=None, token=None, expect=200):
        """The parsed body of an answer that must have this status."""
        status, _, text = self.request(method, path, body, token, {"Accept": "application/json"})
        if status != expect:
            raise Failed(f"{method} {re.sub('[A-Za-z0-9_-]{43}', '...', path)} answered {status} and not {expect}: {text[:500]!r}")
        return json.loads(text)

    def letters(self):
        for file in sorted(self.data.glob("outbox/*.eml")):
            yield email.message_from_bytes(file.read_bytes(), policy=email.policy.default)

    def _links(self, kind):
        link = re.compile(rf"{self.url}(/{kind}/[A-Za-z0-9_-]{{43}})\b")
        return [path for letter in self.letters() for path in link.findall(letter.get_content())]

    def link(self, kind, number=1):
        """The path of the `number`th link of this kind (verify, approve) that was mailed, waiting for its mail."""
        end = time.monotonic() + MAIL_SECONDS
        while time.monotonic() < end:
            if len(found := self._links(kind)) >= number:
                return found[number - 1]
            time.sleep(0.05)
        raise Failed(f"no mail with a link to /{kind}/ came")

    def register(self, address, password):
        """Asks for an account. Returns the path of the link that verifies the address."""
        number = len(self._links("verify")) + 1
        self.json("POST", "/register", {"email": address, "password": password}, expect=201)
        return self.link("verify", number)

    def verify(self, path):
        """Follows the link. Returns the TOTP secret in base32, and the path of the administrator's link."""
        number = len(self._links("approve")) + 1
        secret = self.json("POST", path)["secret"]
        return secret, self.link("approve", number)

    def account(self, address, password):
        """An approved account, made as people make one. Returns its TOTP secret in base32."""
        secret, path = self.verify(self.register(address, password))
        self.json("POST", path, {"decision": "approve"})
        return secret
