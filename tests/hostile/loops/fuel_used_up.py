#: what: Uses up its fuel long before its time.
#: expect: timed out
#: timeout: 30
#: fuel: 5000000
total = 0
while True:
    total += 1
