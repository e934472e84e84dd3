#: what: Opens and attaches the host's files as databases, and loads extensions.
#: expect: exited 0
#: stdout: contained
import sqlite3

database = sqlite3.connect(":memory:")
attempts = (
    lambda: database.execute("ATTACH '/etc/passwd' AS x"),
    lambda: database.execute("ATTACH 'file:/proc/self/environ?mode=ro' AS x"),
    lambda: sqlite3.connect("/etc/passwd"),
    lambda: sqlite3.connect("file:///etc/passwd?immutable=1", uri=True),
    lambda: database.enable_load_extension(True),
    lambda: database.execute("SELECT load_extension('/lib/x86_64-linux-gnu/libc.so.6')"),
    lambda: database.execute("SELECT readfile('/etc/passwd')"),
    lambda: database.execute("VACUUM INTO '/usr/lib/python3.13/x.db'"),
)
for number, attempt in enumerate(attempts):
    try:
        attempt()
    except (sqlite3.Error, AttributeError):
        continue
    raise SystemExit(f"attempt {number} went through")
print("contained")
