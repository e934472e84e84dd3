#: what: Has byte order marks in the middle of the code.
#: expect: exited 1
#: stderr: SyntaxError
x = 1
﻿print(x)
