#: what: Reads standard input to an end that never comes.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
import sys

sys.stdin.read()
