#: what: Recurses through SQLite: a function in SQL that runs the query that calls it.
#: expect: exited 1 or aborted
#: stderr: rror
import sqlite3
import sys

sys.setrecursionlimit(10**9)
database = sqlite3.connect(":memory:")


def again(_):
    return database.execute("SELECT again(1)").fetchone()[0]


database.create_function("again", 1, again)
again(0)
