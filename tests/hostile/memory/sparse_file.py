#: what: Seeks far past the end of a file and writes there, so that the file is larger than memory.
#: expect: exited 0
#: stdout: contained
import os

with open("sparse", "w+b", buffering=0) as file:
    for offset in (2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**40, 2**63 - 2, 2**63 - 1):
        try:
            file.seek(offset)
            file.write(b"end")
        except (OSError, OverflowError):
            pass
    assert os.fstat(file.fileno()).st_size <= 2**32
    file.seek(0)
    try:
        file.read()
    except (MemoryError, OverflowError):
        pass
    else:
        raise SystemExit("read four gibibytes")
    for size in (2**62, 2**63 - 1):
        try:
            file.truncate(size)
        except OSError:
            continue
        raise SystemExit(f"truncated to {size}")
print("contained")
