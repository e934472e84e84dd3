#: what: Has control characters and terminal sequences where code should be, which then stand in the traceback.
#: expect: exited 1
#: stderr: SyntaxError
x = 1 [2J]0;owned 
