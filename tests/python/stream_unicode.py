# Text beyond ASCII, on both streams
import sys
import unicodedata

for text in ("é", "ß", "漢字", "🐍", "👩‍👩‍👧", "e\u0301", "\u202eright to left", "\x1b[31mred\x1b[0m", "a\tb\x0b\x0c\x85", "\ufeff"):
    print(text, len(text), len(text.encode()), ascii(text), repr(text), [unicodedata.name(char, "?") for char in text][:2])
print("to stderr: é 🐍 \udcff", file=sys.stderr)
print("surrogates on stdout:", end=" ", flush=True)
print("\udce9".encode("utf-8", "surrogateescape"), file=sys.stdout)
try:
    print("\ud800")
except UnicodeEncodeError as error:
    print(error)
print("straße".upper(), "İ".lower().encode(), "ǆ".title(), "ﬃ".casefold(), "Σίσυφος".lower(), "٣".isdigit(), int("٣"))
print(sorted(["z", "ä", "a", "Z", "é"]), "é" == "e\u0301", unicodedata.normalize("NFC", "e\u0301") == "é", unicodedata.unidata_version[:3])
print(f"{'漢':>4}|{'é':^5}|{'🐍':*<3}|")
