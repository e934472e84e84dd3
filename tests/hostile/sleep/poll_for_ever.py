#: what: Waits in poll on an input that never comes.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
import select

poll = select.poll()
poll.register(0, select.POLLIN)
poll.poll()
