#: what: Raises a group of groups of exceptions, nested very deep.
#: expect: exited 1 or aborted
#: stderr: rror
group = ValueError(1)
for _ in range(50_000):
    group = ExceptionGroup("x", [group])
group.split(KeyError)
raise group
