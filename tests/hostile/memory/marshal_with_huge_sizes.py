#: what: Loads marshalled data of a few bytes that speaks of objects of gibibytes.
#: expect: exited 0
#: stdout: contained
import marshal

for kind in b"stuai([<>lcr":
    for size in (2**31 - 1, 2**30, 2**31, 2**32 - 1):
        try:
            marshal.loads(bytes([kind]) + size.to_bytes(4, "little") + b"x")
        except (MemoryError, ValueError, EOFError, TypeError, OverflowError):
            continue
        assert kind == ord("i"), kind
print("contained")
