#: what: Waits on wrong descriptors, with wrong times and for too many things at once.
#: expect: exited 0
#: stdout: contained
import select

attempts = (
    lambda: select.select([5], [], [], 0),
    lambda: select.select([-1], [], [], 0),
    lambda: select.select([2**31 - 1], [], [], 0),
    lambda: select.select([1024], [], [], 0),
    lambda: select.select([0] * 100_000, [1] * 100_000, [], 0),
    lambda: select.select([], [], [], -1),
    lambda: select.select([], [], [], float("nan")),
    lambda: select.select([], [], [0], 0),
    lambda: select.poll().poll(2**31),
    lambda: select.poll().register(-1),
    lambda: select.poll().register(2**31),
    lambda: select.poll().register(0, 2**31),
    lambda: select.poll().modify(0, 1),
)
for number, attempt in enumerate(attempts):
    if number == 8:
        continue  # that one may wait, as it was asked to
    try:
        attempt()
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        pass
poll = select.poll()
for fd in (1023, 1024, 5000, 2**31 - 1):
    poll.register(fd, 0xFFFF)
for timeout in (0, 1):
    try:
        poll.poll(timeout)
    except OSError:
        pass
print("contained")
