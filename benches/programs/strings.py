"""Text put together and taken apart: formats, joins, splits, replacing, counting."""
import time

LINES = 60_000


def caesar(text, by):
    letters = "abcdefghijklmnopqrstuvwxyz"
    return text.translate(str.maketrans(letters, letters[by:] + letters[:by]))


def main():
    lines = []
    for number in range(LINES):
        name = ("item-%05d" % number).upper().replace("-", "_")
        lines.append(f"{name:>12}|{number * 1.5:10.2f}|{number:#06x}|{'yes' if number % 3 else 'no'!r:<6}|{number % 97:,}")
    text = "\n".join(lines)
    total = 0
    for line in text.splitlines():
        name, price, code, flag, small = line.split("|")
        total += len(name.strip()) + int(float(price)) + int(code, 16) + flag.startswith("'yes'") + int(small)
    words = caesar(text.lower(), 13).split("_")
    joined = "".join(word[::-1].title() for word in words if word.strip().isascii())
    built = ""
    for word in words[:5000]:
        built += word[:3]
    return total, len(text), text.count("9"), len(words), len(joined), joined.find("Zrgv"), len(built), caesar("hello", 3)


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
