#: what: Connects to the network, to services of the cloud and to sockets of the host.
#: expect: exited 0
#: stdout: contained
import socket

targets = (("127.0.0.1", 80), ("169.254.169.254", 80), ("example.org", 443), ("localhost", 22), ("10.0.0.1", 53), ("::1", 80))
for target in targets:
    for attempt in (lambda: socket.create_connection(target, 1), lambda: socket.socket().connect(target), lambda: socket.getaddrinfo(*target)):
        try:
            result = attempt()
        except (OSError, AttributeError):
            continue
        raise SystemExit(f"{target}: {result}")
print("contained")
