#: what: Prints for ever.
#: expect: output too large
#: output: 20000
while True:
    print("spam")
