#: what: Makes files whose names hold every byte, and lists them.
#: expect: exited 0
#: stdout: contained
import os

os.mkdir("bytes")
names = [bytes([byte]) for byte in range(1, 256) if byte not in b"./"] + [bytes(range(1, 47)), bytes(range(48, 256)), b"\xed\xa0\x80", b"..."]
for name in names:
    open(b"bytes/" + name, "w").close()
for name in (b".", b"..", b"a/b", b"\0", b""):
    try:
        open(b"bytes/" + name, "w").close()
    except (OSError, ValueError):
        continue
    raise SystemExit(name)
assert sorted(os.listdir(b"bytes")) == sorted(names)
assert sorted(map(os.fsencode, os.listdir("bytes"))) == sorted(names)
print("contained")
