#: sandbox-only: a native CPython starts the process
# There are no other processes. Each refusal is an OSError that a script can catch
import os
import socket
import subprocess

def attempt(name, call):
    try:
        print(name, call())
    except OSError as error:
        print(name, type(error).__name__)

attempt("run", lambda: subprocess.run(["true"]))
attempt("check_output", lambda: subprocess.check_output("true", shell=True))
attempt("socketpair", socket.socketpair)
print(hasattr(os, "fork"), hasattr(os, "system"), hasattr(os, "execv"))
