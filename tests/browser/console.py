"""The page at `/` in the browser: log in, run, answer, stop, send and fetch files, log out; first with the keyboard alone."""
import http.server
import json
import subprocess
import threading
import time
from pathlib import Path

import layout
from cloud_python import Failed, check, code_of

ADDRESS, PASSWORD = "grace@example.org", "correct horse battery"
SECONDS = 20
ENTER, ESCAPE, UP, CONTROL = "\ue007", "\ue00c", "\ue013", "\ue009"
# While it runs, the page notes the longest time that it was not asked for a frame.
WATCH = """
window.longest = 0;
let before = performance.now();
const frame = now => { longest = Math.max(longest, now - before); before = now; requestAnimationFrame(frame); };
requestAnimationFrame(frame);
"""
# The page's only timer of this length is the end of its log-in. The test decides when that has come.
TIMER = "const wait = setTimeout; window.setTimeout = (end, time) => time > 60000 ? (window.endLogIn = end, 0) : wait(end, time);"
KEPT = "return [document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length]"
ASK = """
return fetch(arguments[0], {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'}})
  .then(answer => answer.status, () => null);
"""
OPEN = """
return new Promise(done => {
  const socket = new WebSocket(arguments[0], 'v1.session.cloud-python');
  socket.onopen = () => done(true);
  socket.onclose = () => done(false);
});
"""
TRICKS = """
import sys, time
def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
    time.sleep(0.02)  # each comes in a message of its own
for data in (b"\\xe2\\x82", b"\\xac 50 %\\r", b"\\xe2\\x82\\xac 100 %\\r", b"\\n", b"red \\x1b[31m \\x9b \\xe2\\x80\\xae <b>&amp;\\t|\\n"):
    write(data)
"""
MUCH = """
import sys
for ten in range(10_000):
    sys.stdout.write("".join(f"line {ten}{one}\\n" for one in range(10)))
print("x" * 300_000, end="!")
"""
FILES = """
import os, sys
print(sys.argv[1:])
data = open("b\\u00e9 <i>.bin", "rb").read()
os.mkdir("out")
open("out/turned.bin", "wb").write(data[::-1])
open("empty", "w").close()
"""


class Console:
    """The page, as the test sees it."""

    def __init__(self, pages, binary):
        self.pages, self.browser, self.server, self.binary = pages, pages.browser, pages.server, binary

    def value(self, name):
        return self.browser.run("return document.getElementById(arguments[0]).value", name)

    def shown(self, name):
        """The text of the element, or None if it cannot be seen."""
        return self.browser.run("const it = document.getElementById(arguments[0]); return it.checkVisibility() ? it.textContent : null",
                                name)

    def focused(self):
        return self.browser.run("return document.activeElement.id")

    def wait_for(self, name, text):
        """Until the element has this text and no other; a text that ends with `...` may go on."""
        end = time.monotonic() + SECONDS
        fits = lambda shown: shown == text or (text.endswith("...") and (shown or "").startswith(text[:-3]))
        while not fits(shown := self.shown(name)):
            if time.monotonic() > end:
                raise Failed(f"#{name} does not show {text!r} but {shown and shown[-500:]!r}")
            time.sleep(0.02)

    def type(self, text):
        """Types lines into what has the focus, as people do: the editor indents by itself."""
        self.browser.press(text.replace("\n", ENTER))

    def fill(self, **fields):
        for name, value in fields.items():
            self.browser.run("document.getElementById(arguments[0]).value = arguments[1]", name, value)

    def run(self, script=None, logged_in=True, args="", outputs=""):
        """Runs a script, or what is in the editor, which has the focus again when the run has ended."""
        if script is not None:
            self.fill(script=script, args=args, outputs=outputs)
        self.browser.run("document.getElementById('script').focus()")
        self.browser.chord(CONTROL, ENTER)
        if logged_in:
            self.expect_session()

    def run_interactive(self):
        self.browser.click("#interactive")
        self.expect_session()

    def expect_session(self):
        self.pages.expected.append(f"WEBSOCKET wss://127.0.0.1:{self.server.port}/session")

    def say(self, line, shown=""):
        """Sends a line of input when the output ends with what must be shown before."""
        wait(lambda: self.shown("output").endswith(shown))
        if self.focused() != "line":
            raise Failed(f"the focus is not on the input but on {self.focused()}")
        self.type(f"{line}\n")

    def ended(self, code=0):
        self.wait_for("status", f"Ended with exit code {code}.")

    def admin(self, *arguments):
        command = [self.binary, "admin", "--data", self.server.data, "--json", *arguments]
        return json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)

    def log_in(self, code):
        self.browser.run("document.getElementById('email').focus()")
        self.fill(email=ADDRESS, password=PASSWORD, code=code)
        self.browser.press(ENTER)
        self.pages.posted("/login")


