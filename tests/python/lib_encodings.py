# Codecs: all kinds of encodings, error handlers, incremental decoding, idna, unicodedata
import codecs
import encodings.aliases
import io
import locale
import unicodedata

text = "Grüße, 漢字かな, Привет, 🐍, €"
for name in ("utf-8", "utf-16", "utf-32-be", "utf-7", "utf-8-sig", "gb18030", "unicode-escape", "raw-unicode-escape"):
    data = text.encode(name)
    print(name, len(data), data[:12], data.decode(name) == text)
for name, sample in (("latin-1", "é"), ("cp1252", "€"), ("cp437", "█"), ("koi8-r", "П"), ("shift_jis", "漢字"), ("euc-jp", "漢字"), ("gbk", "漢"), ("big5", "漢"), ("euc-kr", "한"), ("iso-2022-jp", "漢"), ("iso8859-15", "€"), ("mac-roman", "é"), ("cp1251", "П"), ("idna", "bücher.example"), ("punycode", "bücher"), ("hz", "汉")):
    data = sample.encode(name)
    print(name, data, data.decode(name) == sample)
for handler in ("strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "namereplace", "surrogateescape", "surrogatepass"):
    try:
        print(handler, "aé🐍\ud800"[:3].encode("ascii", handler))
    except UnicodeError as error:
        print(handler, error)
    try:
        print(handler, ascii(b"a\xff\xc3".decode("utf-8", handler)))
    except (UnicodeError, TypeError) as error:
        print(handler, error)
codecs.register_error("own", lambda error: (f"<{ascii(error.object[error.start:error.end])}>", error.end))
print("aé".encode("ascii", "own"), b"a\xff".decode("ascii", "own"), codecs.encode("Hello", "rot13"), codecs.decode(b"68656c6c6f", "hex"), codecs.encode(b"x" * 20, "zlib")[:2], codecs.lookup("UTF8").name, codecs.BOM_UTF8)
decoder = codecs.getincrementaldecoder("utf-8")()
print([decoder.decode(bytes([byte])) for byte in "é🐍".encode()], list(codecs.iterdecode([b"\xe6", b"\xbc\xa2"], "utf-8")))
try:
    decoder.decode(b"\xf0", final=True)
except UnicodeDecodeError as error:
    print(error, error.start, error.reason)
for wrong in (lambda: "x".encode("no-such-codec"), lambda: b"x".decode("hex"), lambda: b"\xff\xfe\x00".decode("utf-16"), lambda: "漢".encode("latin-1"), lambda: b"\x81".decode("cp1252"), lambda: codecs.lookup(5), lambda: b"\xed\xa0\x80".decode()):
    try:
        print(wrong())
    except (LookupError, UnicodeError, TypeError) as error:
        print(type(error).__name__, error)
with io.open("file", "w", encoding="utf-16-le", newline="\r\n") as file:
    file.write("é\n")
print(open("file", "rb").read(), open("file", encoding="utf-16-le").read())
for char in "é漢🐍Ⅷ½ß\u0301 a5":
    print(f"U+{ord(char):04X}", unicodedata.name(char, "?"), unicodedata.category(char), unicodedata.numeric(char, None), unicodedata.combining(char), unicodedata.east_asian_width(char), unicodedata.decomposition(char))
print([len(unicodedata.normalize(form, "é½ﬁ각")) for form in ("NFC", "NFD", "NFKC", "NFKD")], unicodedata.lookup("GREEK SMALL LETTER ALPHA"), "ǅ".lower(), "ŉ".upper(), "ΑΣ".lower(), "ı".upper(), "ß".casefold(), "a\u0300".isidentifier(), "٣".isdecimal(), "²".isdigit(), "Ⅷ".isnumeric(), "\u3000".isspace(), "\x85".splitlines(), "é".isprintable(), "\u200b".isprintable())
print(locale.getlocale()[1], locale.getencoding(), locale.localeconv()["decimal_point"], f"{1234567.5:n}", locale.format_string("%.2f", 1234.5, grouping=True), locale.strcoll("a", "b") < 0, locale.setlocale(locale.LC_ALL, "C"))
