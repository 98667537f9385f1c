"""What is said in tickets, and what is told of it: comments, audits, metrics and requests."""

from zenpy.lib.api_objects import Comment, Request, Ticket

from .desk import family


@family
def comments(desk):
    """Public and internal comments, and what is taken out of them."""
    z, me = desk.z, desk.me
    asker = desk.user("Talker")
    ticket = desk.ticket("First", requester_id=asker.id)
    desk.said(ticket, "Only for us", comment={"public": False})
    desk.said(ticket, "My number is 4711, call 4711", comment={"author_id": asker.id})
    said = desk.ask("PUT", f"tickets/{ticket.id}.json", {"ticket": {"comment": {"html_body": "<p>So <b>bold</b></p>"}}})
    event = next(event for event in said["audit"]["events"] if event["type"] == "Comment")
    desk.holds("<b>bold</b>" in event["html_body"] and "bold" in event["plain_body"])

    first, note, third, bold = z.tickets.comments(ticket.id)
    desk.has(first, body="First", public=True, author_id=asker.id, type="Comment")
    desk.has(note, body="Only for us", public=False, author_id=me.id)
    desk.has(third, author_id=asker.id, public=True)
    desk.has(bold, id=event["id"], audit_id=said["audit"]["id"])
    desk.has(first.author, id=asker.id)
    desk.holds(first.html_body and first.plain_body and first.created_at and first.metadata)
    desk.same(first.attachments, [])
    desk.same(desk.ask("GET", f"tickets/{ticket.id}/comments/count.json")["count"]["value"], 4)
    newest = desk.ask("GET", f"tickets/{ticket.id}/comments.json?sort_order=desc&include=users")
    desk.same([it["id"] for it in newest["comments"]], [bold.id, third.id, note.id, first.id])
    desk.same({user["id"] for user in newest["users"]}, {me.id, asker.id})
    page = desk.ask("GET", f"tickets/{ticket.id}/comments.json?page[size]=3")
    desk.same(([it["id"] for it in page["comments"]], page["meta"]["has_more"]), ([first.id, note.id, third.id], True))

    redacted = z.tickets.comment_redact(ticket.id, third.id, "4711")
    desk.same(redacted.body, "My number is ▇▇▇▇, call ▇▇▇▇")
    desk.same(list(z.tickets.comments(ticket.id))[2].body, "My number is ▇▇▇▇, call ▇▇▇▇")
    desk.ask("PUT", f"tickets/{ticket.id}/comments/{first.id}/make_private.json")
    desk.same([it.public for it in z.tickets.comments(ticket.id)], [False, False, True, True])
    desk.refused(404, "RecordNotFound", z.tickets.comment_redact, ticket.id, 2**52, "x")
    desk.refused(404, "RecordNotFound", lambda: list(z.tickets.comments(2**52)))
    desk.refused(422, "RecordInvalid", z.tickets.create, Ticket(subject="Nothing is said"))

    # A ticket that began with a note goes on with notes.
    quiet = desk.z.tickets.create(Ticket(subject="x", comment=Comment(body="Among us", public=False))).ticket
    desk.has(quiet, is_public=False)


@family
def audits(desk):
    """What was done to tickets, event by event."""
    z, me = desk.z, desk.me
    ticket = desk.ticket(priority="low")
    change = z.tickets.update(Ticket(id=ticket.id, priority="high", assignee_id=me.id, comment=Comment(body="Mine")))
    first, second = z.tickets.audits(ticket.id)
    desk.has(second, id=change.audit.id, ticket_id=ticket.id, author_id=me.id)
    desk.has(second.author, id=me.id)
    events = {event.get("field_name", event["type"]): event for event in second.events}
    desk.has(events["priority"], type="Change", value="high", previous_value="low")
    desk.has(events["status"], type="Change", value="open", previous_value="new")
    desk.has(events["assignee_id"], type="Change", value=str(me.id), previous_value=None)
    desk.has(events["Comment"], body="Mine", public=True, audit_id=second.id)
    ids = [event["id"] for audit in (first, second) for event in audit.events]
    desk.same(len(ids), len(set(ids)))
    desk.same(second.via.channel, "api")
    desk.holds("Zenpy" in second.metadata.system.client)
    shown = desk.ask("GET", f"tickets/{ticket.id}/audits/{second.id}.json")["audit"]
    desk.same([event["id"] for event in shown["events"]], [event["id"] for event in second.events])
    desk.same(desk.ask("GET", f"tickets/{ticket.id}/audits/count.json")["count"]["value"], 2)
    page = desk.ask("GET", f"tickets/{ticket.id}/audits.json?include=users,groups&per_page=1")
    desk.same(([it["id"] for it in page["audits"]], page["count"]), ([first.id], 2))
    desk.among(me.id, [user["id"] for user in page["users"]])
    desk.ask("PUT", f"tickets/{ticket.id}/audits/{second.id}/make_private.json")
    desk.same([it.public for it in z.tickets.comments(ticket.id)], [True, False])

    # All audits, page by page, and from where one stopped.
    everything = z.tickets.audits()
    desk.among(second.id, desk.ids(everything))
    newest = desk.ask("GET", "ticket_audits.json?limit=1")
    desk.same(len(newest["audits"]), 1)
    desk.holds(newest["before_url"].startswith(f"{desk.root}/ticket_audits.json?"))
    by_two = desk.ids(z.tickets.audits(cursor_pagination=2))
    desk.same(len(by_two), len(set(by_two)))
    desk.among(second.id, by_two)
    desk.refused(404, "RecordNotFound", lambda: list(z.tickets.audits(2**52)))


