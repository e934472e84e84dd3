#: what: Names a source coding: no_such_encoding_at_all
#: expect: exited 1
#: stderr: SyntaxError
print("never run")
