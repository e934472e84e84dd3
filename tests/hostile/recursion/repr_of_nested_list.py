#: what: Prints a list that is nested very deep.
#: expect: exited 1
#: stderr: RecursionError
nested = []
for _ in range(200_000):
    nested = [nested]
repr(nested)
