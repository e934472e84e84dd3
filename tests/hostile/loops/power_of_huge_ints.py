#: what: Multiplies integers of hundreds of millions of digits in one operation.
#: expect: timed out
#: timeout: 0.5
base = 3
base ** 100_000_000
