#: what: Hands the host forged buffers that reach beyond memory, or that wrap around its end, for reading and writing.
#: expect: exited 0
#: stdout: contained
#: memory: 256
import opcode
import os
import struct


def victim():
    return None


def object_at(address):
    """Has the interpreter load a constant from far outside of its constants: the object that starts at this address."""
    pointer = struct.pack("<I", address)
    kept.append(pointer)
    index = (id(pointer) + 16 - (id(kept[0]) + 12)) // 4 & 0xFFFFFFFF
    code = [opcode.opmap["RESUME"], 0]
    for shift in (24, 16, 8):
        code += [opcode.opmap["EXTENDED_ARG"], index >> shift & 255]
    code += [opcode.opmap["LOAD_CONST"], index & 255, opcode.opmap["RETURN_VALUE"], 0]
    victim.__code__ = victim.__code__.replace(co_code=bytes(code), co_consts=kept[0])
    return victim()


def forged(content):
    """An object that consists of these bytes."""
    kept.append(content)
    return object_at(id(content) + 16)


def bytearray_over(start, length):
    return forged(struct.pack("<IIiIIIIi", 10_000, id(bytearray), length, 0, length, start, start, 0))


kept = [(None, 1)]
for start, length in ((1, 2**31 - 1), (2**31, 2**31 - 1), (2**32 - 1, 1), (2**32 - 16, 2**31 - 1), (300 << 20, 100)):
    buffer = bytearray_over(start, length)
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        for use in (lambda: os.write(1, buffer), lambda: os.write(2, buffer), lambda: stdin.readinto(buffer)):
            try:
                use()
            except OSError:
                continue
            raise SystemExit("went through")
print("contained")
