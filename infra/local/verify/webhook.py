"""Verifies webhooks with the library of the specification's authors.

Reads lines of JSON on stdin: the `headers` and `body` of a request, the `secrets` that it was signed
with, and a `foreign` one. Ends with 1 and says why when any is otherwise.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def refused(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


def main():
    count = 0
    for count, line in enumerate(sys.stdin, 1):
        request = json.loads(line)
        headers, body = request["headers"], request["body"]
        for secret in request["secrets"]:
            seen = Webhook(secret).verify(body, headers)
            assert seen == json.loads(body), seen
            for at in range(0, len(body), 7):
                changed = body[:at] + chr(ord(body[at]) ^ 1) + body[at + 1 :]
                assert refused(secret, changed, headers), f"letter {at} changed"
            later = str(int(headers["webhook-timestamp"]) + 1)
            assert refused(secret, body, {**headers, "webhook-timestamp": later}), "time changed"
            other = headers["webhook-id"] + "x"
            assert refused(secret, body, {**headers, "webhook-id": other}), "id changed"
        assert refused(request["foreign"], body, headers), "another secret"
    if not count:
        sys.exit("there was nothing to verify")
    print(f"{count} webhooks verified")


if __name__ == "__main__":
    main()
