#: what: Prints for ever.
#: expect: output too large
#: timeout: 20
#: output: 20000
while True:
    print("spam")
