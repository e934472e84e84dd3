#: what: Predicts random numbers from what a snapshot has left in every run.
#: expect: exited 0
#: stdout: contained
#: never: 0.13436424411240122
import os
import random
import secrets
import tempfile
import uuid

values = [random.random(), random.getrandbits(128), secrets.token_hex(), uuid.uuid4().hex, os.urandom(16).hex(), next(tempfile._get_candidate_names())]
assert len(set(map(str, values))) == len(values)
assert random.getstate()[1][:3] != (2147483648, 3564348608, 1266698288)
print("contained", *values)
