#: what: Lets two generators feed each other for ever.
#: expect: timed out
#: timeout: 0.5
def ping():
    value = 0
    while True:
        value = yield value + 1


left, right = ping(), ping()
next(left), next(right)
value = 0
while True:
    value = left.send(right.send(value))
