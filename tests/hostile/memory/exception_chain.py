#: what: Grows a chain of exceptions and their tracebacks until memory ends.
#: expect: exited 1 or aborted
#: stderr: Error
last = None
while True:
    try:
        raise ValueError("x" * 100) from last
    except ValueError as error:
        last = error
