#: what: Repeats a list until its size in bytes no longer fits into 32 bits.
#: expect: exited 0
#: stdout: contained
for length in (2**28, 2**29 - 1, 2**29, 2**30 - 1, 2**30, 2**30 + 1, 2**31 - 1):
    for repeat in (lambda: [0] * length, lambda: (0,) * length, lambda: [0, 1] * (length // 2)):
        try:
            repeat()
        except MemoryError:
            continue
        raise SystemExit(f"got {length} items")
print("contained")
