"""Runs a program at a terminal of its own, as a person would, and prints what was seen there.

    terminal.py STEPS PROGRAM [ARGUMENT ...]

STEPS is a JSON list of [wait for this text, then type this]. A text that begins with "secretly " is typed once the terminal has
stopped to echo, without that word. "signal N" sends that signal, "close" closes the window, "resize N" gives it that many columns. The
result is JSON: what was on the screen, the exit code (a negative one is a signal), whether the terminal echoes in the end, and
whether it is set in all else as it was at the start. Of a window that was closed the last two say nothing.
"""

import fcntl, json, os, pty, select, struct, sys, termios, time

WHOLE = 60  # seconds
steps, argv = json.loads(sys.argv[1]), sys.argv[2:]
ready, go = os.pipe()
child, terminal = pty.fork()
if child == 0:
    os.read(ready, 1)
    os.execv(argv[0], argv)


def resize(columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))


resize(200)
before = termios.tcgetattr(terminal)
os.write(go, b"!")
screen, seen, end, closed = b"", 0, time.monotonic() + WHOLE, False


def echoes():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def look():
    """Takes what is new on the screen; nothing any more when the program has closed it."""
    global screen
    if time.monotonic() > end:
        os.kill(child, 9)
        sys.exit(f"not seen in time: {steps[:1]} in {screen!r}")
    if select.select([terminal], [], [], 0.01)[0]:
        try:
            new = os.read(terminal, 65536)
        except OSError:
            new = b""
        screen += new
        return bool(new)
    return True


while True:
    if steps and (at := screen.find(steps[0][0].encode(), seen)) >= 0:
        typed = steps[0][1]
        secret = typed.startswith("secretly ")
        if not (secret and echoes()):
            seen = at + len(steps[0][0])
            steps.pop(0)
            match typed.split(" "):
                case ["signal", number]:
                    os.kill(child, int(number))
                case ["resize", columns]:
                    resize(int(columns))
                case ["close"]:
                    closed = True
                    os.close(terminal)
                    break
                case _:
                    os.write(terminal, typed.removeprefix("secretly ").encode())
    if not look():
        break
_, status = os.waitpid(child, 0)
shown = screen.decode("utf-8", "backslashreplace")
result = {"screen": shown, "code": os.waitstatus_to_exitcode(status), "left": steps}
result["echo"] = not closed and echoes()
result["same"] = not closed and termios.tcgetattr(terminal) == before
print(json.dumps(result))
