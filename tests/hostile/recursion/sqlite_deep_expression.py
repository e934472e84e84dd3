#: what: Sends SQLite expressions that are nested very deep.
#: expect: exited 0
#: stdout: contained
import sqlite3

database = sqlite3.connect(":memory:")
for query in ("SELECT " + "(" * 50_000 + "1" + ")" * 50_000, "SELECT 1" + "+1" * 100_000, "SELECT " + "NOT " * 100_000 + "1", "SELECT json('" + "[" * 100_000 + "')"):
    try:
        database.execute(query).fetchall()
    except (sqlite3.Error, RecursionError):
        continue
    raise SystemExit(query[:20])
print("contained")