def by_keyboard(console, codes):
    """From an empty page to a dialogue, without a mouse."""
    browser, pages = console.browser, console.pages
    pages.open("/")
    pages.wait_for_title("Run Python")
    pages.look("log-in", scripts=1)
    browser.press(layout.TAB)
    check(console.focused() == "email", "the first field has the focus after one Tab")
    code = next(codes)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    console.type(ADDRESS + layout.TAB + PASSWORD + layout.TAB + wrong + ENTER)
    pages.posted("/login")
    console.wait_for("notice", "Not logged in: not registered, not approved, or wrong credentials.")
    check(console.focused() == "code" and console.value("code") == "", "a wrong code is answered with the server's sentence")
    console.type(code + ENTER)
    pages.posted("/login")
    console.wait_for("who", f"Logged in as {ADDRESS}")
    check(console.focused() == "script" and console.shown("notice") is None and console.value("password") == "",
          "the right one leads to the editor, and the password is gone")

    console.type('def greet(name):\nprint("hello", name)\n')
    console.type("\ue003" * 4 + "if True:" + ENTER + "greet(input('name? '))")
    expected = 'def greet(name):\n    print("hello", name)\nif True:\n    greet(input(\'name? \'))'
    check(console.value("script") == expected, "Enter keeps the indentation, and adds to it after a colon")
    browser.press("\n#" + layout.TAB)
    check(console.value("script").endswith("\n    #    "), "Tab inserts four spaces")
    order = []
    for key in (ESCAPE + layout.TAB, layout.TAB, layout.TAB, ENTER + layout.TAB, layout.TAB, layout.TAB, layout.TAB):
        browser.press(key)
        order.append(console.focused())
    check(order == ["run", "interactive", "", "args", "choose", "outputs", "output"],
          "Escape and Tab leave the editor, and Tab goes on in the order of the page")
    console.run()
    console.wait_for("output", "name? ")
    check(console.shown("status") == "Running", "a prompt without a newline shows at once")
    console.say("Ada")
    console.ended()
    check(console.shown("output") == "name? Ada\nhello Ada\n", "and is answered")
    check(console.focused() == "script", "the focus is where it was")


