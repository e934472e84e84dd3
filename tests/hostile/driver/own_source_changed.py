#: what: Changes its own source while it runs, so that the traceback quotes what was never there.
#: expect: exited 1
#: stderr: ZeroDivisionError
import os

with open(__file__, "w") as file:
    file.write("\x00\xff" * 100_000)
os.remove(__file__)
os.mkdir(__file__)
1 / 0
