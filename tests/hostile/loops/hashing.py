#: what: Hashes large buffers, one C call after another, by algorithms that know no pause.
#: expect: timed out
#: timeout: 0.5
import hashlib

data = memoryview(bytes(16 << 20))
while True:
    for name in ("sha3_512", "blake2b", "sha512", "md5"):
        hashlib.new(name, data).digest()
