"""Searching and replacing in a long made-up genome: regular expressions."""
import re
import time

LENGTH = 550_000
VARIANTS = ["agggtaaa|tttaccct", "[cgt]gggtaaa|tttaccc[acg]", "a[act]ggtaaa|tttacc[agt]t", "ag[act]gtaaa|tttac[agt]ct",
            "agg[act]taaa|ttta[agt]cct", "aggg[acg]aaa|ttt[cgt]ccc", "agggt[cgt]aa|tt[acg]accct"]
CODES = {"b": "(c|g|t)", "d": "(a|g|t)", "h": "(a|c|t)", "k": "(g|t)", "m": "(a|c)", "n": "(a|c|g|t)", "r": "(a|g)", "w": "(a|t)"}


def genome(length):
    state, letters = 42, []
    for _ in range(length):
        state = (state * 3877 + 29573) % 139968
        letters.append("acgtacgtaacgtttagnbdhkmrw"[state * 25 // 139968])
    lines = "".join(letters)
    return "\n".join([">one"] + [lines[at:at + 60] for at in range(0, length, 60)])


def main():
    text = genome(LENGTH)
    clean = re.sub(r">.*\n|\n", "", text)
    found = [len(re.findall(variant, clean)) for variant in VARIANTS]
    expanded = re.sub("[bdhkmnrw]", lambda match: CODES[match[0]], clean)
    words = re.findall(r"(?:ac|gt)+?t", clean)
    split = re.split(r"(?<=t)g+(?=a)", clean)
    return len(text), len(clean), found, len(expanded), len(words), len(split)


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
