#: what: Uses up all memory, catches the error, lets go and goes on, a few times over.
#: expect: exited 0
#: stdout: contained
for _ in range(5):
    kept = []
    try:
        while True:
            kept.append(bytes(100_000))
    except MemoryError:
        kept = None
print("contained")
