#: what: Aborts when its output is used up, so that there is no room for the line that says so.
#: expect: aborted or output too large
#: output: 1000
import os

os.write(1, b"x" * 1000)
os.abort()
