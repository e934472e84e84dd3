#: what: Waits on as many descriptors as there can be, standard input among them.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
import os
import select

read_end = [0]
try:
    while True:
        read_end.append(os.open("/dev/zero", os.O_RDONLY))
except OSError:
    pass
while True:
    poll = select.poll()
    for fd in read_end:
        poll.register(fd, select.POLLIN)
    poll.poll(1000)
