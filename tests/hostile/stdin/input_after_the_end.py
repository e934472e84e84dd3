#: what: Goes on asking after the end of input.
#: expect: exited 1
#: stdout: more?
#: stderr: EOFError
input("more?")
