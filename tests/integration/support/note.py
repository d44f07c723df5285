"""Verifies one signed note (C2SP signed-note) without a line of trailseal: prints the SHA-256 of the text that was signed.

In: the verifier key and the note's path, as arguments.
"""

import base64
import hashlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

key, path = sys.argv[1:]
name, key_id, encoded = key.split("+", 2)
key_bytes = base64.b64decode(encoded, validate=True)
assert key_bytes[0] == 1 and len(key_bytes) == 33
assert hashlib.sha256(name.encode() + b"\n" + key_bytes).hexdigest()[:8] == key_id

with open(path, "rb") as file:
    note = file.read()
text, _, signatures = note.rpartition(b"\n\n")
text += b"\n"
own = [line for line in signatures.decode().splitlines() if line.split(" ")[1] == name]
(line,) = own
signature = base64.b64decode(line.split(" ")[2], validate=True)
assert signature[:4].hex() == key_id
Ed25519PublicKey.from_public_bytes(key_bytes[1:]).verify(signature[4:], text)
print(hashlib.sha256(text).hexdigest())
