#: what: Reads and writes local variables far outside of its frame.
#: expect: exited 0 or exited 1 or aborted
import opcode


def victim():
    value = 1
    return value


def code(name, argument):
    bytes_ = bytearray()
    for shift in (24, 16, 8):
        bytes_ += bytes([opcode.opmap["EXTENDED_ARG"], argument >> shift & 255])
    return bytes(bytes_ + bytes([opcode.opmap[name], argument & 255, opcode.opmap["RETURN_VALUE"], 0]))


for name in ("LOAD_CONST", "LOAD_FAST", "STORE_FAST", "DELETE_FAST", "LOAD_DEREF", "COPY", "SWAP"):
    for argument in (100, 10_000, 2**20, 2**28, 2**31 - 1):
        victim.__code__ = victim.__code__.replace(co_code=code(name, argument))
        try:
            repr(victim())
        except Exception:
            pass
