#: what: Replaces every letter by many, so that the result does not fit.
#: expect: exited 1
#: stderr: Error
text = "a" * 60_000
text.replace("a", text)
