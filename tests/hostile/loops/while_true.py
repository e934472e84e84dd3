#: what: Loops in bytecode for ever.
#: expect: timed out
#: timeout: 0.5
while True:
    pass
