# re: groups, lookaround, flags, substitution, splitting, Unicode, errors
import re

text = "The quick brown fox (aged 12.5) jumps over 3 lazy dogs; e-mail: fox@example.com, dog+1@example.org."
print(re.findall(r"[\w.+-]+@[\w-]+\.[\w.]*\w", text), re.search(r"(?P<n>\d+)\.(?P<f>\d+)", text).groupdict())
print(re.sub(r"\b(\w)(\w*)\b", lambda match: match[2] + match[1], "abc de f"), re.subn("o", "0", text, count=2)[1], re.split(r"([,;:])\s*", "a, b;c:d"))
print([(match.span(), match.group()) for match in re.finditer(r"(?<=\s)\w+(?=\s\w)", "one two three four")])
print(re.match(r"(?i)HELLO", "hello"), re.fullmatch(r"(a+)+b?", "a" * 20), re.search(r"^b$", "a\nb\nc", re.M), re.search("a.c", "a\nc", re.S))
print(re.compile(r"""
    (?P<year>\d{4}) - (?P<month>\d\d)   # a date
    (?: - (?P<day>\d\d) )?
""", re.X).fullmatch("2024-02").groups("none"))
print(re.findall(r"\w+", "naïve 漢字 Ω_1 ٣", re.A), re.findall(r"\w+", "naïve 漢字 Ω_1 ٣"), re.findall(r"\d", "1٣"), re.sub("é", "e", "ÉéÉ", flags=re.I))
print(re.findall(rb"[\x80-\xff]+", "aéb漢".encode()), re.escape("a.b*c[d]é "), re.sub(r"(a)|b", r"[\1]", "ab"), re.sub(r"(?P<x>.)", r"\g<x>\g<0>", "ab"))
print(re.findall(r"(?:a|ab)(?:c|bcd)(?:d*)", "abcd"), re.findall(r"a{2,3}?", "aaaaa"), re.findall(r"(?>a+)b|a++c", "aab aac"), re.findall(r"(\w)\1", "aabbc"))
print(re.search(r"(?(1)b|c)|(a)", "c"), re.match(r"(a)?(?(1)b|c)", "ab")[0], re.match(r"\A\s*\Z", " \n"), re.findall(r"\bfoo\b", "foo foobar foo"), bool(re.match(r"[^\W\d_]", "é")))
print(re.compile(r"(\d+)(?P<name>x)?", re.I | re.M), re.compile("a").flags, re.compile("(a)(?P<b>b)").groupindex, re.search("b", "abc", 0).re.pattern)
print(re.split(r"\b", "a b"), re.split("(x)", "axbxc", maxsplit=1), re.sub("x*", "-", "abxd"))
for wrong in ("(", "[a", "a**", "(?P<1>a)", "(?<=a+)b", r"\1", "a{3,1}", "(?z)", "[z-a]", r"\N{nothing}", "(?P=x)", "*", r"\Q", "(?P<a>.)(?P<a>.)"):
    try:
        re.compile(wrong)
    except re.error as error:
        print(repr(wrong), error)
class Scanner:
    rules = re.compile("|".join(f"(?P<{name}>{rule})" for name, rule in {"number": r"\d+", "name": r"[a-z]\w*", "operator": r"[-+*/=]", "space": r"\s+"}.items()))
print([(match.lastgroup, match[0]) for match in Scanner.rules.finditer("x1 = 34 * y") if match.lastgroup != "space"])
