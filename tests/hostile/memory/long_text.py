#: what: Repeats a text until memory ends.
#: expect: exited 1
#: stderr: MemoryError
"x" * (1 << 30)
