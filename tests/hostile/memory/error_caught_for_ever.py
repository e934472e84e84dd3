#: what: Catches every MemoryError, keeps what it has and tries again.
#: expect: timed out
#: timeout: 1
#: memory: 64
kept = []
size = 1 << 24
while True:
    try:
        kept.append(bytearray(size))
    except MemoryError:
        size = max(size // 2, 1)
