#: what: Asks for gibibytes of randomness.
#: expect: exited 0
#: stdout: contained
import os
import random

for size in (2**31, 2**31 - 1, 2**30, -1, 2**64):
    for ask in (os.urandom, random.randbytes, random.SystemRandom().randbytes):
        try:
            ask(size)
        except (MemoryError, OverflowError, ValueError):
            continue
        raise SystemExit(f"got {size}")
assert len(set(os.urandom(1_000_000))) == 256
print("contained")
