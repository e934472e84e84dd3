#: what: Writes a tower of powers as a constant, for the compiler to fold.
#: expect: timed out
#: timeout: 0.5
10 ** 10 ** 8
