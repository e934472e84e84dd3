#: what: Closes standard output and standard error before the end.
#: expect: exited 0
import sys

sys.stdout.close()
sys.stderr.close()
