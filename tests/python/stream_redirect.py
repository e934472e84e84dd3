# Streams that a script puts in other places: contextlib, io, print(file=), reconfigure
import contextlib
import io
import sys

buffer = io.StringIO()
with contextlib.redirect_stdout(buffer), contextlib.redirect_stderr(buffer):
    print("caught", end="!")
    print("error", file=sys.stderr)
    help_text = io.StringIO()
    print("elsewhere", file=help_text)
print(repr(buffer.getvalue()), repr(help_text.getvalue()))
sys.stdout.reconfigure(encoding="latin-1", errors="replace", newline="\r\n")
print("café 🐍")
sys.stdout.reconfigure(encoding="utf-8", newline="\n")
own = io.TextIOWrapper(io.BytesIO(), encoding="utf-16-le", write_through=True)
print("ab", file=own)
print(own.buffer.getvalue(), sys.stdout is sys.__stdout__)
with contextlib.suppress(ZeroDivisionError):
    1 / 0
raw = open(sys.stdout.fileno(), "wb", buffering=0, closefd=False)
sys.stdout.flush()
raw.write(b"raw bytes\n")
print(*[1, 2], sep="\n", end="\n\n", flush=True)
sys.stdout.writelines(["a\n", "b\n"])
with open("/dev/null", "w") as null, contextlib.redirect_stdout(null):
    print("gone")
