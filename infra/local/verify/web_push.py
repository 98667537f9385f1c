"""Opens and checks one web push request as a browser and its push service do, with libraries of others.

Reads JSON on stdin: `headers` and `body` (base64) of the request, the `endpoint` it went to, the
browser's `private` key and `auth`, the `public` key that it subscribed with, and what is expected:
`payload` and `contact`. Ends with 1 and says why when anything is otherwise.
"""

import base64
import json
import sys
import time
from urllib.parse import urlsplit

import http_ece
import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02


def unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def browser(request):
    """RFC 8291: what the service worker gets."""
    number = int.from_bytes(unbase64url(request["private"]), "big")
    private = ec.derive_private_key(number, ec.SECP256R1())
    auth = unbase64url(request["auth"])
    body = base64.b64decode(request["body"])

    def open_it(body):
        plain = http_ece.decrypt(body, private_key=private, auth_secret=auth, version="aes128gcm")
        return json.loads(plain)

    assert request["headers"]["content-encoding"] == "aes128gcm", request["headers"]
    assert open_it(body) == request["payload"], open_it(body)
    try:
        open_it(body[:-1] + bytes([body[-1] ^ 1]))
    except (InvalidTag, http_ece.ECEException):
        pass
    else:
        raise AssertionError("a changed body opens too")


def push_service(request):
    """RFC 8292 and RFC 8030: who asks, and with what headers."""
    headers = request["headers"]
    authorization = headers["authorization"]
    # A space after the comma is the RFC's own example; py_vapid reads none.
    assert Vapid02.verify(authorization.replace(", ", ",")), "py_vapid does not accept it"
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and set(parts) == {"t", "k"}, authorization
    assert parts["k"] == request["public"], "another key than the browser subscribed with"

    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64url(parts["k"]))
    url = urlsplit(request["endpoint"])
    claims = jwt.decode(
        parts["t"],
        key,
        algorithms=["ES256"],
        audience=f"{url.scheme}://{url.netloc}",
        options={"require": ["aud", "exp", "sub"]},
    )
    assert claims["sub"] == request["contact"], claims
    assert 0 < claims["exp"] - time.time() <= 24 * 60 * 60, claims

    assert 0 <= int(headers["ttl"]) <= 28 * 24 * 60 * 60, headers
    assert headers["urgency"] in {"very-low", "low", "normal", "high"}, headers
    assert 0 < len(headers["topic"]) <= 32 and headers["topic"].isalnum(), headers


def main():
    request = json.load(sys.stdin)
    browser(request)
    push_service(request)


main()
