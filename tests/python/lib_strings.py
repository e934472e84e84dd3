# str: methods, slices, formats, f-strings, translation, comparison
text = "Hello, Wörld 🐍"
print(text[::-1], text[-1], text[7:12], text[100:], text.upper(), text.swapcase(), text.partition(", "), text.rsplit(None, 1), text.find("ö"), text.count("l"), text.replace("l", "L", 2), text.startswith(("x", "He")), text.center(20, "·"), text.zfill(18), text.encode().hex(" ", 4))
print("a,b,,c".split(","), " a  b ".split(), "a\nb\r\nc\x0bd".splitlines(keepends=True), "-".join("abc"), "aXbX".rstrip("X"), "xxabcxx".strip("x"), "prefix-x".removeprefix("prefix-"), "tab\tx".expandtabs(8), "they're bill's".title(), "abc".translate(str.maketrans({"a": "1", "b": None, "c": "xyz"})), "%".join(["a"]), "42".isdigit(), "a1".isalnum(), "".isalpha(), "A".isupper(), "Ab".istitle(), "x".ljust(3) + "|", "x" * 3, "ab" in "cabd", "b" > "a", "abc".index("c"), "z" < "é")
name, width, value = "Ada", 10, 3.14159
print(f"{name:>{width}}|{name:<{width}}|{name:^{width}}|{value:{width}.{2}f}|{value!r:*^12}|{name[0]}|{name=}|{value = :.2f}|{'nested ' + f'{width + 1}'}|{{}}|{name!s:.2}|{[x for x in range(3)]}|{(lambda: 5)()}|{'a' if width else 'b'}|{width:#06x}|{1e6:,.0f}|{-5:05d}|{True:d}|{None}|{'"'}|{'\n'!r}")
print("{0} {1!r} {name[k]} {0.real:>4} {2:%Y}".format(1, "é", __import__("datetime").date(2024, 1, 1), name={"k": "v"}), "{:{}}|".format("a", 5), "{:,}".format(1234567), "{:+.1e}".format(12345.678), format(255, "b"), "{!a}".format("é"), "%(x)5.2f %%" % {"x": 1.5}, "%-5s|%5s|%.2s" % ("a", "b", "cde"), "%r %a" % ("é", "é"), "%*d" % (5, 42), "%s" % (1,), "%i %u" % (1.9, 2), "%c%c" % ("a", 98))
print(repr("quote ' and \" \\ \n \t \x00 \x7f \u2028 \U0001f40d \ud800 é"), ascii("é"), "a" "b", r"\d", "\N{BULLET}", "\x41", str(b"x", "ascii"), str(None), "é" == "\u00e9", "é" == "e\u0301", hash("a") == hash("a"), len("\U0001f468\u200d\U0001f469"), ord("é"), chr(0x1f40d), "abc"[1:][::-1], sorted("hello"), min("abc"), "".join(reversed("abc")), "ß".upper(), "x".__class__)
lines = """first
  second \
continued
third"""
print(lines, lines.count("\n"), "a;b".split(";", 0), "aaa".replace("", "-"), "abc".find(""), "".join([]), "a".join("bcd"), "\t x".lstrip(), "A-B_c".casefold(), "one two".capitalize(), "ab".encode("utf-16-be"), "a%20b".replace("%20", " "), "x".isidentifier(), "class".isidentifier(), " ".isprintable())
big = "".join(str(n) for n in range(20000))
print(len(big), big.count("99"), big.find("1234567"), hash(big) == hash("".join(big)), len(big.split("7")), big[5000:5010], len(big.replace("1", "one")), big.rindex("0"))
