# json: round trips, options, hooks, odd numbers, errors
import json
from collections import OrderedDict
from decimal import Decimal

value = {"text": "é 🐍 \u2028 \"\\/", "numbers": [0, -1, 1.5, 1e300, 1e-7, 2**70, -0.0], "none": None, "nested": {"a": [[], {}]}, 5: True, 1.5: False, None: 1}
print(json.dumps(value))
print(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
print(json.dumps({"b": [1, {"c": []}], "a": {}}, indent=2, sort_keys=True))
print(json.dumps([float("inf"), float("-inf"), float("nan")]), json.loads("[Infinity, -Infinity, NaN, 1E2, -0, 0.10]"))
print(json.loads('{"a": 1, "b": 2, "a": 3}', object_pairs_hook=OrderedDict), json.loads("[1.10, 12345678901234567890]", parse_float=Decimal, parse_int=str))
print(json.dumps({1, 2}, default=sorted), json.dumps((1, "x")), json.dumps("\x00\x1f\x7f"), json.loads('"\\ud83d\\udc0d \\u00e9"'))
print(json.loads("  [1 , 2 ]\n"), json.loads(b'\xef\xbb\xbf{"a": 1}'), json.loads('"x"'), json.JSONDecoder().raw_decode("[1] rest"))

class Encoder(json.JSONEncoder):
    def default(self, value):
        return {"complex": [value.real, value.imag]} if isinstance(value, complex) else super().default(value)

print(json.dumps([1j], cls=Encoder), list(json.JSONEncoder(indent=1).iterencode([1, 2])))
for text in ("", "{", '{"a"}', '{"a": }', "[1,]", "[1 2]", "nul", "'a'", '"\x01"', '"\\x"', "1 2", '{"a": 1,}', '"open', "[" * 5, "01", "1.", "\ufeff1"):
    try:
        print(json.loads(text))
    except json.JSONDecodeError as error:
        print(repr(text), error, error.pos)
for wrong in (object(), {(1, 2): 3}, b"x", 1 + 2j):
    try:
        json.dumps(wrong)
    except TypeError as error:
        print(error)
loop = []
loop.append(loop)
try:
    json.dumps(loop)
except ValueError as error:
    print(error)
deep = json.loads("[" * 900 + "]" * 900)
print(len(json.dumps(deep)))
