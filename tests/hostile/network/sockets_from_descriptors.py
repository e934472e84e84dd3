#: what: Makes sockets out of descriptors that are there: the one to the server may be among them.
#: expect: exited 0
#: stdout: contained
import os
import socket

for fd in [*range(0, 64), 1023, 2**31 - 1, -1]:
    try:
        channel = socket.socket(fileno=fd) if fd > 2 else socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fd)
    except (OSError, AttributeError, ValueError):
        continue
    for use in (lambda: channel.recv(1), lambda: channel.send(b"x"), lambda: channel.accept(), lambda: channel.getpeername(), lambda: channel.shutdown(2)):
        try:
            use()
        except (OSError, AttributeError):
            continue
        raise SystemExit(f"descriptor {fd} talks")
    channel.detach()
assert os.write(1, b"") == 0
print("contained")