def dialogues(console):
    browser = console.browser
    console.run("x = 1\nx / 0")
    console.ended(1)
    wrong = browser.run("return [...document.querySelectorAll('.stderr')].map(part => part.textContent).join('')")
    check(wrong == console.shown("output") and wrong.endswith("ZeroDivisionError: division by zero\n") and 'line 2, in <module>' in wrong,
          "a traceback shows, as standard error, with exit code 1")

    console.fill(script="")
    console.run_interactive()
    console.wait_for("output", "Python 3...")
    for line, shown in (("def twice(x):", ">>> "), ("    return 2 * x", "(x):\n... "), ("", "* x\n... "), ("twice(21)", "... \n>>> ")):
        console.say(line, shown)
    wait(lambda: console.shown("output").endswith("\n42\n>>> "))
    browser.press(UP)
    check(console.value("line") == "twice(21)", "the arrow keys bring lines back")
    browser.run("document.getElementById('line').value = ''")
    console.pages.look("session", scripts=1)
    browser.run("document.getElementById('line').focus()")
    browser.chord(CONTROL, "d")
    console.ended()
    check(">>> def twice(x):\n...     return 2 * x\n... \n>>> twice(21)\n42\n>>> " in console.shown("output"),
          "interactive Python takes a function of several lines")
    check(console.focused() == "interactive", "Ctrl+D ends it, and the focus is where it was")

    console.run("import sys\nprint(len(sys.stdin.read()))")
    paste(browser, "one\r\ntwo\nthr")
    console.type("ee\n")
    browser.click("#end")
    console.ended()
    check(console.shown("output") == "one\ntwo\nthree\n14\n", "pasted lines are sent as lines, and End of input ends the input")

    console.run("while True: pass")
    console.wait_for("status", "Running")
    wait(lambda: console.admin("status")["sessions"] == 1)
    browser.click("#stop")
    check(console.shown("status") == "Stopped.", "Stop stops")
    wait(lambda: console.admin("status")["sessions"] == 0)
    check(True, "the server has ended the run")


def output(console):
    browser = console.browser
    console.run(TRICKS)
    console.ended()
    first, second = console.shown("output").splitlines()
    check(first == "\u20ac 100 %", "characters in two pieces are whole, and a carriage return overwrites the line")
    check(second == "red \\x1b[31m \ufffd \\u{202e} <b>&amp;\t|", "control characters are made visible, and markup is text")

    browser.run(WATCH)
    started = time.monotonic()
    console.run(MUCH)
    console.ended()
    took = time.monotonic() - started
    length, blocks, last = browser.run("return [output.textContent.length, output.childElementCount, output.textContent.slice(-300020)]")
    check("line 99999\nxxx" in last, "the end of long output is there")
    check(last.endswith("x!") and length <= 1.1 * 2**20 and blocks < 300 and "dropped" in console.shown("dropped"),
          f"of 100,000 lines and one of 300,000 characters the last {length} characters are kept, and the page says so")
    longest = browser.run("return Math.round(longest)")
    check(longest < 1000, f"the page was never busy for longer than {longest} ms in {took:.1f} s")
    check(browser.run("return output.scrollTop + output.clientHeight > output.scrollHeight - 40"), "it shows the end")


def files(console, folder):
    browser = console.browser
    content = bytes(range(256)) * 300
    given = folder / "b\u00e9 <i>.bin"
    given.write_bytes(content)
    large = folder / "large"
    with large.open("wb") as file:
        file.truncate(23 << 20)
    browser.choose("#choose", given, large)
    console.wait_for("notice", "large is left out: with it the files have 23.1 MiB, and 22.0 MiB is the most.")
    check(console.shown("files") == f"{given.name} 75.0 KiB Remove", "a file is listed with its size, one too many is refused")
    console.run(FILES, args="a 'b  c' \"d\"e '", outputs="out empty 'not there'")
    console.ended()
    check(console.shown("output") == "['a', 'b  c', 'de', \"'\"]\n", "arguments are split at spaces, but not in quotes")
    offered = browser.run("return [...links.children].map(item => item.textContent).sort()")
    check(offered == ["empty 0 bytes", "out/turned.bin 75.0 KiB"], "the files it made are offered, and what is not there is left out")
    browser.download_to(folder / "downloads")
    browser.run("[...document.querySelectorAll('#links a')].find(link => link.download === 'turned.bin').click()")
    there = folder / "downloads" / "turned.bin"
    wait(there.is_file)
    check(there.read_bytes() == content[::-1], "what is downloaded is what was uploaded, turned round by the script")
    console.pages.look("files", scripts=1)
    browser.click("#files button")
    check(console.shown("files") == "" and console.focused() == "choose", "a file can be taken off the list")


