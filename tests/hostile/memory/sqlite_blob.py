#: what: Makes SQLite allocate blobs of a gibibyte.
#: expect: exited 0
#: stdout: contained
import sqlite3

database = sqlite3.connect(":memory:")
for query in ("SELECT randomblob(900000000)", "SELECT hex(zeroblob(400000000))", "SELECT printf('%.*c', 1900000000, 'x')"):
    try:
        database.execute(query).fetchall()
    except (MemoryError, sqlite3.Error):
        continue
    raise SystemExit(query)
print("contained")
