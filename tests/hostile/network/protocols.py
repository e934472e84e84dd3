#: what: Uses the library's clients to get out.
#: expect: exited 0
#: stdout: contained
import asyncio


def web():
    import urllib.request

    urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=1)


def local_file():
    import urllib.request

    urllib.request.urlopen("file:///etc/passwd")


def secure():
    import ssl

    ssl.create_default_context()


def files():
    import ftplib

    ftplib.FTP("ftp.example.org")


def mail():
    import smtplib

    smtplib.SMTP("localhost")


def log():
    import logging.handlers

    logging.handlers.SysLogHandler()


def unix():
    asyncio.run(asyncio.open_unix_connection("/var/run/docker.sock"))


for attempt in (web, local_file, secure, files, mail, log, unix):
    try:
        attempt()
    except (OSError, ImportError, AttributeError, NotImplementedError):
        continue
    raise SystemExit(attempt.__name__)
print("contained")
