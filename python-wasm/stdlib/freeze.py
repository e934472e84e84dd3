#!/usr/bin/env python3.13
"""Turns the standard library into data that the guest carries in its memory image.

Writes four files into OUT:
    frozen.bin, frozen.c    the compiled code of every module, and the table PyImport_FrozenModules points to:
                            an import needs no file and no compiler
    static.bin, static.c    the read-only files of memfs (struct memfs_static_file): the modules' sources, which
                            tracebacks quote and inspect reads, and the time zones

The same inputs give the same bytes: names are sorted, and the caller sets PYTHONHASHSEED.

Usage: freeze.py --lib LIB --zoneinfo DIR --out OUT [--hidden FILE.py ...]
    --hidden   modules of the guest itself (frozen under their own name, not shown as files)
"""
import argparse
import marshal
import os
import sys
from dataclasses import dataclass
from pathlib import Path

HOME = "/usr/lib/python3.13"
ZONES = "/usr/share/zoneinfo"

# What sys.executable names. There is nothing to execute, but some look whether it is there.
EXECUTABLE = {"/usr/bin/python3": b""}

# Top-level names that make no sense in the guest: its own tests, windows on a screen, an installer.
SKIP_TOP = {"test", "idlelib", "tkinter", "turtledemo", "turtle.py", "ensurepip", "site-packages"}
SKIP_ANYWHERE = {"__pycache__", "test", "tests", "idle_test", "_bundled"}


@dataclass(frozen=True)
class Module:
    name: str
    shown_as: str  # the path in tracebacks
    source: bytes
    is_package: bool
    hidden: bool = False


def library_modules(lib: Path):
    """Every module below lib. A folder without __init__.py is not a package, so it is skipped."""
    for folder, subfolders, files in os.walk(lib):
        here = Path(folder).relative_to(lib)
        at_top = here == Path(".")
        skip = SKIP_ANYWHERE | (SKIP_TOP if at_top else set())
        if not at_top and "__init__.py" not in files:
            subfolders.clear()
            continue
        subfolders[:] = sorted(set(subfolders) - skip)
        for file in sorted(set(files) - skip):
            if file.endswith(".py"):
                yield library_module(lib, here / file)


def library_module(lib: Path, path: Path) -> Module:
    parts = path.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, f"{HOME}/{path}", (lib / path).read_bytes(), is_package)


def hidden_module(path: Path) -> Module:
    return Module(path.stem, f"{HOME}/{path.name}", path.read_bytes(), is_package=False, hidden=True)


class Blob:
    """Many byte strings in one file; each starts at a multiple of 16."""

    def __init__(self):
        self.bytes = bytearray()

    def add(self, data: bytes) -> int:
        self.bytes.extend(bytes(-len(self.bytes) % 16))
        offset = len(self.bytes)
        self.bytes.extend(data)
        return offset


def quoted(text: str) -> str:
    """A C string literal. Names here are plain; anything else would be a mistake worth stopping at."""
    if not text.isascii() or not text.isprintable() or '"' in text or "\\" in text:
        raise ValueError(f"cannot write {text!r} as a C string")
    return f'"{text}"'


def c_file(comment: str, blob_file: str, head: str, rows: list[str], tail: str) -> str:
    return "\n".join([
        f"/* {comment} Made by freeze.py. */",
        head,
        "",
        "static const unsigned char blob[] __attribute__((aligned(16))) = {",
        f'#embed "{blob_file}"',
        "};",
        "",
        *rows,
        tail,
        "",
    ])


def write_frozen(out: Path, modules: list[Module]):
    blob, rows = Blob(), []
    for module in modules:
        code = compile(module.source, module.shown_as, "exec", dont_inherit=True, optimize=0)
        data = marshal.dumps(code)
        offset = blob.add(data)
        rows.append(f"\t{{{quoted(module.name)}, blob + {offset}, {len(data)}, {int(module.is_package)}}},")
    (out / "frozen.bin").write_bytes(blob.bytes)
    (out / "frozen.c").write_text(c_file(
        "The compiled standard library.", "frozen.bin", "#include <Python.h>",
        ["const struct _frozen frozen_stdlib[] = {", *rows], "\t{0, 0, 0, 0},\n};"))


def write_static(out: Path, files: dict[str, bytes]):
    blob, rows = Blob(), []
    for path, data in sorted(files.items()):
        rows.append(f"\t{{{quoted(path)}, blob + {blob.add(data)}, {len(data)}}},")
    (out / "static.bin").write_bytes(blob.bytes)
    (out / "static.c").write_text(c_file(
        "The read-only files of the guest.", "static.bin", '#include "memfs.h"',
        ["const struct memfs_static_file memfs_static[] = {", *rows, "};",],
        f"const uint32_t memfs_static_count = {len(files)};"))


def zone_files(zoneinfo: Path) -> dict[str, bytes]:
    return {
        f"{ZONES}/{path.relative_to(zoneinfo)}": path.read_bytes()
        for path in zoneinfo.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lib", type=Path, required=True)
    parser.add_argument("--zoneinfo", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hidden", type=Path, nargs="*", default=[])
    return parser.parse_args()


def main():
    args = arguments()
    modules = [*library_modules(args.lib)]
    modules += [hidden_module(path) for path in args.hidden]
    modules.sort(key=lambda module: module.name)
    files = {module.shown_as: module.source for module in modules if not module.hidden}
    zones = zone_files(args.zoneinfo)
    write_frozen(args.out, modules)
    write_static(args.out, files | zones | EXECUTABLE)
    print(f"{len(modules)} modules, {len(files)} source files, {len(zones)} time zone files")


if __name__ == "__main__":
    sys.exit(main())
