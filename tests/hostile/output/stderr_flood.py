#: what: Floods standard error instead of standard output.
#: expect: output too large
import sys

while True:
    sys.stderr.write("x" * 1000 + "\n")
