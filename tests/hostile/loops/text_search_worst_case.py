#: what: Searches backwards for a needle that nearly matches everywhere, which is quadratic in C.
#: expect: timed out
#: timeout: 0.5
haystack = "a" * 8_000_000
haystack.rfind("ab" + "a" * 4_000_000)
