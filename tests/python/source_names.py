# Names in other scripts, normalised as PEP 3131 says; digits with underscores; every kind of string
größe = 3
Ⅷ = "eight"
ﬁ = "ligature"
名前 = "name"
print(größe, VIII, fi, 名前, sorted(name for name in globals() if not name.startswith("_")))
print(1_000_000, 0x_ff, 0b1010_1010, 0o17, 1e1_0, 1_0.0_1j)
print(r"\n", b"\x00\xff", rb"\n", "\N{SNAKE}", "\u00e9", "\U0001f40d", "a" "b", f"{größe:>5}", "\101", "tab\there")
print(f"{'nested ' + f'{größe}'} {größe=} {größe!r:>4} {{}} {"same quotes"}")
