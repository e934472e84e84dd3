#: what: Forges an object whose type points to functions of the interpreter that take other arguments.
#: expect: exited 0 or exited 1 or aborted
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


kept = [(None, 1)]
kind = struct.pack("<IIi", 10_000, id(type), 0) + struct.pack("<I", 5_000) * 100
kept.append(kind)
repr(forged(struct.pack("<II", 10_000, id(kind) + 16) + bytes(100)))
