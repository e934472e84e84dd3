#: exit: 1
# TabError
if True:
        print(1)
	print(2)
