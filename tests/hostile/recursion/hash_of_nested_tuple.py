#: what: Hashes a tuple that is nested very deep, which CPython does without counting how deep it is.
#: expect: exited 0 or aborted
#: memory: 256
nested = ()
for _ in range(300_000):
    nested = (nested,)
{nested: 1}
