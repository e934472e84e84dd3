#: what: Runs a recursive query without an end inside SQLite's own virtual machine.
#: expect: timed out
#: timeout: 0.5
import sqlite3

query = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
sqlite3.connect(":memory:").execute(query).fetchall()
