# struct, array, memoryview, bytes, bytearray
import array
import struct

packed = struct.pack("<bBhHiIqQ?fd5s3p", -1, 255, -2, 65535, -3, 2**32 - 1, -4, 2**64 - 1, True, 1.5, -2.25, b"abc", b"xy")
print(packed, struct.calcsize("<bBhHiIqQ?fd5s3p"), struct.unpack("<bBhHiIqQ?fd5s3p", packed))
print(struct.pack(">e", 1.1), struct.pack("!IH", 1, 2), struct.pack("=hi", 1, 2), list(struct.iter_unpack("<H", b"\x01\x00\x02\x00")), struct.unpack_from(">H", b"abcd", 1))
for wrong in (lambda: struct.pack("<b", 200), lambda: struct.unpack("<i", b"abc"), lambda: struct.pack("<Z", 1), lambda: struct.pack("<i", "x"), lambda: struct.pack("<ii", 1), lambda: bytes([256]), lambda: b"a" + "b", lambda: bytes("é", "ascii"), lambda: b"\xff".decode(), lambda: bytearray(b"ab").index(b"c")):
    try:
        print(wrong())
    except (struct.error, ValueError, TypeError) as error:
        print(type(error).__name__, error)
numbers = array.array("i", [3, 1, 2])
numbers.extend(range(3))
numbers.byteswap()
print(numbers.tolist(), array.array("d", [1.5]).tobytes(), array.array("w", "é漢") == array.array("w", "é漢"), numbers[1:3], array.array("B", b"ab"), numbers.itemsize, array.array("H", [1]).typecode)
try:
    array.array("b", [200])
except OverflowError as error:
    print(error)
buffer = bytearray(b"0123456789")
view = memoryview(buffer)
view[2:4] = b"ab"
print(buffer, view[-1], bytes(view[::2]), view[3:7].tolist(), view.cast("H").shape, view.readonly, memoryview(b"x").readonly, view.cast("B", (2, 5)).tolist(), view.format, view.nbytes)
try:
    buffer.append(1)
except BufferError as error:
    print(error)
view.release()
buffer += b"x"
del buffer[:5]
print(buffer, buffer.pop(), buffer.hex("-", 2), bytes(3), b"a,b".split(b","), b"ab".translate(bytes(range(255, -1, -1))), b"%d %s %r" % (5, b"x", "y"), b"abc"[1], b"abc"[1:], b" x ".strip(), bytearray(b"abc").replace(b"b", b""), b"x".join([b"1", b"2"]), bytes.fromhex("00 ff"))
print(b"tEsT".title(), b"x".rjust(3, b"."), b"a\nb\r\nc".splitlines(), b"abcabc".rfind(b"bc"), b"abc".startswith((b"x", b"a")), b"\x00".isalnum(), b"12".isdigit(), b"abc".removeprefix(b"a"), list(b"ab"), sorted(b"ba"), b"a" in b"abc", 97 in b"abc", b"\t".expandtabs(4), hash(b"a") == hash(memoryview(b"a")))
