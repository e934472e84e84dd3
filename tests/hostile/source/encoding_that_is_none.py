#: what: Names a source coding: base64, which turns bytes into bytes.
#: expect: exited 1
#: stderr: SyntaxError
print("never run")
