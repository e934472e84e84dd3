#: what: Fills a dictionary with integers that all have the same hash.
#: expect: timed out
#: timeout: 0.5
import sys

modulus = sys.hash_info.modulus
{number * modulus: None for number in range(1_000_000)}
