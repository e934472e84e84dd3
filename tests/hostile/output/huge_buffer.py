#: what: Collects output in a huge buffer and sends it at once.
#: expect: output too large
#: memory: 256
import io
import sys

stream = io.BufferedWriter(sys.stdout.buffer.raw, 30 << 20)
stream.write(b"x" * (25 << 20))
stream.flush()
