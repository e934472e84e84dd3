#: what: Pads a short text to a huge width in every way there is.
#: expect: exited 0
#: stdout: contained
width = 2**31 - 1
attempts = (
    lambda: "x".ljust(width),
    lambda: "x".zfill(width),
    lambda: "x".center(width, "\N{SNAKE}"),
    lambda: format(1, f"0{width}d"),
    lambda: format(1.5, f".{width}f"),
    lambda: "%*d" % (width, 1),
    lambda: f"{'x':>{width}}",
    lambda: "\t".expandtabs(width),
    lambda: b"\t\t\t\t".expandtabs(width),
    lambda: b"x".center(width),
    lambda: (1).to_bytes(width, "big"),
    lambda: 1 << 2**31,
)
for attempt in attempts:
    try:
        attempt()
    except (MemoryError, OverflowError, ValueError):
        continue
    raise SystemExit("got it")
print("contained")
