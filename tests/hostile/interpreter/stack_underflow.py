#: what: Pops more from the evaluation stack than there is, and pushes without an end.
#: expect: exited 0 or exited 1 or aborted or timed out
#: timeout: 1
import opcode


def victim():
    return None


for pattern in ([opcode.opmap["POP_TOP"], 0] * 1000, [opcode.opmap["LOAD_CONST"], 0] * 100_000):
    code = bytes([opcode.opmap["RESUME"], 0] + pattern + [opcode.opmap["RETURN_CONST"], 0])
    victim.__code__ = victim.__code__.replace(co_code=code, co_stacksize=1)
    try:
        victim()
    except BaseException:
        pass
