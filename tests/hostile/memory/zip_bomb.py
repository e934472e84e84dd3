#: what: Unpacks a bomb: a hundred kibibytes that become a hundred mebibytes.
#: expect: exited 1
#: timeout: 20
#: stderr: MemoryError
import zlib

pack = zlib.compressobj(9)
bomb = b"".join(pack.compress(bytes(1 << 20)) for _ in range(100)) + pack.flush()
zlib.decompress(bomb)
