#: what: Compares texts in which everything matches everything, which is cubic in difflib.
#: expect: timed out
#: timeout: 0.5
import difflib

difflib.SequenceMatcher(None, "ab" * 20_000, "ba" * 20_000, autojunk=False).ratio()
