# csv, configparser, textwrap, pprint, string, shlex, difflib, html, urllib.parse, tomllib
import configparser
import csv
import difflib
import html
import html.parser
import io
import pprint
import shlex
import string
import sys
import textwrap
import tomllib
import urllib.parse

table = io.StringIO()
writer = csv.writer(table)
writer.writerows([["name", "text", "number"], ["é", 'quote " and, comma', 1.5], ["", "line\nbreak", None]])
print(repr(table.getvalue()), list(csv.reader(io.StringIO(table.getvalue()))))
csv.DictWriter(sys.stdout, ["a", "b"], delimiter=";", quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerow({"a": "x;y", "b": 2})
print(list(csv.DictReader(["a|b", "1|2|3", "4"], delimiter="|")), csv.Sniffer().sniff("a;b\n1;2\n").delimiter)
try:
    list(csv.reader(['"open'], strict=True))
except csv.Error as error:
    print(error)
config = configparser.ConfigParser()
config.read_string("[DEFAULT]\nbase = /x\n[shop]\npath = %(base)s/y\nopen: yes\nlist =\n  a\n  b\n")
print(config["shop"]["path"], config.getboolean("shop", "open"), config.get("shop", "list"), config.sections(), config.get("shop", "none", fallback="-"))
config.write(sys.stdout)
print(textwrap.fill("The quick brown fox jumps over the lazy dog, which is a-very-long-hyphenated-word.", 24, initial_indent="* ", subsequent_indent="  "))
print(repr(textwrap.dedent("  a\n    b\n  c\n")), textwrap.shorten("Hello  world, this is long", 15), repr(textwrap.indent("a\n\nb", "> ")), textwrap.wrap("漢字 " * 5, 8))
pprint.pprint({"key": list(range(30)), "nested": {"a": {"b": {"c": ["x" * 30, "y" * 30]}}}, "text": "word " * 30}, width=60, depth=4)
pprint.pp([{"b": 1, "a": {3, 1, 2}}, (1,), "é", b"bytes" * 20, frozenset({2, 1})], indent=2)
print(string.Template("$who owes ${amount}$$").safe_substitute(who="Ada"), string.capwords("a bc d"), string.punctuation)
print(shlex.split("a 'b c' \"d \\\"e\" f\\ g # no comment"), shlex.quote("it's"), shlex.join(["a b", "c"]))
print("\n".join(difflib.unified_diff("a\nb\nc".split(), "a\nx\nc\nd".split(), "one", "two", lineterm="")), difflib.get_close_matches("appel", ["ape", "apple", "peach"]), round(difflib.SequenceMatcher(None, "abcd", "bcde").ratio(), 3))
print(html.escape("<a href='x'>&\"é</a>"), html.unescape("&lt;&eacute;&#128013;&nosuch;&amp"))
class Links(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        print("start", tag, attributes)
    def handle_data(self, data):
        print("data", repr(data))
Links().feed("<p class=x>Hi <b>there</b> &amp; <a href='?a=1&amp;b'>link</a><br/><!-- no --></p>")
parts = urllib.parse.urlsplit("https://user:pw@host.example:8080/a/b;p?q=1&q=2&e=%C3%A9#frag")
print(parts, parts.hostname, parts.port, urllib.parse.parse_qs(parts.query), urllib.parse.quote("é /?&", safe="/"), urllib.parse.unquote_plus("a+b%20%F0%9F%90%8D"))
print(urllib.parse.urljoin("http://a/b/c/d?q", "../g;x?y#z"), urllib.parse.urlencode({"a": [1, 2], "b": "é &"}, doseq=True), urllib.parse.urlunsplit(parts._replace(netloc="new", fragment="")))
print(tomllib.loads('title = "é"\n[a.b]\nc = [1, 2.5, true]\nd = 1979-05-27T07:32:00Z\ne = """multi\nline"""\nf = {x = 0xff}'))
try:
    tomllib.loads("a = ")
except tomllib.TOMLDecodeError as error:
    print(error)
