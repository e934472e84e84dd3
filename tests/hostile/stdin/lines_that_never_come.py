#: what: Walks the lines of an input that never comes, through a second stream on the same descriptor.
#: expect: timed out
#: timeout: 0.5
#: stdin: open
for line in open("/dev/stdin"):
    pass
