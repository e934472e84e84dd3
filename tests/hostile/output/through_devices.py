#: what: Opens its output streams again as devices, and floods those.
#: expect: output too large
with open("/dev/stdout", "wb", buffering=0) as out, open("/dev/stderr", "wb", buffering=0) as err:
    while True:
        out.write(b"x" * 50_000)
        err.write(b"x" * 50_000)
