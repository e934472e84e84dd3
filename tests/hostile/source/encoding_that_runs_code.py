#: what: Names a source coding: unicode_escape, under which comments can hide line breaks and code.
#: expect: exited 0
#: stdout: shown
# \x0aprint("hidden")
print("shown")
