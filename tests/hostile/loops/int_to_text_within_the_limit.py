#: what: Turns a huge integer into text without lifting Python's own limit on digits.
#: expect: exited 1
#: stderr: Exceeds the limit (4300 digits)
str(1 << 60_000_000)
