#: what: Asks for more bytes than an index can count.
#: expect: exited 1
#: stderr: Error
bytearray(2**31)
