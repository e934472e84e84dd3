#: what: Leaves marks all over its memory: in objects, in files, in freed blocks and behind the interpreter's back.
#: expect: exited 0
#: stdout: left
#: memory: 256
import opcode
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
mark = bytes(byte ^ 0x5A for byte in b"a mark that nobody else would make")
kept.append([mark * 30 for _ in range(10_000)])
freed = [mark * 1000 for _ in range(500)]
del freed
with open("marks", "wb") as file:
    file.write(mark * 100_000)
block = bytes(20 << 20)
bytearray_over(1, 1 << 30)[id(block) + 100 : id(block) + 100 + len(mark) * 1000] = mark * 1000
print("left")
