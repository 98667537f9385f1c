"""Files: uploaded, attached to comments, downloaded, and taken out again."""

import io
import os
import tempfile

from zenpy.lib.api_objects import Comment, Ticket

from .desk import family


@family
def uploads(desk):
    """Uploads, and the attachments that they become."""
    z = desk.z
    content = os.urandom(100_000)
    upload = z.attachments.upload(io.BytesIO(content), target_name="dump of a day.bin")
    attachment = upload.attachment
    desk.has(attachment, file_name="dump of a day.bin", size=len(content), inline=False, deleted=False,
             url=f"{desk.root}/attachments/{attachment.id}.json")
    desk.holds(upload.token and upload.expires_at)
    second = z.attachments.upload("Only text", target_name="note.txt", token=upload.token, content_type="text/plain")
    desk.same((second.token, len(second.attachments)), (upload.token, 2))
    desk.same(second.attachment.content_type, "text/plain")

    ticket = z.tickets.create(Ticket(subject="With files", comment=Comment(body="See these", uploads=[upload.token]))).ticket
    comment, = z.tickets.comments(ticket.id)
    names = {it.file_name: it for it in comment.attachments}
    desk.same(set(names), {"dump of a day.bin", "note.txt"})
    shown = z.attachments(id=names["note.txt"].id)
    desk.has(shown, file_name="note.txt", size=9, content_type="text/plain")
    desk.holds(shown.content_url.startswith(desk.root.split("/api")[0]))
    desk.same(z.attachments.download(names["note.txt"].id).getvalue(), b"Only text")
    desk.same(z.attachments.download(names["dump of a day.bin"].id).getvalue(), content)
    with tempfile.TemporaryDirectory() as folder:
        path = z.attachments.download(names["note.txt"].id, destination=folder)
        with open(path, "rb") as file:
            desk.same((os.path.basename(path), file.read()), ("note.txt", b"Only text"))

    # Taken out for good.
    redacted = z.attachments.redact(ticket.id, comment.id, names["note.txt"].id)
    desk.has(redacted, file_name="redacted.txt")
    comment, = z.tickets.comments(ticket.id)
    desk.missing("note.txt", [it.file_name for it in comment.attachments])
    # A token is good once.
    desk.refused(422, None, z.tickets.create, Ticket(subject="x", comment=Comment(body="x", uploads=[upload.token])))

    dropped = z.attachments.upload("Nothing", target_name="dropped.txt")
    z.attachments.delete(dropped.token)
    desk.refused(404, "RecordNotFound", z.attachments.delete, dropped.token)
    desk.refused(404, "RecordNotFound", z.attachments, id=2**52)
    # Also as a bare string, which clients send.
    upload = z.attachments.upload("Bare", target_name="bare.txt")
    z.tickets.update(Ticket(id=ticket.id, comment=Comment(body="One more", uploads=upload.token)))
    desk.same([it.file_name for it in list(z.tickets.comments(ticket.id))[-1].attachments], ["bare.txt"])


@family
def large_files(desk):
    """What is too large for the API goes another way, which the error names."""
    z = desk.z
    upload = z.attachments.upload(io.BytesIO(bytes(1024 * 1024)), target_name="one.bin")
    desk.same(upload.attachment.size, 1024 * 1024)
    session = z.users.session
    large = bytes(4 * 1024 * 1024 + 1)
    answer = session.post(f"{desk.root}/uploads.json?filename=large.bin", data=large)
    desk.same(answer.status_code, 413)
    desk.holds(isinstance(answer.json(), dict) and answer.json().get("error"))


@family
def files_of_others(desk):
    """An end-user's files are theirs, and those of tickets that they see."""
    asker, other = desk.user("Sender"), desk.user("Other")
    as_asker, as_other = desk.client(email=asker.email), desk.client(email=other.email)
    upload = as_asker.attachments.upload("Mine", target_name="mine.txt")
    body = {"request": {"subject": "With a file", "comment": {"body": "See", "uploads": [upload.token]}}}
    request = desk.ask("POST", "requests.json", body, status=201, client=as_asker)["request"]
    comment, = desk.ask("GET", f"requests/{request['id']}/comments.json", client=as_asker)["comments"]
    id = comment["attachments"][0]["id"]
    desk.has(as_asker.attachments(id=id), file_name="mine.txt")
    answer = as_other.users.session.get(f"{desk.root}/attachments/{id}.json")
    desk.among(answer.status_code, (403, 404))
    stolen = as_asker.attachments.upload("Mine too", target_name="mine.txt")
    body["request"]["comment"]["uploads"] = [stolen.token]
    answer = as_other.users.session.post(f"{desk.root}/requests.json", json=body)
    desk.same(answer.status_code, 422)
