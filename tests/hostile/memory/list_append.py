#: what: Appends to a list until memory ends.
#: expect: exited 1
#: stderr: MemoryError
items = []
while True:
    items.append(items[:])
    items.append(bytes(1000))