def ends(console, code):
    """The ends of a log-in: by time, by the administrator, by its owner."""
    browser, pages = console.browser, console.pages
    console.fill(script="print('still here')")
    browser.run("endLogIn()")
    check(console.shown("notice") == "The log-in has ended: it lasts 15 minutes. Log in again to go on."
          and console.shown("login") is not None and console.value("script") == "print('still here')",
          "when the time is up the page says so, and the script stays")
    console.run(logged_in=False)
    check(console.shown("notice") == "Log in to run scripts." and console.focused() == "password", "nothing runs then")
    console.admin("tokens", "revoke", ADDRESS)
    console.log_in(code)
    console.wait_for("who", f"Logged in as {ADDRESS}")
    console.admin("tokens", "revoke", ADDRESS)
    console.run()
    console.wait_for("status", "The server says: not registered, not approved, or wrong credentials.")
    check(console.shown("login") is not None and console.value("script") == "print('still here')" and console.focused() == "password",
          "when the server wants a new log-in the page says so, and the script stays")


def log_out(console, code):
    browser = console.browser
    console.log_in(code)
    console.wait_for("who", f"Logged in as {ADDRESS}")
    console.run("print('secret')", args="secret")
    console.ended()
    check(console.admin("users", "show", ADDRESS)["user"]["tokens"] == 1, "the server knows one token")
    browser.click("#logout")
    console.pages.posted("/logout")
    console.wait_for("notice", "Logged out.")
    check(console.admin("users", "show", ADDRESS)["user"]["tokens"] == 0, "the token has ended at the server")
    left = browser.run("return [...document.querySelectorAll('input, textarea')].map(field => field.value)")
    left += [browser.text("#output"), browser.text("#links"), browser.text("#files")]
    check(not any(left) and console.shown("bench") is None, "nothing of it is left on the page")
    check(browser.run(KEPT) == ["", 0, 0, 0], "and nothing is kept by the browser")


class Empty(http.server.BaseHTTPRequestHandler):
    """A page with nothing on it, and nothing that keeps it from asking anybody."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_):
        pass


def another_site(console):
    """A page of another origin, in the same browser, tries what ours does."""
    browser, url = console.browser, console.server.url
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{other.server_port}/")
        check([browser.run(ASK, url + path) for path in ("/login", "/logout", "/execute")] == [None] * 3, "another site is not let ask")
        check(browser.run(OPEN, f"{url.replace('https', 'wss')}/session") is False, "nor open a session")
        other.shutdown()


def codes_of(secret):
    """Codes to log in with, one after the other. Each is good once, half a minute early or late: there are three at any time."""
    last = 0
    while True:
        step = (time.time() - 25) // 30  # the last one, if it is good for a while yet
        last = max(last + 1, step)
        wait(lambda: last <= time.time() // 30 + 1, seconds=60)
        yield code_of(secret, last * 30)


def wait(holds, seconds=SECONDS):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failed("it did not happen in time")
        time.sleep(0.02)


def paste(browser, text):
    browser.run("""
      const data = new DataTransfer();
      data.setData('text', arguments[0]);
      line.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
    """, text)


def policy(server):
    status, headers, _ = server.request("GET", "/")
    allowed = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    check(status == 200 and allowed["default-src"] == "'none'" and allowed["connect-src"] == "'self'" and "unsafe" not in str(allowed),
          "the page may talk to where it came from and to nobody else")


def check_console(pages, binary):
    """All of it, with an account of its own."""
    secret = pages.server.account(ADDRESS, PASSWORD)
    codes = codes_of(secret)
    console = Console(pages, binary)
    policy(pages.server)
    pages.browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=TIMER)
    by_keyboard(console, codes)
    dialogues(console)
    output(console)
    files(console, Path(pages.server.folder.name))
    ends(console, next(codes))
    log_out(console, next(codes))
    pages.check_quiet()
    another_site(console)
