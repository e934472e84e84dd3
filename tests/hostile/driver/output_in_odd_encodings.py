#: what: Switches standard output to encodings with marks and states, and never flushes.
#: expect: exited 0
#: never: Traceback
import sys

for encoding in ("utf-16", "utf-7", "hz", "punycode", "unicode_escape", "idna"):
    try:
        sys.stdout.reconfigure(encoding=encoding, line_buffering=False, write_through=False)
        print("text", end="")
    except (UnicodeError, LookupError):
        pass
