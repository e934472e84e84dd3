# hashlib, hmac, zlib.crc32, binascii, base64: the values that everybody else computes
import base64
import binascii
import hashlib
import hmac
import zlib

data = "The quick brown fox jumps over the lazy dog é 🐍".encode()
for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"):
    digest = hashlib.new(name, data)
    print(name, digest.hexdigest(), digest.digest_size, digest.block_size)
print(hashlib.shake_128(data).hexdigest(20), hashlib.shake_256(data).hexdigest(20), hashlib.blake2b(data, digest_size=8, key=b"key", salt=b"salt", person=b"me").hexdigest())
incremental = hashlib.sha256()
for _ in range(1000):
    incremental.update(data)
copy = incremental.copy()
copy.update(b"more")
print(incremental.hexdigest(), copy.hexdigest() != incremental.hexdigest(), {"sha256", "md5"} <= hashlib.algorithms_guaranteed, hashlib.md5(usedforsecurity=False).name)
print(hmac.new(b"key", data, "sha256").hexdigest(), hmac.digest(b"k" * 200, data, "md5").hex(), hmac.compare_digest(b"a", b"a"), hmac.compare_digest("a", "b"))
print(zlib.crc32(data), zlib.adler32(data), binascii.crc_hqx(data, 0), binascii.hexlify(data[:6], "-"), binascii.unhexlify("c3A9"), binascii.b2a_uu(b"uu"))
for encode, decode in ((base64.b64encode, base64.b64decode), (base64.urlsafe_b64encode, base64.urlsafe_b64decode), (base64.b32encode, base64.b32decode), (base64.b16encode, base64.b16decode), (base64.b85encode, base64.b85decode), (base64.a85encode, base64.a85decode)):
    print(encode(data[:25]), decode(encode(data)) == data)
for wrong in (lambda: base64.b64decode("abc"), lambda: base64.b64decode("a$b=", validate=True), lambda: binascii.unhexlify("abc"), lambda: hashlib.new("nothing"), lambda: hashlib.md5("text"), lambda: base64.b32decode("1"), lambda: bytes.fromhex("0g"), lambda: hmac.new(b"", b"")):
    try:
        print(wrong())
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
