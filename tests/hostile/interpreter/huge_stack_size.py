#: what: Makes code objects that ask for absurd stacks, flags and numbers of arguments.
#: expect: exited 0 or exited 1 or aborted or timed out
#: timeout: 1
def victim():
    return None


for change in (
    {"co_stacksize": 2**31 - 1},
    {"co_stacksize": 2**28},
    {"co_stacksize": -1},
    {"co_argcount": 2**31 - 1},
    {"co_nlocals": 2**31 - 1},
    {"co_flags": 2**31 - 1},
    {"co_flags": 0x20 | 0x80 | 0x200},
    {"co_firstlineno": -(2**31)},
    {"co_linetable": b"\xff" * 1000},
    {"co_exceptiontable": b"\xff" * 1000},
    {"co_names": ()},
    {"co_consts": ()},
):
    try:
        victim.__code__ = victim.__code__.replace(**change)
        repr(victim())
    except Exception:
        pass
