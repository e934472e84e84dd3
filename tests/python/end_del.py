# A finalizer at the end still finds modules and builtins; one that fails is reported, not raised
import json
import os

class Works:
    def __del__(self):
        print("finalizer:", json.dumps({"a": [1]}), os.path.basename("a/b"), len("abc"), __name__)

class Finalizer:
    def __repr__(self):
        return "<a finalizer>"

    def __call__(self):
        raise RuntimeError("in a finalizer")

class Fails:
    __del__ = Finalizer()

works = Works()
Fails()
print("end")