@family
def ticket_metrics(desk):
    """What is measured of tickets."""
    z, me = desk.z, desk.me
    asker = desk.user("Measured")
    ticket = desk.ticket(requester_id=asker.id)
    z.tickets.update(Ticket(id=ticket.id, assignee_id=me.id, comment=Comment(body="On it")))
    z.tickets.update(Ticket(id=ticket.id, status="solved"))
    desk.client(email=asker.email).requests.update(Request(id=ticket.id, comment={"body": "No!"}))
    metric = z.tickets.metrics(ticket.id)
    desk.has(metric, ticket_id=ticket.id, reopens=1, replies=1, group_stations=1, assignee_stations=1)
    desk.holds(metric.initially_assigned_at and metric.assigned_at and metric.latest_comment_added_at)
    for name in ("reply_time_in_minutes", "first_resolution_time_in_minutes", "requester_wait_time_in_minutes"):
        desk.same(set(getattr(metric, name)), {"calendar", "business"})
    desk.has(z.ticket_metrics(id=metric.id), ticket_id=ticket.id)
    desk.has(metric.ticket, id=ticket.id)
    desk.paged(z.ticket_metrics, [metric.id])
    desk.refused(404, "RecordNotFound", z.tickets.metrics, 2**52)


@family
def requests(desk):
    """Tickets as those see them who ask: theirs alone, and no internal note."""
    z = desk.z
    asker, other = desk.user("Customer"), desk.user("Neighbour")
    as_asker, as_other = desk.client(email=asker.email), desk.client(email=other.email)
    request = as_asker.requests.create(Request(subject=desk.unique("Help"), comment={"body": "Where is it?"}))
    desk.has(request, status="new", requester_id=asker.id, description="Where is it?", can_be_solved_by_me=False)
    desk.same(request.url, f"{desk.root}/requests/{request.id}.json")
    desk.has(desk.shown(request.id), submitter_id=asker.id, requester_id=asker.id)
    desk.has(as_asker.requests(id=request.id), subject=request.subject)

    desk.said(request, "Nobody knows", comment={"public": False})
    desk.said(request, "It is on its way", assignee_id=desk.me.id)
    desk.same([it.body for it in as_asker.requests.comments(request.id)], ["Where is it?", "It is on its way"])
    desk.same(len(list(z.tickets.comments(request.id))), 3)
    as_asker.requests.update(Request(id=request.id, comment={"body": "Still not here"}))
    comments = list(as_asker.requests.comments(request.id))
    desk.has(comments[-1], body="Still not here", author_id=asker.id, public=True)
    path = f"requests/{request.id}/comments/{comments[0].id}.json"
    desk.same(desk.ask("GET", path, client=as_asker)["comment"]["body"], "Where is it?")
    loaded = desk.ask("GET", f"requests/{request.id}/comments.json", client=as_asker)
    desk.same({it["id"] for it in loaded["users"]}, {asker.id, desk.me.id})

    # Which lists it is in.
    desk.same(desk.ids(as_asker.requests()), [request.id])
    desk.same(desk.ids(as_asker.requests.open()), [request.id])
    desk.same(desk.ids(as_asker.requests.solved()), [])
    desk.same(desk.ids(z.users.requests(id=asker.id)), [request.id])
    as_asker.requests.update(Request(id=request.id, solved=True))
    desk.has(desk.shown(request.id), status="solved")
    desk.same((desk.ids(as_asker.requests.open()), desk.ids(as_asker.requests.solved())), ([], [request.id]))

    # Another's are not there, and nothing else of the helpdesk is.
    desk.refused(404, "RecordNotFound", as_other.requests, id=request.id)
    desk.refused(404, "RecordNotFound", as_other.requests.update, Request(id=request.id, comment={"body": "Mine?"}))
    desk.same(desk.ids(as_other.requests()), [])
    copied = desk.ticket(requester_id=asker.id, email_ccs=[{"user_id": other.id, "action": "put"}])
    desk.same(desk.ids(as_other.requests.ccd()), [copied.id])
    for path in ("tickets.json", f"tickets/{request.id}.json", "users.json", "macros.json", "ticket_audits.json"):
        desk.ask("GET", path, client=as_asker, status=403)
    desk.ask("GET", "requests.json", client=desk.client(headers={"X-On-Behalf-Of": asker.email}))

    # Nobody knows them yet.
    anonymous = {"requester": {"name": "Anonymous", "email": desk.address("anonymous")}, "subject": "Hi",
                 "comment": {"body": "Hello"}}
    nobody = desk.client(anonymous=True)
    made = desk.ask("POST", "requests.json", {"request": anonymous}, status=201, client=nobody)
    desk.same(made["request"]["subject"], "Hi")
