"""Signs in at OpenID Connect providers and asks a control plane with what they issue: `scripts/verify-sign-in`.

Usage: sign_in.py CONTROL_URL ADMIN_TOKEN_FILE
Starts providers of its own (oidc-provider-mock, on authlib), each in a process, one of them after a new key, one with
its clock ahead and one behind. Prints a line a check; exits 1 where one fails."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.parse

import httpx

from planes import free_port

CLIENT, SECRET = "gatehouse", "secret"
REDIRECT = "http://127.0.0.1:1/callback"
# What a provider runs as: the package's own program, its clock shifted by so many seconds.
PROVIDER = """
import sys, time
shift = float(sys.argv.pop(1))
real = time.time
time.time = lambda: real() + shift
from oidc_provider_mock.__main__ import run
run()
"""

control, admin_file = sys.argv[1:]
admin = pathlib.Path(admin_file).read_text().strip()
failures = 0


def check(what, holds, found=""):
    global failures
    print(f"{'ok    ' if holds else 'FAILED'}  {what}" + ("" if holds else f": {found}"), flush=True)
    failures += not holds


@contextlib.contextmanager
def provider(port, shift=0):
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROVIDER, str(shift), "--port", str(port), "--user-claims",
         json.dumps({"sub": "ada", "preferred_username": "ada@example.com", "groups": ["ml-ops"]}), "--user-claims",
         json.dumps({"sub": "bob", "preferred_username": "bob@example.com", "groups": ["staff"]})],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    url = f"http://localhost:{port}"
    try:
        for _ in range(200):
            try:
                if httpx.get(f"{url}/.well-known/openid-configuration").status_code == 200:
                    break
            except httpx.TransportError:
                if process.poll() is not None:
                    raise SystemExit(f"expected a provider, found: {process.stderr.read().decode()[-800:]}")
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


def sign_in(url, subject, client=CLIENT):
    """The ID token that the authorization code flow gives a person."""
    query = urllib.parse.urlencode({
        "client_id": client, "redirect_uri": REDIRECT, "response_type": "code", "scope": "openid profile",
        "state": "s", "nonce": os.urandom(8).hex()})
    answer = httpx.post(f"{url}/oauth2/authorize?{query}", data={"sub": subject})
    code = urllib.parse.parse_qs(urllib.parse.urlparse(answer.headers["location"]).query)["code"][0]
    answer = httpx.post(
        f"{url}/oauth2/token", auth=(client, SECRET),
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT})
    return answer.json()["id_token"]


def ask(method, path, token, body=None):
    return httpx.request(method, f"{control}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, json=body)


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(token, algorithm, sign):
    """The claims of a token under another header and signature."""
    header = {"alg": algorithm, "typ": "JWT"}
    signed = f"{encoded(json.dumps(header).encode())}.{token.split('.')[1]}"
    return f"{signed}.{encoded(sign(signed.encode()))}"


def last_entry():
    size = ask("GET", "/ledger?count=1", admin).json()["size"]
    return ask("GET", f"/ledger?from={size - 1}&count=1", admin).json()["entries"][0]


def refused(what, token, *codes):
    answer = ask("GET", "/access", token)
    check(f"{what}: 401 and nothing more to the caller",
          answer.status_code == 401 and answer.json()["code"] == "auth.credential", answer.text)
    entry = last_entry()
    check(f"{what}: {' or '.join(codes)} in the ledger",
          entry["details"]["code"] in codes and entry["principal"] == "anonymous:caller", entry)


port = free_port()
with provider(port) as url:
    answer = ask("PUT", "/providers", admin, {"url": url, "audiences": [CLIENT], "algorithms": ["RS256", "ES256"]})
    check("a provider is taken by its own metadata", answer.status_code == 200, answer.text)
    answer = ask("POST", "/grants", admin, {"claim": "ml-ops", "provider": url, "role": "operator"})
    check("a role is granted to a group", answer.status_code == 201, answer.text)

    ada, bob = sign_in(url, "ada"), sign_in(url, "bob")
    rights = ask("GET", "/access", ada).json().get("rights", [])
    check("a member of the group has the rights of the role",
          rights == sorted(["view", "audit", "deploy", "move-alias", "issue-keys", "give-feedback", "manage-images", "manage-webhooks",
                            "collect"]), rights)
    answer = ask("GET", "/models", ada)
    check("and may use them", answer.status_code == 200, answer.text)
    answer = ask("GET", "/access", bob)
    check("somebody else is known and has none", answer.status_code == 200 and answer.json()["rights"] == [], answer.text)
    answer = ask("PUT", "/models/iris/aliases/champion", bob, {"version": 1})
    check("and is told which right is missing",
          answer.status_code == 403 and "'move-alias'" in answer.json()["title"], answer.text)
    people = ask("GET", "/principals", admin).json()["principals"]
    check("people are shown by their name", {"ada@example.com", "bob@example.com"} <= {p.get("shownAs") for p in people}, people)

    refused("a token for another client", sign_in(url, "ada", "other"), "token.audience")
    header, claims, signature = ada.split(".")
    altered = json.loads(base64.urlsafe_b64decode(claims + "=="))
    altered["groups"] = ["ml-ops"]
    altered["sub"] = "mallory"
    refused("claims that the provider did not sign", f"{header}.{encoded(json.dumps(altered).encode())}.{signature}", "token.signature")
    keys = httpx.get(f"{url}/jwks").content
    key = json.loads(keys)["keys"][0]
    modulus = base64.urlsafe_b64decode(key["n"] + "==")
    refused("algorithm none", forged(ada, "none", lambda _: b"x"), "token.algorithm")
    for name, secret in (("the key set", keys), ("the modulus", modulus)):
        refused(f"HS256 with {name} as the secret",
                forged(ada, "HS256", lambda text, s=secret: hmac.new(s, text, hashlib.sha256).digest()), "token.algorithm")
    with provider(free_port()) as other:
        refused("a token of a provider that is not known", sign_in(other, "ada"), "token.unknown-issuer")

with provider(port) as url:
    time.sleep(1)
    answer = ask("GET", "/access", sign_in(url, "ada"))
    status = answer.status_code
    deadline = time.time() + 60
    # A token without the id of its key does not say that the key is another: it waits for the set to be fetched again.
    while status != 200 and time.time() < deadline:
        time.sleep(2)
        status = ask("GET", "/access", sign_in(url, "ada")).status_code
    check("after the provider has a new key, its tokens are taken", status == 200, answer.text)
    refused("a token by the former key", ada, "token.unknown-key", "token.signature")

for what, shift, code in (("a token that has expired", -7200, "token.expired"), ("a token that is not yet valid", 7200, "token.not-yet-valid")):
    with provider(port, shift) as url:
        # Its key is another once more.
        keys = httpx.get(f"{url}/jwks").json()
        ask("PUT", "/providers", admin, {"url": url, "audiences": [CLIENT], "algorithms": ["RS256"], "keySet": keys}).raise_for_status()
        refused(what, sign_in(url, "ada"), code)

answer = ask("DELETE", f"/providers?url={urllib.parse.quote(f'http://localhost:{port}', safe='')}", admin)
check("a provider is taken away", answer.status_code == 204, answer.text)
check("and what was granted to its groups with it", ask("GET", "/grants", admin).json()["grants"] == [])
sys.exit(1 if failures else 0)
