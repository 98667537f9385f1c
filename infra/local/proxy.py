"""http://127.0.0.1:3000: the deployed HTTP API at its root, as a custom domain would serve it.

`GET /_local/health` answers 200 once the stack is deployed; deploy.py says so with
`POST /_local/deployed {"api_id": …}`.
"""

import asyncio
import json

from patches import binary_body

BODY_LIMIT = 10 * 1024 * 1024  # of an HTTP API
TIMEOUT_S = 30  # of an HTTP API
STAGE = "$default"


def is_text(body):
    """Whether a body can be handed on as text: node-zendesk says of a file's bytes that they are JSON."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


class Proxy:
    """An ASGI application that hands each request to MiniStack's, under the path of the API."""

    def __init__(self, ministack, state):
        """`state` holds the API's id once it is deployed."""
        self.ministack = ministack
        self.state = state

    @property
    def api_id(self):
        return self.state.get("api_id")

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_local/"):
            return await self.local(scope, receive, send)
        if self.api_id is None:
            return await _answer(send, 503, {"message": "Not deployed yet"})
        body = await _read(receive)
        if body is None:
            return await _answer(send, 413, {"message": "Request Entity Too Large"})
        await self.forward(scope, body, send)

    async def local(self, scope, receive, send):
        if scope["path"] == "/_local/deployed" and scope["method"] == "POST":
            self.state["api_id"] = json.loads(await _read(receive))["api_id"]
        if self.api_id is None:
            return await _answer(send, 503, {"status": "starting"})
        await _answer(send, 200, {"status": "ready", "api_id": self.api_id})

    async def forward(self, scope, body, send):
        prefix = f"/_aws/execute-api/{self.api_id}/{STAGE}"
        raw = scope.get("raw_path") or scope["path"].encode()
        headers = _forwarded(scope)
        inner = {
            **scope,
            "path": prefix + scope["path"],
            "raw_path": prefix.encode() + raw,
            "headers": headers,
        }
        encoding = dict(scope["headers"]).get(b"content-encoding", b"identity")
        binary_body.set(encoding.strip().lower() != b"identity" or not is_text(body))
        parts = [{"type": "http.request", "body": body, "more_body": False}]
        started = False

        async def receive():
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def watched(message):
            nonlocal started
            started = True
            await send(_plain(message))

        try:
            await asyncio.wait_for(self.ministack(inner, receive, watched), TIMEOUT_S)
        except asyncio.TimeoutError:
            if not started:
                await _answer(send, 503, {"message": "Service Unavailable"})


def _forwarded(scope):
    """The request's headers, with those by which the gateway says how it was reached."""
    port = scope["server"][1]
    peer = (scope.get("client") or ("127.0.0.1",))[0]
    said = {
        b"x-forwarded-proto": scope["scheme"].encode(),
        b"x-forwarded-port": str(port).encode(),
        b"x-forwarded-for": peer.encode(),
    }
    return [(name, value) for name, value in scope["headers"] if name not in said] + list(said.items())


def _plain(message):
    """An answer without a body has no content type, unless the function gave it one."""
    if message["type"] != "http.response.start" or message["status"] not in (204, 304):
        return message
    headers = [(name, value) for name, value in message["headers"] if name.lower() != b"content-type"]
    return {**message, "headers": headers}


async def _read(receive):
    """The whole body, or None when it is over the limit."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _answer(send, status, content):
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
