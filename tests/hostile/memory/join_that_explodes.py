#: what: Joins a text with itself between all its letters.
#: expect: exited 1
#: stderr: Error
text = "\N{SNAKE}" * 100_000
text.join(text)
