#: what: Calls itself for ever.
#: expect: exited 1
#: stderr: RecursionError: maximum recursion depth exceeded
def down():
    return down() + 1


down()
