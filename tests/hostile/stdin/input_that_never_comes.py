#: what: Asks a question that nobody answers.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
input("your password? ")
