#: what: Asks struct, array and io for sizes that overflow.
#: expect: exited 0
#: stdout: contained
import array
import io
import struct

attempts = (
    lambda: struct.pack("2147483647x"),
    lambda: struct.pack("2147483647d", 1.0),
    lambda: struct.calcsize("2147483647d2147483647d"),
    lambda: struct.unpack("4294967296s", b""),
    lambda: array.array("d", [0.0]) * 2**28,
    lambda: array.array("d", [0.0]) * (2**31 - 1),
    lambda: array.array("b", bytes(2**31 - 1)),
    lambda: io.BytesIO().truncate(2**31) or io.BytesIO(b"x").seek(2**31),
    lambda: (stream := io.BytesIO(), stream.seek(2**31 - 2), stream.write(b"xx")),
    lambda: (stream := io.StringIO(), stream.seek(2**31 - 2), stream.write("xx")),
    lambda: io.BufferedReader(io.BytesIO(), 2**31 - 1),
    lambda: memoryview(b"x").cast("B", [2**31, 2**31]),
)
for number, attempt in enumerate(attempts):
    try:
        attempt()
    except (MemoryError, OverflowError, ValueError, struct.error):
        continue
    assert number == 7, number
print("contained")
