#: what: Leaves so little memory that reporting the error needs more than there is.
#: expect: exited 1 or aborted
#: stderr: Error
#: memory: 64
kept = None
size = 1 << 24
while size:
    try:
        kept = (kept, bytearray(size))
    except MemoryError:
        size //= 2
kept = [kept] * 10
raise MemoryError
