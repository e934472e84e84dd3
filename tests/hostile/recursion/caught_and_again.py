#: what: Catches every RecursionError at the bottom and goes down again.
#: expect: timed out
#: timeout: 0.5
def down():
    try:
        down()
    finally:
        down()


while True:
    try:
        down()
    except RecursionError:
        pass
