#: what: Has a C function report a fatal error.
#: expect: exited 1 or aborted
import faulthandler

faulthandler._fatal_error_c_thread()
