"""JSON there and back: the C accelerator, and the decoder and encoder in Python that stand behind it."""
import json
import json.decoder
import json.encoder
import json.scanner
import time

RECORDS = 2200


def records():
    return [{"id": i, "name": f"Näme {i}", "tags": ["a", "b\n\"c\"", "\u2028"][: i % 4], "score": i / 7, "big": i ** 5,
             "nested": {"flag": i % 2 == 0, "none": None, "list": list(range(i % 10))}} for i in range(RECORDS)]


def accelerated(data):
    text = ""
    for _ in range(8):
        text = json.dumps(data)
        data = json.loads(text)
    return len(text), len(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False))


def in_python(data):
    encoder = json.encoder.JSONEncoder()
    pieces = json.encoder._make_iterencode({}, encoder.default, json.encoder.py_encode_basestring_ascii, None, float.__repr__,
                                           ": ", ", ", False, False, False)
    text = "".join(pieces(data, 0))
    decoder = json.decoder.JSONDecoder()
    decoder.parse_string = json.decoder.py_scanstring
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    return len(text), decoder.decode(text) == data


def main():
    data = records()
    return accelerated(data) + in_python(data)


begin = time.perf_counter_ns()
value = main()
print("elapsed_ns", time.perf_counter_ns() - begin)
print("check", value)
