#: what: Replaces every letter by many, so that the result does not fit.
#: expect: exited 1
#: timeout: 20
#: stderr: Error
text = "a" * 60_000
text.replace("a", text)
