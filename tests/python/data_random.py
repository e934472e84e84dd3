# random with a seed gives the same sequence everywhere; without one it is a different one each time
import random
import secrets
import uuid

random.seed(42)
print(random.random(), random.randint(1, 1000), random.getrandbits(100), random.choice("abcdef"), random.sample(range(100), 5), random.uniform(1, 2))
items = list(range(10))
random.shuffle(items)
print(items, random.choices("ab", weights=[1, 9], k=8), random.randrange(0, 100, 7), random.triangular(0, 1), random.randbytes(4))
print([f"{call(*arguments):.9f}" for call, arguments in ((random.gauss, (0, 1)), (random.normalvariate, (0, 1)), (random.expovariate, (1,)), (random.betavariate, (2, 3)), (random.gammavariate, (2, 1)), (random.paretovariate, (3,)))])
for seed in ("text", b"bytes", 2**100, -5, None):
    generator = random.Random(seed)
    print(type(seed).__name__, generator.random() if seed is not None else 0 <= generator.random() < 1)
state = random.getstate()
first = random.random()
random.setstate(state)
print(first == random.random(), state[0], len(state[1]))
print(random.Random().random() != random.Random().random(), secrets.token_hex() != secrets.token_hex(), len(secrets.token_bytes(9)), 0 <= secrets.randbelow(10) < 10)
print(uuid.uuid5(uuid.NAMESPACE_DNS, "python.org"), uuid.uuid3(uuid.NAMESPACE_URL, "é"), uuid.UUID(int=5).hex, uuid.uuid4().version, uuid.uuid4() != uuid.uuid4(), uuid.uuid1().version)
print(uuid.UUID("{12345678-1234-5678-1234-567812345678}").fields, uuid.UUID(bytes=bytes(range(16))).urn)
