"""What sources ask: Snowflake's SQL API as its reference writes it, and a JSON API with OAuth 2.0, on loopback.

Prints one line of JSON once it listens: its port, and private keys in PEM, of which Snowflake's user has the first. Tokens
are read by PyJWT and cryptography, which share no code with what signed them.
"""

import base64
import gzip
import hashlib
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

LOCK = threading.Lock()
TOKENS = []
TIRED = set()
STATEMENTS = {}

ROWS = [{"n": n, "customer": {"id": f"customer-{n % 3}"}, "at": f"2026-11-{1 + n % 20:02d}T10:00:00Z"} for n in range(25)]
ROWS[7]["customer"] = None  # no event


def key():
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_key(), pem.decode()


USERS, OTHER = key(), key()


def fingerprint(public):
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json", **headers):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if headers.pop("packed", False):
            assert "gzip" in self.headers.get("accept-encoding", "")
            data, headers["Content-Encoding"] = gzip.compress(data), "gzip"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.route(b"")

    def do_POST(self):
        self.route(self.rfile.read(int(self.headers.get("content-length", 0))))

    def route(self, body):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        with LOCK:
            if url.path.startswith("/api/v2/statements"):
                return self.snowflake(url.path, query, body)
            if url.path == "/token":
                return self.token(dict(urllib.parse.parse_qsl(body.decode())))
            return self.api(url.path, query)

    # --- a JSON API

    def token(self, form):
        user = base64.b64encode(b"ceap:open+sesame").decode()
        if self.headers.get("authorization") != f"Basic {user}" or form.get("grant_type") != "client_credentials":
            return self.answer(401, {"error": "invalid_client"})
        # The first one is refused at once, as one that was revoked.
        TOKENS.append(f"token-{len(TOKENS)}")
        self.answer(200, {"access_token": TOKENS[-1], "token_type": "Bearer", "expires_in": 3600})

    def api(self, path, query):
        if path == "/locked":
            return self.answer(401, {"message": "who are you?"})
        if path == "/orders" and self.headers.get("authorization") not in [f"Bearer {it}" for it in TOKENS[1:]]:
            return self.answer(401, {"message": "no such token"})
        start = int(query.get("cursor", "0"))
        if path == "/orders" and start == 10 and path not in TIRED:
            TIRED.add(path)
            return self.answer(429, {}, Retry_After=1)
        if path == "/breaks" and start == 10:
            return self.answer(200, "<!doctype html><title>Maintenance</title>", "text/html; charset=utf-8")
        rows = [row for row in ROWS if row["at"] >= query.get("updated_since", "")]
        page = rows[start : start + 10]
        more = str(start + 10) if start + 10 < len(rows) else None
        self.answer(200, {"data": {"orders": page}, "meta": {"next": more}}, packed=start == 20)

    # --- Snowflake

    def signed(self):
        if self.headers.get("x-snowflake-authorization-token-type") != "KEYPAIR_JWT":
            return "390303"
        token = self.headers["authorization"].removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, USERS[0], algorithms=["RS256"], options={"require": ["exp", "iat", "iss", "sub"]})
        except jwt.InvalidTokenError as error:
            print(error, file=sys.stderr)
            return "390144"
        known = claims["sub"] == "MY_ORG-ACC.CEAP" and claims["iss"] == f"MY_ORG-ACC.CEAP.SHA256:{fingerprint(USERS[0])}"
        return None if known and claims["exp"] - claims["iat"] <= 3600 else "390144"

    def snowflake(self, path, query, body):
        if refused := self.signed():
            return self.answer(401, {"code": refused, "message": "JWT token is invalid."})
        if self.command == "POST":
            handle = f"01b2-{query['requestId']}"
            STATEMENTS.setdefault(handle, {"asked": json.loads(body), "looks": 0})
            return self.running(handle)
        handle = path.removeprefix("/api/v2/statements/")
        statement = STATEMENTS[handle]
        statement["looks"] += 1
        if statement["looks"] == 1:
            return self.running(handle)
        if "NOPE" in statement["asked"]["statement"]:
            text = "SQL compilation error: Object 'NOPE' does not exist or not authorized."
            return self.answer(422, {"code": "002003", "message": text, "sqlState": "42S02", "statementHandle": handle})
        since = statement["asked"].get("bindings", {}).get("1", {}).get("value", "")
        seconds = lambda row: int(time.mktime(time.strptime(row["at"] + "UTC", "%Y-%m-%dT%H:%M:%SZ%Z"))) - time.timezone
        rows = [row for row in ROWS if row["at"] >= since]
        data = [[str(row["n"]), (row["customer"] or {}).get("id"), f"{seconds(row)}.000000000"] for row in rows]
        parts = [data[at : at + 10] for at in range(0, len(data), 10)] or [[]]
        number = int(query.get("partition", "0"))
        if number:
            return self.answer(200, {"data": parts[number]}, packed=True)
        kinds = [("N", "fixed", 0), ("CUSTOMER", "text", None), ("AT", "timestamp_ltz", 9)]
        columns = [{"name": name, "type": kind, "scale": scale, "nullable": True} for name, kind, scale in kinds]
        info = [{"rowCount": len(part), "uncompressedSize": 100} for part in parts]
        metadata = {"numRows": len(data), "format": "jsonv2", "rowType": columns, "partitionInfo": info}
        self.answer(200, {"resultSetMetaData": metadata, "data": parts[0], "code": "090001", "statementHandle": handle})

    def running(self, handle):
        text = "Asynchronous execution in progress."
        self.answer(202, {"code": "333334", "message": text, "statementHandle": handle})


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(json.dumps({"port": server.server_port, "keys": [USERS[1], OTHER[1]]}), flush=True)
    # Ends with whoever started it.
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
