#: what: Loads pickles of a few bytes that speak of objects of gibibytes.
#: expect: exited 0
#: stdout: contained
import pickle

bombs = (
    b"\x80\x04Nr\xff\xff\xff\x7f.",
    b"\x80\x04Nr\xff\xff\xff\xff.",
    b"\x80\x04B\xff\xff\xff\x7fx.",
    b"\x80\x05\x8e\xff\xff\xff\x7f\x00\x00\x00\x00x.",
    b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7fx.",
    b"\x80\x04\x8d\xff\xff\xff\xff\x00\x00\x00\x00x.",
    b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    b"\x80\x04j\xff\xff\xff\xff.",
    b"\x80\x02\x8b\xff\xff\xff\x7fx.",
)
for bomb in bombs:
    try:
        pickle.loads(bomb)
    except (MemoryError, ValueError, OverflowError, EOFError, pickle.UnpicklingError):
        continue
    raise SystemExit(f"loaded {bomb}")
print("contained")
