#: what: Makes the interpreter crash itself, with the fault handler watching.
#: expect: exited 0 or exited 1 or aborted
#: never: /root
import faulthandler

faulthandler.enable()
faulthandler._sigsegv()
