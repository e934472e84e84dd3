#: what: Interrupts itself, as somebody would do with Ctrl-C.
#: expect: exited 130
#: stderr: KeyboardInterrupt
import signal

signal.raise_signal(signal.SIGINT)
