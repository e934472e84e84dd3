"""Runs a program at a terminal of its own, as a person would, and prints what was seen there.

    terminal.py STEPS PROGRAM [ARGUMENT ...]

STEPS is a JSON list of [wait for this text, then type this]. A text that begins with "secretly " is typed once the terminal has
stopped to echo, without that word. The result is JSON: what was on the screen, the exit code (a negative one is a signal),
and whether the terminal echoes in the end.
"""

import fcntl, json, os, pty, select, struct, sys, termios, time

WHOLE = 60  # seconds
steps, argv = json.loads(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(argv[0], argv)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
screen, seen, end = b"", 0, time.monotonic() + WHOLE


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
            os.write(terminal, typed.removeprefix("secretly ").encode())
            steps.pop(0)
    if not look():
        break
_, status = os.waitpid(child, 0)
shown = screen.decode("utf-8", "backslashreplace")
print(json.dumps({"screen": shown, "code": os.waitstatus_to_exitcode(status), "echo": echoes(), "left": steps}))
