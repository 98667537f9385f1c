"""Reads emails as Python's `email` package does, and checks that they say what they were to say.

Reads lines of JSON on stdin: `raw` (base64), and `expect`: the message that it was written from, with
`date` (seconds since 1970) and `sender` (its name and address) beside it. Ends with 1 and says why when any is otherwise.
"""

import base64
import datetime
import email
import email.header
import email.policy
import email.utils
import json
import re
import sys

ALWAYS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Auto-Submitted",
    "X-Ceap-Message-Id",
    "X-Ceap-Tenant",
    "Content-Type",
]
OF_A_PART = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"}


def check(what, seen, expected):
    if seen != expected:
        raise AssertionError(f"{what}: {seen!r:.500} instead of {expected!r:.500}")


def lines(raw):
    """RFC 5322 §2.1.1 and §2.3, RFC 2045 §6.7, RFC 2047 §2, RFC 2049 §3."""
    assert raw.endswith(b"\r\n"), "the last line does not end"
    stray = re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert not stray, f"a bare CR or LF at byte {stray and stray.start()}"
    other = re.search(rb"[^\t\r\n\x20-\x7e]", raw)
    assert not other, f"byte {other and other[0]!r} at {other and other.start()}"
    head, body = raw.split(b"\r\n\r\n", 1)
    unfolded = []
    for line in head.split(b"\r\n"):
        assert len(line) <= 998, f"a header line of {len(line)} bytes"
        if line.startswith(b" "):
            assert line.strip(), "a header line of white space"
            unfolded[-1] += line
        else:
            assert re.match(rb"[A-Za-z-]+: ", line), f"no header: {line!r:.200}"
            unfolded.append(line)
        # What can't be folded may be longer: one word, after the header's name.
        words = line.split(b": ", 1)[-1].split()
        assert len(line) <= 78 or len(words) == 1, f"a header line of {len(line)} bytes: {line!r}"
        assert b"=?" not in line or len(line) <= 76, f"an encoded line of {len(line)}: {line!r}"
    for line in body.split(b"\r\n"):
        assert len(line) <= 76 or line.startswith((b"Content-", b" ")), f"{len(line)} bytes: {line!r}"
        assert len(line) <= 998, f"a line of {len(line)} bytes"
        assert not line.startswith((b".", b"From ")), f"relays change this line: {line!r:.200}"
    return unfolded


def headers(message, expect):
    names = list(ALWAYS)
    if expect.get("use_case"):
        names.append("X-Ceap-Use-Case")
    if expect.get("unsubscribe"):
        names += ["List-Unsubscribe", "List-Unsubscribe-Post"]
    if not message.is_multipart():
        names.append("Content-Transfer-Encoding")
    check("headers", sorted(message.keys()), sorted(names))
    for part in message.walk():
        check(f"defects of {part.get_content_type()}", part.defects, [])
        for name, value in part.items():
            check(f"defects of {name}: {value}", list(value.defects), [])
        if part is not message:
            assert set(part.keys()) <= OF_A_PART, part.keys()
            check("headers of a part", len(part.keys()), len(set(part.keys())))


