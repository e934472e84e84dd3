#: what: Is a script of bytes that are not UTF-8.
#: expect: exited 1
#: stderr: SyntaxError
#: never: after
text = "ÿþÀ€í €"
print("after")
