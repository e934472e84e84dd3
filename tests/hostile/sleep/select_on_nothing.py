#: what: Waits in select for a long time on no descriptor at all.
#: expect: timed out
#: timeout: 0.5
import select

select.select([], [], [], 1e8)
