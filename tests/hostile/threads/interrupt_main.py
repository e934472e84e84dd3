#: what: Interrupts the main thread with every signal number.
#: expect: exited 130
import _thread

for number in (-1, 0, 15, 64, 65, 2**31 - 1):
    try:
        _thread.interrupt_main(number)
    except (ValueError, OverflowError):
        pass
_thread.interrupt_main()
