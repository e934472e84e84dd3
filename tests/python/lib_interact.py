#: stdin: 1 + 1\nx = 5\nfor i in range(2):\n    print(i)\n\nx / 0\nimport sys; sys.exit(3)\n
#: exit: 3
# An interactive interpreter that a script starts: code.interact reads its lines from standard input
import code

code.interact(banner="welcome", local={"name": "value"}, exitmsg="bye")
