#: what: Waits in select on an input that never comes.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
import select

select.select([0], [], [])
