#: what: Looks for environment variables, the host's or its own.
#: expect: exited 0
#: stdout: contained
import os

assert dict(os.environ) == {}, dict(os.environ)
os.environ["PATH"] = "/bin"
os.putenv("LD_PRELOAD", "/tmp/evil.so")
assert os.path.expandvars("$HOME$SHELL$PWD$USER") == "$HOME$SHELL$PWD$USER"
print("contained")
