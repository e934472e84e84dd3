#: what: Reads from address zero.
#: expect: exited 0 or exited 1 or aborted
import faulthandler

faulthandler._read_null()
