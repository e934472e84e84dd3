# sqlite3 in memory: joins, transactions, row factories, functions and aggregates of the script's own, errors
import datetime
import sqlite3

db = sqlite3.connect(":memory:")
db.executescript("""
    CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER REFERENCES author(id), title TEXT, price REAL, cover BLOB);
    CREATE INDEX by_author ON book (author);
""")
db.executemany("INSERT INTO author (name) VALUES (?)", [("Ada",), ("Бора",), ("李",)])
books = [(1, "First é 🐍", 9.5, b"\x00\xff"), (1, "Second", None, None), (2, "Third", 1e10, b"")]
db.executemany("INSERT INTO book (author, title, price, cover) VALUES (?, ?, ?, ?)", books)
db.commit()
print(db.execute("SELECT name, title, price, cover FROM author LEFT JOIN book ON book.author = author.id ORDER BY author.id, book.id").fetchall())
print(db.execute("SELECT name, count(title), sum(price) FROM author LEFT JOIN book ON author = author.id GROUP BY name HAVING count(title) > :least ORDER BY name", {"least": 0}).fetchall())
print(db.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x * 2 FROM n WHERE x < 1000) SELECT group_concat(x) FROM n").fetchone())
print(db.execute("SELECT title, rank() OVER (ORDER BY price DESC NULLS LAST) FROM book").fetchall())

db.row_factory = sqlite3.Row
row = db.execute("SELECT * FROM book WHERE id = 1").fetchone()
print(row["title"], row.keys(), tuple(row), len(row))
db.row_factory = lambda cursor, row: {column[0]: value for column, value in zip(cursor.description, row)}
print(db.execute("SELECT id, title FROM book LIMIT 1 OFFSET 1").fetchone())
db.row_factory = None

try:
    with db:
        db.execute("DELETE FROM book")
        db.execute("INSERT INTO author (name) VALUES ('Ada')")
except sqlite3.IntegrityError as error:
    print(error, error.sqlite_errorname, db.execute("SELECT count(*) FROM book").fetchone(), db.in_transaction)
with db:
    print(db.execute("UPDATE book SET price = price * 2 WHERE price < 100").rowcount, db.total_changes)

db.create_function("reverse", 1, lambda text: text[::-1], deterministic=True)
class Longest:
    def __init__(self):
        self.longest = ""
    def step(self, text):
        self.longest = max(self.longest, text, key=len)
    def finalize(self):
        return self.longest
db.create_aggregate("longest", 1, Longest)
db.create_collation("backwards", lambda a, b: (a < b) - (a > b))
print(db.execute("SELECT reverse(name), longest(name) FROM author").fetchone(), db.execute("SELECT name FROM author ORDER BY name COLLATE backwards").fetchall())
db.create_function("fails", 0, lambda: 1 / 0)

for statement, arguments in (("SELECT ?", (object(),)), ("SELEC 1", ()), ("SELECT * FROM nothing", ()), ("SELECT ?", ()), ("SELECT fails()", ()), ("INSERT INTO author (name) VALUES (NULL)", ()),
                             ("SELECT 1; SELECT 2", ()), ("SELECT :a", {"b": 1}), ("SELECT ?", (2**70,))):
    try:
        print(db.execute(statement, arguments).fetchall())
    except (sqlite3.Error, OverflowError, sqlite3.ProgrammingError) as error:
        print(type(error).__name__, error)

db.rollback()
sqlite3.register_adapter(datetime.date, datetime.date.isoformat)
print(db.execute("SELECT ?, typeof(?), json_extract('{\"a\": [1, 2]}', '$.a[1]'), upper('é'), 7 / 2, 7 % 3, 'a' || 'b', date('2024-02-29', '+1 year')", (datetime.date(2024, 2, 29), b"x")).fetchone())
copy = sqlite3.connect(":memory:")
db.backup(copy)
print(copy.execute("SELECT count(*) FROM author").fetchone(), [line for line in copy.iterdump() if "CREATE TABLE" in line])
with db.blobopen("book", "cover", 1) as blob:
    print(blob.read(), len(blob))
copy.close()
try:
    copy.execute("SELECT 1")
except sqlite3.ProgrammingError as error:
    print(error)
