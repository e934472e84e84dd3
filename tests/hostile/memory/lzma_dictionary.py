#: what: Asks the decompressor for a dictionary of gibibytes.
#: expect: exited 0
#: stdout: contained
import lzma

filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1536 << 20}]
for use in (lambda: lzma.compress(b"x", lzma.FORMAT_RAW, filters=filters), lambda: lzma.decompress(b"\x01" * 20, lzma.FORMAT_RAW, filters=filters)):
    try:
        use()
    except (MemoryError, lzma.LZMAError):
        continue
    raise SystemExit("got it")
print("contained")
