# A database in a file, opened again, with two connections, and a rollback journal
import os
import sqlite3
from contextlib import closing

with closing(sqlite3.connect("shop.db")) as db:
    with db:
        db.execute("CREATE TABLE item (name TEXT PRIMARY KEY, count INTEGER CHECK (count >= 0)) WITHOUT ROWID")
        db.executemany("INSERT INTO item VALUES (?, ?)", ((f"item {number:04}", number) for number in range(5000)))
print(open("shop.db", "rb").read(15), os.path.getsize("shop.db") % 4096)
with closing(sqlite3.connect("shop.db", timeout=0)) as one, closing(sqlite3.connect("file:shop.db?mode=ro", uri=True)) as two:
    one.execute("BEGIN IMMEDIATE")
    one.execute("UPDATE item SET count = count + 1")
    print(two.execute("SELECT sum(count) FROM item").fetchone(), one.execute("SELECT sum(count) FROM item").fetchone())
    one.rollback()
    one.execute("DELETE FROM item WHERE count % 2")
    one.commit()
    print(two.execute("SELECT count(*), max(name) FROM item").fetchone())
    try:
        two.execute("DELETE FROM item")
    except sqlite3.OperationalError as error:
        print(error)
    try:
        one.execute("UPDATE item SET count = -1")
    except sqlite3.IntegrityError as error:
        print(error)
    one.rollback()
    one.execute("VACUUM")
    print(one.execute("PRAGMA integrity_check").fetchone())
print(sorted(os.listdir()))
try:
    sqlite3.connect("no/such/folder/x.db")
except sqlite3.OperationalError as error:
    print(error)
