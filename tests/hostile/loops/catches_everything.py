#: what: Swallows every exception, so that nothing raised inside Python can end the loop.
#: expect: timed out
#: timeout: 0.5
while True:
    try:
        while True:
            1 / 0
    except BaseException:
        continue
    finally:
        continue
