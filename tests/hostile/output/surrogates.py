#: what: Prints half of a pair of surrogates, which no encoding of the output has.
#: expect: exited 1
#: stderr: UnicodeEncodeError
print("\ud800")
