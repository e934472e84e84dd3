#: what: Compares values that are nested very deep.
#: expect: exited 0
#: stdout: contained
left, right = [], []
for _ in range(50_000):
    left, right = [left], [right]
for attempt in (lambda: left == right, lambda: left < right, lambda: left in [right], lambda: [left].index(right)):
    try:
        attempt()
    except RecursionError:
        continue
    raise SystemExit("compared")
print("contained")
