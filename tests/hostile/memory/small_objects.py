#: what: Fills memory with small objects, so that the allocation that fails is a tiny one.
#: expect: exited 1 or aborted
#: timeout: 20
#: stderr: MemoryError
chain = None
while True:
    chain = (chain, object())
