#: what: Asks for the most that an index can count.
#: expect: exited 1
#: stderr: MemoryError
bytes(2**31 - 100)
