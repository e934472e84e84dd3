#!/usr/bin/env python3
"""What `cloud-python client mailbox` puts into a mailbox, made by another hand: Python's `cryptography`, from the description in
`src/manual/protocols.rs`. Prints the vectors that the test in `src/client/mailbox/seal.rs` must open.

Needs `cryptography` 45 or later (for Argon2id).
"""
import base64
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ZERO = bytes(12)


def hkdf(salt, secret, info):
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def pair(byte):
    private = X25519PrivateKey.from_private_bytes(bytes([byte] * 32))
    return private, private.public_key().public_bytes_raw()


def agree(private, public):
    return private.exchange(X25519PublicKey.from_public_bytes(public))


def text(data):
    return base64.b64encode(data).decode()


def derived(name, password):
    salt = hashlib.sha256(b"cloud-python mailbox 1 salt" + name).digest()[:16]
    return Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=65536).derive(password)


def token(master):
    return base64.urlsafe_b64encode(hkdf(b"", master, b"cloud-python mailbox 1 token")).rstrip(b"=").decode()


def sealed_private(master, name, seed, salt):
    head = b"\x01\x02" + salt
    key = hkdf(salt, master, b"cloud-python mailbox 1 private key")
    return text(head + AESGCM(key).encrypt(ZERO, seed, head + name))


def sealed_message(sender, sender_name, recipient_public, recipient_name, once, written, message):
    (private, public), (once_private, once_public) = sender, once
    head = b"\x01\x03" + once_public
    both = agree(once_private, recipient_public) + agree(private, recipient_public)
    info = head
    for name, key in ((sender_name, public), (recipient_name, recipient_public)):
        info += key + bytes([len(name)]) + name
    key = hkdf(b"cloud-python mailbox 1 message", both, info)
    plain = struct.pack(">QH", written, len(message)) + message
    plain += bytes(-len(plain) % 128)
    return text(head + AESGCM(key).encrypt(ZERO, plain, head))


def main():
    ada, bob = pair(1), pair(2)
    master = derived(b"ada", b"correct horse battery staple")
    print("public key", text(b"\x01\x01" + ada[1]))
    print("token", token(master))
    print("private key", sealed_private(master, b"ada", bytes([1] * 32), bytes(range(16))))
    message = "the secret of the pyramids \N{SNAKE}".encode()
    print("message", sealed_message(ada, b"ada", bob[1], b"bob", pair(9), 1_800_000_000, message))


if __name__ == "__main__":
    main()
