#: what: Makes classes until memory ends.
#: expect: exited 1
#: timeout: 20
#: stderr: MemoryError
kept = []
while True:
    kept.append(type("Class", (), {}))
