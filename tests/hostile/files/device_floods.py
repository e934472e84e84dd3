#: what: Reads the endless devices in huge pieces, and to an end that they do not have.
#: expect: exited 0
#: stdout: contained
import os

with open("/dev/zero", "rb", buffering=0) as zero, open("/dev/urandom", "rb", buffering=0) as random:
    for device in (zero, random):
        assert len(device.read(10_000_000)) == 10_000_000
        for size in (-1, 2**31 - 1):
            try:
                device.read(size)
            except (MemoryError, OverflowError, OSError):
                continue
            raise SystemExit("read to the end")
with open("/dev/null", "wb") as null:
    for _ in range(100):
        null.write(bytes(10_000_000))
print("contained")
