#: what: Copies tens of mebibytes again and again: operations that WebAssembly cannot interrupt in the middle.
#: expect: timed out
#: timeout: 0.5
#: memory: 256
buffer = bytearray(40 << 20)
while True:
    buffer[1:] = buffer[:-1]
