# zlib, gzip, bz2, lzma: round trips, streams, damaged data
import bz2
import gzip
import io
import lzma
import zlib

data = b"".join(b"line %d of some text that repeats itself\n" % (number % 100) for number in range(5000))
for module in (zlib, gzip, bz2, lzma):
    small = module.compress(data)
    print(module.__name__, module.decompress(small) == data, len(small) < len(data) // 10, module.decompress(module.compress(b"")) == b"")
print(lzma.decompress(lzma.compress(data, format=lzma.FORMAT_ALONE)) == data, lzma.compress(b"a", check=lzma.CHECK_CRC32)[:6], bz2.compress(b"a")[:4], gzip.compress(b"a", mtime=0)[:4], zlib.compress(b"a", 9))
compressor, decompressor = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
small = compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH) + compressor.flush()
print(len(decompressor.decompress(small, 100)), len(decompressor.unconsumed_tail) > 0, decompressor.decompress(decompressor.unconsumed_tail) == data[100:], decompressor.eof)
for module in (gzip, bz2, lzma):
    with module.open("data", "wt", encoding="utf-8") as file:
        file.write("first é\nsecond\n")
    with module.open("data", "ab") as file:
        file.write(b"third")
    with module.open("data", "rt", encoding="utf-8") as file:
        print(module.__name__, file.readlines(), open("data", "rb").read(2))
file = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(data)))
print(file.read(10), file.seek(100), file.readline(), file.tell(), file.seekable())
for call in (lambda: zlib.decompress(b"nonsense"), lambda: zlib.decompress(zlib.compress(data)[:-5]), lambda: gzip.decompress(b"not gzip"), lambda: bz2.decompress(b"BZh9 nonsense"), lambda: lzma.decompress(b"nonsense"), lambda: gzip.decompress(gzip.compress(data)[:-3]), lambda: bz2.decompress(bz2.compress(data)[:-3]), lambda: lzma.decompress(lzma.compress(data)[:-3])):
    try:
        print(len(call()))
    except (zlib.error, OSError, ValueError, lzma.LZMAError, EOFError) as error:
        print(type(error).__name__, error)