def plain(text):
    """One line, without control characters and line separators."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


def envelope(message, raw, expect):
    (sender,) = message["From"].addresses
    name = sender.display_name
    older = email.message_from_bytes(raw)["From"]
    if re.search(r"\?=\s+=\?", older):
        # The newer half takes the space between two encoded words for one (python/cpython#128110).
        name = email.utils.parseaddr(older)[0]
        name = str(email.header.make_header(email.header.decode_header(name)))
    check("From's name", name, expect["sender"]["name"])
    check("From's address", sender.addr_spec, expect["sender"]["address"])
    (recipient,) = message["To"].addresses
    check("To", (recipient.display_name, recipient.addr_spec), ("", expect["to"]))
    subject = plain(expect["content"].get("subject") or "")
    check("Subject", str(message["Subject"]), subject)
    # And as the package's older half reads it.
    older = email.message_from_bytes(raw)["Subject"]
    if "=?" in older:
        older = email.header.make_header(email.header.decode_header(older))
        check("Subject, read by decode_header", str(older), subject)
    date = datetime.datetime.fromtimestamp(expect["date"], datetime.timezone.utc)
    check("Date", message["Date"].datetime, date)
    written = email.message_from_bytes(raw)["Date"]
    assert written.startswith(date.strftime("%a, ")), written
    domain = expect["sender"]["address"].rsplit("@", 1)[1]
    check("Message-ID", message["Message-ID"], f"<{expect['id']}@{domain}>")
    check("MIME-Version", message["MIME-Version"], "1.0")
    check("Auto-Submitted", message["Auto-Submitted"], "auto-generated")
    check("X-Ceap-Message-Id", message["X-Ceap-Message-Id"], expect["id"])
    check("X-Ceap-Tenant", message["X-Ceap-Tenant"], expect["tenant"])
    check("X-Ceap-Use-Case", message["X-Ceap-Use-Case"], expect.get("use_case"))
    if expect.get("unsubscribe"):
        check("List-Unsubscribe", message["List-Unsubscribe"], f"<{expect['unsubscribe']}>")
        # RFC 8058 §3.1.
        check("List-Unsubscribe-Post", message["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")


def text(part, kind, expected):
    check("type", part.get_content_type(), kind)
    check(f"charset of {kind}", part.get_content_charset(), "utf-8")
    # RFC 2046 §4.1.1: a line break is CRLF.
    check(kind, part.get_content(), re.sub("\r\n|\r|\n", "\r\n", expected))


def utf8(data):
    try:
        return base64.b64decode(data).decode() is not None
    except UnicodeDecodeError:
        return False


def parts(message, expect):
    content = expect["content"]
    attachments = content.get("attachments") or []
    body = message
    if attachments:
        check("type", message.get_content_type(), "multipart/mixed")
        body, *files = message.iter_parts()
        check("attachments", len(files), len(attachments))
        check("found attachments", list(message.iter_attachments()), files)
        for part, file in zip(files, attachments):
            check("media type", part.get_content_type(), file["media_type"].lower())
            charset = file["media_type"].lower().startswith("text/") and utf8(file["data"])
            check("charset", part.get_content_charset(), "utf-8" if charset else None)
            check("disposition", part.get_content_disposition(), "attachment")
            check("file name", part["Content-Disposition"].params["filename"], file["name"])
            check("get_filename", part.get_filename(), file["name"].strip())
            check("file", part.get_payload(decode=True), base64.b64decode(file["data"]))
    if content.get("html") is None:
        return text(body, "text/plain", content["text"])
    check("type", body.get_content_type(), "multipart/alternative")
    plain_part, html_part = body.iter_parts()
    text(plain_part, "text/plain", content["text"])
    text(html_part, "text/html", content["html"])
    assert message.get_body(("plain",)) is plain_part
    assert message.get_body(("html",)) is html_part


def boundaries(message, raw):
    """Each stands in the message as often as it parts it, and in no text (RFC 2046 §5.1.1)."""
    for part in message.walk():
        if part.is_multipart():
            boundary = part.get_boundary()
            assert len(boundary) <= 70, boundary
            delimiters = sum(line.startswith(f"--{boundary}".encode()) for line in raw.split(b"\r\n"))
            check(f"boundary {boundary}", delimiters, len(part.get_payload()) + 1)


def main():
    count = 0
    for count, line in enumerate(sys.stdin, 1):
        given = json.loads(line)
        raw = base64.b64decode(given["raw"])
        try:
            lines(raw)
            message = email.message_from_bytes(raw, policy=email.policy.default)
            headers(message, given["expect"])
            envelope(message, raw, given["expect"])
            parts(message, given["expect"])
            boundaries(message, raw)
        except Exception as error:
            said = json.dumps(given["expect"])
            sys.exit(f"message {count}: {error!r}\nexpected: {said:.2000}\n{raw.decode()[:4000]}")
    if not count:
        sys.exit("there was nothing to read")
    print(f"{count} emails say what they were to say")


if __name__ == "__main__":
    main()
