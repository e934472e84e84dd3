#: what: Builds a deep list until memory ends, which then has to be taken apart.
#: expect: exited 1 or aborted
#: stderr: MemoryError
nested = []
while True:
    nested = [nested]
