#: what: Leaves its output in Python's buffers, to be written when the script is over.
#: expect: output too large
#: output: 1000
import sys

sys.stdout.reconfigure(line_buffering=False, write_through=False)
sys.stdout.write("x" * 5000)
