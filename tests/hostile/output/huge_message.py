#: what: Raises an exception whose message is larger than the output may be.
#: expect: output too large
raise ValueError("x" * (10 << 20))
