#: what: Ends its lines with lone carriage returns, which hide code in what looks like a comment.
#: expect: exited 7
# harmlessimport syssys.exit(7)