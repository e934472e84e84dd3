# Files in the working directory: open modes, seek, truncate, listing, renaming, removing, permissions, errors
import errno
import os
import shutil
import stat
import tempfile

here = os.getcwd()
print(os.path.isabs(here), os.listdir(), os.path.exists(__file__), open(__file__, encoding="utf-8").readline(), os.path.abspath("x") == os.path.join(here, "x"))
with open("text.txt", "w", encoding="utf-8") as file:
    print(file.write("first é\nsecond 🐍\n"), file.name, file.mode, file.encoding, file.tell())
with open("text.txt", "a") as file:
    print("third", file=file)
with open("text.txt") as file:
    print(file.readlines(), file.seek(0), file.readline())
with open("bytes.bin", "wb+", buffering=0) as file:
    file.write(bytes(range(10)))
    file.seek(-3, os.SEEK_END)
    print(file.read(), file.truncate(5), file.seek(0), file.read(), file.seek(20), file.write(b"x"), os.fstat(file.fileno()).st_size)
print(open("bytes.bin", "rb").read())
with open("bytes.bin", "r+b") as file:
    file.seek(2)
    file.write(b"ZZ")
    file.flush()
    print(os.pread(file.fileno(), 4, 1), os.pwrite(file.fileno(), b"!", 0), os.lseek(file.fileno(), 0, os.SEEK_CUR))
try:
    open("text.txt", "x")
except FileExistsError as error:
    print(type(error).__name__, error.errno == errno.EEXIST, error.strerror, error.filename)
os.makedirs("a/b/c")
os.mkdir("empty")
for name in ("a/1", "a/b/2", "a/b/c/3", "ü 漢 🐍"):
    with open(name, "w") as file:
        file.write(name)
print(sorted(os.listdir()), [(folder, sorted(folders), sorted(files)) for folder, folders, files in os.walk("a")])
print(sorted((entry.name, entry.is_dir(), entry.is_file(), entry.is_file() and entry.stat().st_size) for entry in os.scandir(".") if entry.name != __file__.rpartition("/")[2]))
os.rename("a/1", "renamed")
os.replace("renamed", "text.txt")
print(open("text.txt").read(), os.path.getsize("text.txt"), stat.S_ISREG(os.stat("text.txt").st_mode), stat.S_ISDIR(os.stat("a").st_mode), os.path.isdir("a/b"), os.path.isfile("a"), os.access("text.txt", os.R_OK), os.path.samefile("a/b/..", "a"))
os.utime("text.txt", (1000, 2000.5))
print(os.stat("text.txt").st_mtime, os.stat("text.txt").st_atime, os.stat("text.txt").st_mtime_ns, os.stat("text.txt").st_nlink)
def attempt(name, call):
    try:
        print(name, call())
    except OSError as error:
        print(name, type(error).__name__, errno.errorcode.get(error.errno), error.strerror, error.filename)
attempt("missing", lambda: open("nothing/at/all"))
attempt("directory", lambda: open("a"))
attempt("not a directory", lambda: open("text.txt/x"))
attempt("rmdir full", lambda: os.rmdir("a"))
attempt("remove directory", lambda: os.rmdir("text.txt"))
attempt("mkdir twice", lambda: os.mkdir("a"))
attempt("listdir", lambda: os.listdir("nothing"))
attempt("write to read", lambda: open("text.txt").write("x"))
attempt("bad descriptor", lambda: os.read(99, 1))
attempt("closed twice", lambda: os.close(98))
attempt("rename", lambda: os.rename("nothing", "x"))
attempt("chdir", lambda: os.chdir("nothing"))
try:
    open("x" * 300, "w")
except OSError as error:
    print(errno.errorcode[error.errno])
os.symlink("text.txt", "link")
print(os.readlink("link"), os.path.islink("link"), open("link").read(), os.lstat("link").st_size, os.path.realpath("link") == os.path.join(here, "text.txt"))
os.chdir("a/b")
print(sorted(os.listdir()), os.path.relpath("../..", "."), os.getcwd() == os.path.join(here, "a/b"))
os.chdir(here)
shutil.copytree("a", "copy")
shutil.copy2("text.txt", "copy/text.txt")
shutil.move("copy/text.txt", "moved.txt")
print(sorted(os.listdir("copy")), open("copy/b/c/3").read(), os.stat("moved.txt").st_mtime, shutil.rmtree("copy"), os.path.exists("copy"))
os.chmod("moved.txt", 0o400)
print(oct(stat.S_IMODE(os.stat("moved.txt").st_mode)), os.remove("moved.txt"), os.path.exists("moved.txt"))
with tempfile.TemporaryDirectory() as folder:
    with tempfile.NamedTemporaryFile("w+", dir=folder, suffix=".txt", delete=False) as file:
        file.write("temporary")
    print(os.path.dirname(file.name) == folder, os.path.getsize(file.name), tempfile.gettempdir())
print(os.path.exists(folder))
with tempfile.TemporaryFile() as file, tempfile.SpooledTemporaryFile(max_size=10) as spooled:
    file.write(b"abc")
    file.seek(0)
    spooled.write(b"x" * 100)
    print(file.read(), spooled.tell())
first, second = os.open("fd", os.O_RDWR | os.O_CREAT), os.open("fd", os.O_RDONLY)
print(os.write(first, b"data"), os.read(second, 10), os.ftruncate(first, 2), os.fstat(second).st_size, os.unlink("fd"), os.read(second, 1), os.close(first), os.close(second))
