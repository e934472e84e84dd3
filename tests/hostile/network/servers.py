#: what: Opens ports of its own.
#: expect: exited 0
#: stdout: contained
import asyncio
import socket


async def serve():
    await asyncio.start_server(print, "0.0.0.0", 8080)


def bind():
    listener = socket.socket()
    listener.bind(("0.0.0.0", 8080))
    listener.listen()


def http():
    import http.server

    http.server.HTTPServer(("", 8000), http.server.BaseHTTPRequestHandler)


for attempt in (lambda: asyncio.run(serve()), bind, http, lambda: socket.create_server(("", 80))):
    try:
        attempt()
    except (OSError, AttributeError, NotImplementedError):
        continue
    raise SystemExit("serves")
print("contained")
