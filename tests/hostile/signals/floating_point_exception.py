#: what: Divides by zero in C.
#: expect: exited 0 or exited 1 or aborted
import faulthandler

faulthandler._sigfpe()
