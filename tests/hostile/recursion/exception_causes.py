#: what: Raises an exception whose chain of causes is a hundred thousand long and has a loop at its end.
#: expect: exited 1 or output too large
#: timeout: 20
#: stderr: ValueError
first = last = ValueError("first")
for number in range(100_000):
    new = ValueError(number)
    new.__cause__ = last
    last = new
first.__context__ = last
raise last
