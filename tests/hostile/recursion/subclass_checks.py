#: what: Asks isinstance about tuples and unions of classes that are nested very deep.
#: expect: exited 0
#: stdout: contained
classes = (int,)
for _ in range(100_000):
    classes = (classes, str)
for check in (lambda: isinstance(1.0, classes), lambda: issubclass(float, classes)):
    try:
        check()
    except RecursionError:
        continue
    raise SystemExit("checked")
print("contained")
