# pathlib, zipfile, tarfile, glob, fnmatch, filecmp, mimetypes, dbm
import filecmp
import fnmatch
import glob
import io
import mimetypes
import tarfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

root = Path("tree")
(root / "sub" / "deep").mkdir(parents=True)
(root / "a.txt").write_text("é\n", encoding="utf-8")
(root / "sub" / "b.bin").write_bytes(bytes(1000))
(root / "sub" / "deep" / "c.txt").touch()
print(sorted(str(path) for path in root.rglob("*.txt")), sorted(path.name for path in root.iterdir()), sorted(glob.glob("tree/**/*.txt", recursive=True)), fnmatch.filter(["a.py", "b.txt"], "*.py"))
path = Path("tree/sub/b.tar.gz")
print(path.suffixes, path.stem, path.parent, path.parts, path.with_suffix(".x"), path.with_name("n"), path.exists(), path.is_absolute(), (root / "a.txt").stat().st_size, path.relative_to("tree"), Path("a/../b").resolve() == Path.cwd() / "b", Path.cwd().is_dir())
print(PureWindowsPath("C:\\a\\b").as_posix(), PurePosixPath("/a//b/./c"), PurePosixPath("a/b").match("*/b"), [folder.as_posix() for folder, _, _ in root.walk()][:1], PurePosixPath("/a") / "/b", repr(Path()))
for wrong in (lambda: root.rmdir(), lambda: path.read_text(), lambda: root.mkdir(), lambda: path.relative_to("other"), lambda: (root / "a.txt").unlink(), lambda: (root / "a.txt").unlink()):
    try:
        print(wrong())
    except (OSError, ValueError) as error:
        print(type(error).__name__, str(error).partition("] ")[2] or error)
with zipfile.ZipFile("archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(root.rglob("*")):
        archive.write(path)
    archive.writestr("ü.txt", "text 🐍")
    archive.writestr(zipfile.ZipInfo("stored.txt", (2024, 1, 2, 3, 4, 6)), "x" * 50, compress_type=zipfile.ZIP_LZMA)
with zipfile.ZipFile("archive.zip") as archive:
    print(archive.namelist(), archive.testzip(), archive.read("ü.txt").decode(), archive.getinfo("stored.txt").date_time, archive.getinfo("tree/sub/b.bin").compress_size < 100)
    archive.extractall("unpacked")
    with archive.open("stored.txt") as file:
        print(len(file.read()))
print(zipfile.is_zipfile("archive.zip"), sorted(path.as_posix() for path in Path("unpacked").rglob("*.txt")), (zipfile.Path("archive.zip") / "ü.txt").read_text(encoding="utf-8"))
for mode in ("gz", "bz2", "xz", ""):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{mode}") as archive:
        archive.add("tree", arcname="t")
    buffer.seek(0)
    with tarfile.open(fileobj=buffer) as archive:
        print(mode, archive.getnames(), archive.extractfile("t/sub/b.bin").read(3))
        archive.extractall(f"tar{mode}", filter="data")
print(filecmp.cmp("tree/sub/b.bin", "targz/t/sub/b.bin"), filecmp.dircmp("tree", "targz/t").same_files, mimetypes.guess_type("a.tar.gz"), mimetypes.guess_type("x.html"))
try:
    zipfile.ZipFile(io.BytesIO(b"not a zip"))
except zipfile.BadZipFile as error:
    print(error)
try:
    tarfile.open(fileobj=io.BytesIO(b"not a tar"))
except tarfile.ReadError as error:
    print(str(error).splitlines()[0])
