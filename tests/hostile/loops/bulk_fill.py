#: what: Fills large new buffers again and again.
#: expect: timed out
#: timeout: 0.5
#: memory: 256
while True:
    b"x" * (80 << 20)
