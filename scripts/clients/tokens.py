"""Writes a key set and tokens that PyJWT signs: scripts/clients/tokens.py FOLDER ISSUER AUDIENCE

FOLDER gets keys.json with three public keys, rotated.json with all but that of ES256, and a file of each token: ES256,
RS256 and EdDSA, which are right, and expired, stranger and forged, which are not.
"""

import json
import pathlib
import sys
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

folder, issuer, audience = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
keys = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
algorithms = get_default_algorithms()
published = [
    json.loads(algorithms[name].to_jwk(key.public_key())) | {"kid": name, "use": "sig", "alg": name}
    for name, key in keys.items()
]


def write(name, text):
    (folder / name).write_text(text)


def token(algorithm, key=None, **changes):
    now = int(time.time())
    claims = {"iss": issuer, "aud": audience, "sub": "client", "iat": now, "exp": now + 3600, "scope": "predict:iris"}
    return jwt.encode(claims | changes, key or keys[algorithm], algorithm=algorithm, headers={"kid": algorithm})


write("keys.json", json.dumps({"keys": published}))
write("rotated.json", json.dumps({"keys": [key for key in published if key["kid"] != "ES256"]}))
for name in keys:
    write(name, token(name))
write("expired", token("ES256", exp=int(time.time()) - 120))
write("stranger", token("ES256", aud="somebody else"))
write("forged", token("ES256", ec.generate_private_key(ec.SECP256R1())))
