#: what: Grows a chain of exceptions and their tracebacks until memory ends.
#: expect: exited 1 or aborted
#: timeout: 20
#: stderr: Error
last = None
while True:
    try:
        raise ValueError("x" * 100) from last
    except ValueError as error:
        last = error
