#: exit: 1
# Exceptions whose text cannot be had, classes as exceptions, nested classes, empty texts
import traceback

class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")

class Space:
    class Inside(Exception):
        pass

class Silent(Exception):
    def __str__(self):
        return ""

def attempts():
    yield Unprintable("x")
    yield Space.Inside("nested name")
    yield Silent()
    yield KeyError("quoted")
    yield KeyError("line\nbreak")
    yield ValueError("several", "arguments", 3)
    yield StopIteration(5)
    yield UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a reason")
    yield UnicodeEncodeError("ascii", "é", 0, 1, "a reason")
    yield OSError("a text alone")
    yield TimeoutError(None, None)
    yield ImportError("text", name="module", path="/somewhere")
    yield ValueError("lone surrogate \udc80 and emoji 🐍")
    yield BaseExceptionGroup("group", [KeyboardInterrupt()])

for error in attempts():
    try:
        raise error
    except BaseException:
        traceback.print_exc()
for wrong in (5, "text", int, None):
    try:
        raise wrong
    except TypeError as error:
        print(error)
try:
    raise ValueError from 5
except TypeError as error:
    print(error)
raise Space.Inside
