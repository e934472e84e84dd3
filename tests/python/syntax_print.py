#: exit: 1
# Python 2
print "hello"
