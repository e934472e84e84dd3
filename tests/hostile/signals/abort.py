#: what: Aborts the interpreter.
#: expect: aborted
#: stderr: Fatal Python error
import os

os.abort()
