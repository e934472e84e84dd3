#: what: Copies almost a gibibyte with single instructions, to overrun the deadline by as much as it can.
#: expect: timed out
#: timeout: 1
#: memory: 2048
buffer = bytearray(900 << 20)
view = memoryview(buffer)
while True:
    view[1:] = view[:-1]
