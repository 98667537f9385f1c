"""Tickets, and what may happen to them."""

from zenpy.lib.api_objects import Comment, Request, Ticket, User

from .desk import family


@family
def tickets(desk):
    """One ticket: opened, shown, changed and deleted."""
    z, me = desk.z, desk.me
    subject = desk.unique("My printer is on fire!")
    made = z.tickets.create(
        Ticket(subject=subject, comment=Comment(body="The smoke is very colorful."), priority="urgent", type="incident",
               tags=["smoke", "fire"], external_id=desk.key("printer"))
    )
    ticket, audit = made.ticket, made.audit
    desk.has(ticket, subject=subject, raw_subject=subject, description="The smoke is very colorful.", status="new",
             priority="urgent", type="incident", requester_id=me.id, submitter_id=me.id, is_public=True,
             has_incidents=False, problem_id=None, due_at=None, allow_channelback=False,
             url=f"{desk.root}/tickets/{ticket.id}.json")
    desk.same(sorted(ticket.tags), ["fire", "smoke"])
    desk.same(ticket.via.channel, "api")
    desk.has(audit, ticket_id=ticket.id, author_id=me.id)
    kinds = [event["type"] for event in audit.events]
    desk.holds(kinds.count("Comment") == 1 and kinds.count("Create") >= 4)
    created = {event["field_name"]: event["value"] for event in audit.events if event["type"] == "Create"}
    desk.has(created, subject=subject, status="new", priority="urgent", type="incident")
    desk.same(created["requester_id"], str(me.id))

    # Whatever it points to is there.
    desk.has(ticket.requester, id=me.id, email=desk.email)
    desk.has(ticket.brand, id=ticket.brand_id, default=True)
    desk.has(z.ticket_forms(id=ticket.ticket_form_id), default=True, active=True)
    desk.has(z.custom_statuses(id=ticket.custom_status_id), status_category="new")

    shown = desk.shown(ticket)
    desk.has(shown, id=ticket.id, subject=subject, created_at=ticket.created_at, external_id=ticket.external_id)
    desk.same(desk.ids(z.tickets(external_id=ticket.external_id)), [ticket.id])

    shown.subject = desk.unique("Only warm")
    shown.priority = "low"
    shown.tags.append("solved_it")
    changed = z.tickets.update(shown)
    desk.has(changed.ticket, subject=shown.subject, priority="low", status="new", id=ticket.id)
    change = {event["field_name"]: event for event in changed.audit.events if event["type"] == "Change"}
    desk.has(change["subject"], value=shown.subject, previous_value=subject)
    desk.has(change["priority"], value="low", previous_value="urgent")
    desk.among("tags", change)
    # What changes nothing is done, and leaves no events.
    desk.same(len(z.tickets.update(desk.shown(ticket)).audit.events or []), 0)

    z.tickets.delete(ticket)
    desk.refused(404, "RecordNotFound", desk.shown, ticket)
    desk.refused(404, "RecordNotFound", z.tickets.update, Ticket(id=ticket.id, subject="gone"))
    desk.refused(404, "RecordNotFound", z.tickets.delete, ticket)


@family
def ticket_lists(desk):
    """Both paginations, counts, side-loads and orders of the lists of tickets."""
    z = desk.z
    asker = desk.user("Lister")
    mine = [desk.ticket(requester_id=asker.id) for _ in range(5)]
    ids = desk.ids(mine)
    desk.same(desk.ids(z.users.requested(asker.id)), ids)
    desk.holds(all(earlier < later for earlier, later in zip(ids, ids[1:])))
    desk.paged(z.tickets, ids)
    desk.same(sorted(desk.ids(z.tickets(ids=ids))), ids)
    z.tickets.update(Ticket(id=ids[0], assignee_id=desk.me.id))
    desk.among(ids[0], desk.ids(z.tickets.recent()))

    page = desk.ask("GET", f"users/{asker.id}/tickets/requested.json?per_page=2&page=2")
    desk.same([ticket["id"] for ticket in page["tickets"]], ids[2:4])
    desk.has(page, count=5)
    desk.holds(page["next_page"].startswith(f"{desk.root}/users/{asker.id}/tickets/requested.json?"))
    desk.holds("page=3" in page["next_page"] and "page=1" in page["previous_page"])
    last = desk.ask("GET", f"users/{asker.id}/tickets/requested.json?per_page=2&page=3")
    desk.same(([ticket["id"] for ticket in last["tickets"]], last["next_page"]), (ids[4:], None))

    page = desk.ask("GET", f"users/{asker.id}/tickets/requested.json?page[size]=2")
    desk.same((page["meta"]["has_more"], "count" in page), (True, False))
    desk.holds(page["links"]["next"].startswith(desk.root))
    after = desk.z.users.session.get(page["links"]["next"]).json()
    desk.same([ticket["id"] for ticket in after["tickets"]], ids[2:4])
    before = desk.z.users.session.get(after["links"]["prev"]).json()
    desk.same([ticket["id"] for ticket in before["tickets"]], ids[:2])
    cursor = after["meta"]["after_cursor"]
    end = desk.ask("GET", f"users/{asker.id}/tickets/requested.json?page[size]=2&page[after]={cursor}")
    desk.same(([ticket["id"] for ticket in end["tickets"]], end["meta"]["has_more"]), (ids[4:], False))
    desk.ask("GET", "tickets.json?page[size]=2&page[after]=nonsense", status=400)

    newest = list(z.tickets(sort_by="created_at", sort_order="desc", cursor_pagination=False)[:5])
    desk.same(sorted(desk.ids(newest)), ids)
    desk.holds(desk.ask("GET", "tickets/count.json")["count"]["value"] >= 5)
    desk.same(desk.ask("GET", f"users/{asker.id}/tickets/requested/count.json")["count"]["value"], 5)

    loaded = desk.ask("GET", f"tickets/{ids[0]}.json?include=users,groups,organizations,metric_sets,comment_count,dates")
    desk.among(asker.id, [user["id"] for user in loaded["users"]])
    desk.same(loaded["ticket"].get("comment_count"), 1)
    desk.same(loaded["ticket"]["metric_set"]["ticket_id"], ids[0])
    loaded = desk.ask("GET", f"tickets/show_many.json?ids={ids[0]},{ids[1]}&include=users")
    desk.same(([it["id"] for it in loaded["tickets"]], loaded["count"], loaded["next_page"]), (ids[:2], 2, None))
    desk.same([user["id"] for user in loaded["users"] if user["id"] == asker.id], [asker.id])


@family
def many_tickets(desk):
    """Jobs over many tickets: each in order, and no more than a hundred."""
    z = desk.z
    words = [desk.unique(f"Many {number}") for number in range(12)]
    job = z.tickets.create([Ticket(subject=word, description=word) for word in words])
    done = desk.done(job)
    desk.same((done.total, done.progress, len(done.results)), (12, 12, 12))
    desk.same([result.index for result in done.results], list(range(12)))
    ids = [result.id for result in done.results]
    made = list(z.tickets(ids=ids))
    desk.same({ticket.id: ticket.subject for ticket in made}, dict(zip(ids, words)))

    changes = [Ticket(id=id, subject=f"Changed {id}") for id in ids[:2]]
    results = desk.results(z.tickets.update(changes))
    desk.same([(it.id, it.action, it.status, it.success) for it in results],
              [(id, "update", "Updated", True) for id in ids[:2]])
    desk.same([desk.shown(id).subject for id in ids[:2]], [f"Changed {id}" for id in ids[:2]])

    alike = f"tickets/update_many.json?ids={ids[2]},{ids[3]}"
    job = desk.ask("PUT", alike, {"ticket": {"priority": "low", "additional_tags": ["bulk"]}})["job_status"]
    desk.same(job["status"], "queued")
    desk.done(z.job_status(id=job["id"]))
    for id in ids[2:4]:
        desk.has(desk.shown(id), priority="low")
        desk.among("bulk", desk.shown(id).tags)

    # One that is not there fails alone.
    results = desk.results(z.tickets.update([Ticket(id=ids[4], priority="high"), Ticket(id=2**52, priority="high")]))
    desk.same(desk.shown(ids[4]).priority, "high")
    desk.same([bool(result.success) for result in results], [True, False])

    desk.done(z.tickets.delete([Ticket(id=id) for id in ids]))
    for id in (ids[0], ids[-1]):
        desk.refused(404, "RecordNotFound", desk.shown, id)

    hundred = desk.results(z.tickets.create([Ticket(subject="One of many", description="x") for _ in range(100)]))
    desk.same(len({result.id for result in hundred}), 100)
    desk.same(len(list(z.tickets(ids=[result.id for result in hundred]))), 100)
    desk.done(z.tickets.delete([Ticket(id=result.id) for result in hundred]))
    too_many = [Ticket(subject="One too many", description="x") for _ in range(101)]
    desk.refused(400, "TooManyValues", z.tickets.create, too_many)
    desk.refused(400, "TooManyValues", z.tickets, ids=list(range(1, 102)))
    desk.refused(400, "TooManyValues", z.tickets.delete, [Ticket(id=id) for id in range(1, 102)])


@family
def ticket_life(desk):
    """How a ticket's status goes, by Zendesk's rules."""
    z, me = desk.z, desk.me
    asker = desk.user("Asker")
    as_asker = desk.client(email=asker.email)
    ticket = desk.ticket(requester_id=asker.id)
    desk.same(desk.invalid("base", z.tickets.update, Ticket(id=ticket.id, status="solved")),
              "Assignee: is required when solving a ticket")
    # New until somebody has it, and never again.
    desk.has(z.tickets.update(Ticket(id=ticket.id, assignee_id=me.id)).ticket, status="open", assignee_id=me.id)
    desk.holds(desk.shown(ticket).group_id is not None)
    # Never new again, whoever tries.
    desk.ask("PUT", f"tickets/{ticket.id}.json", {"ticket": {"status": "new"}}, status=422)
    desk.has(desk.shown(ticket), status="open")
    for status in ("pending", "solved"):
        desk.has(z.tickets.update(Ticket(id=ticket.id, status=status)).ticket, status=status)
        # Who asked says more: it is open again.
        as_asker.requests.update(Request(id=ticket.id, comment={"body": f"It is not {status}."}))
        desk.has(desk.shown(ticket), status="open")
    # An agent's comment does not.
    z.tickets.update(Ticket(id=ticket.id, status="pending"))
    desk.said(ticket, "Still waiting.")
    desk.has(desk.shown(ticket), status="pending")

    desk.invalid("status", z.tickets.update, Ticket(id=ticket.id, status="asleep"))
    desk.invalid("priority", z.tickets.update, Ticket(id=ticket.id, priority="huge"))
    desk.invalid("type", z.tickets.update, Ticket(id=ticket.id, type="riddle"))
    desk.refused(422, "RecordInvalid", z.tickets.update, Ticket(id=ticket.id, assignee_id=asker.id))
    desk.refused(422, "RecordInvalid", z.tickets.update, Ticket(id=ticket.id, group_id=2**52))
    desk.has(desk.shown(ticket), status="pending", assignee_id=me.id)


@family
def closed_tickets(desk):
    """What is closed stays as it is; whoever has more to say opens a follow-up."""
    z, me = desk.z, desk.me
    asker = desk.user("Returner")
    closed = Ticket(subject=desk.unique("Long ago"), description="It was cold.", requester_id=asker.id,
                    assignee_id=me.id, status="closed", tags=["winter"])
    closed = z.ticket_import.create(closed)
    closed = getattr(closed, "ticket", closed)
    desk.has(closed, status="closed")
    said = desk.invalid("status", z.tickets.update, Ticket(id=closed.id, status="open"))
    desk.holds(said.endswith("closed prevents ticket update"))
    desk.refused(422, "RecordInvalid", desk.said, closed, "And another thing")

    again = {"subject": desk.unique("Again"), "comment": {"body": "Cold again."}, "via_followup_source_id": closed.id}
    again = desk.ask("POST", "tickets.json", {"ticket": again}, status=201)["ticket"]
    desk.has(again, via_followup_source_id=closed.id, status="new")
    desk.same((again["via"]["source"]["rel"], again["via"]["source"]["from"]["ticket_id"]), ("follow_up", closed.id))
    desk.same(again["tags"], ["winter"])
    desk.same(list(desk.shown(closed).followup_ids), [again["id"]])
    related = desk.ask("GET", f"tickets/{again['id']}/related.json")
    desk.same([int(id) for id in related["followup_source_ids"]], [closed.id])

    open_one = desk.ticket()
    again = {"comment": {"body": "x"}, "via_followup_source_id": open_one.id}
    desk.ask("POST", "tickets.json", {"ticket": again}, status=422)
    z.tickets.delete(closed)


@family
def safe_updates(desk):
    """Who has not seen the newest change does not overwrite it."""
    z = desk.z
    ticket = desk.ticket()
    seen = ticket.updated_at
    safe = dict(safe_update=True, updated_stamp=seen)
    desk.ask("PUT", f"tickets/{ticket.id}.json", {"ticket": {"priority": "low", **safe}})
    body = desk.refused(409, "UpdateConflict", z.tickets.update,
                        Ticket(id=ticket.id, priority="high", safe_update=True, updated_stamp="2020-01-01T00:00:00Z"))
    desk.holds(body["description"].startswith("Safe Update prevented the update due to outdated ticket data."))
    desk.has(desk.shown(ticket), priority="low")
    desk.ask("PUT", f"tickets/{ticket.id}.json", {"ticket": {"priority": "high", "safe_update": True}}, status=400)
    now = desk.shown(ticket).updated_at
    z.tickets.update(Ticket(id=ticket.id, priority="urgent", safe_update=True, updated_stamp=now))
    desk.has(desk.shown(ticket), priority="urgent")


@family
def ticket_tags(desk):
    """Tags of a ticket."""
    z = desk.z
    ticket = desk.ticket(tags=["one"])
    names = lambda: sorted(tag if isinstance(tag, str) else tag.name for tag in z.tickets.tags(ticket.id))
    desk.same(names(), ["one"])
    desk.same(sorted(z.tickets.add_tags(ticket.id, ["two", "three"])), ["one", "three", "two"])
    desk.same(sorted(z.tickets.set_tags(ticket.id, ["four", "five"])), ["five", "four"])
    desk.same(sorted(z.tickets.delete_tags(ticket.id, ["four"])), ["five"])
    desk.same((names(), list(desk.shown(ticket).tags)), (["five"], ["five"]))
    stale = {"tags": ["six"], "updated_stamp": "2020-01-01T00:00:00Z", "safe_update": "true"}
    desk.ask("PUT", f"tickets/{ticket.id}/tags.json", stale, status=409)
    z.tickets.update(Ticket(id=ticket.id, additional_tags=["seven"]))
    desk.same(names(), ["five", "seven"])
    z.tickets.update(Ticket(id=ticket.id, remove_tags=["five"]))
    desk.same(names(), ["seven"])


@family
def merged_tickets(desk):
    """Tickets merged into another."""
    z, me = desk.z, desk.me
    asker = desk.user("Twice")
    target, *sources = (desk.ticket(requester_id=asker.id, assignee_id=me.id) for _ in range(3))
    done = desk.done(z.tickets.merge(target.id, desk.ids(sources), target_comment="Three of a kind",
                                     source_comment="See the other one"))
    desk.same(done.total, done.progress)
    for source in sources:
        shown = desk.shown(source)
        desk.has(shown, status="closed")
        desk.among("closed_by_merge", shown.tags)
        desk.same(list(z.tickets.comments(source.id))[-1].body, "See the other one")
    bodies = [comment.body for comment in z.tickets.comments(target.id)]
    desk.holds(any("Three of a kind" in body for body in bodies))
    desk.has(desk.shown(target), status="open")
    desk.refused(404, "RecordNotFound", z.tickets.merge, 2**52, [target.id])


@family
def problems(desk):
    """Problems and their incidents."""
    z, me = desk.z, desk.me
    problem = desk.ticket(type="problem", subject=desk.unique("Outage"), assignee_id=me.id)
    incidents = [desk.ticket(type="incident", problem_id=problem.id, assignee_id=me.id) for _ in range(2)]
    desk.same(incidents[0].problem_id, problem.id)
    desk.same(sorted(desk.ids(z.tickets.incidents(problem.id))), sorted(desk.ids(incidents)))
    desk.has(desk.shown(problem), has_incidents=True)
    desk.has(desk.shown(incidents[0]).problem, id=problem.id)
    desk.same(desk.ask("GET", f"tickets/{problem.id}/related.json")["incidents"], 2)
    desk.among(problem.id, [it["id"] for it in desk.ask("GET", "problems.json?per_page=100")["tickets"]])
    found = desk.ask("POST", "problems/autocomplete.json", {"text": problem.subject})["tickets"]
    desk.same([it["id"] for it in found], [problem.id])
    desk.refused(422, "RecordInvalid", z.tickets.create,
                 Ticket(subject="x", description="x", type="incident", problem_id=2**52))


@family
def collaborators(desk):
    """Who is in copy of a ticket, and who follows it."""
    z = desk.z
    copied, follower = desk.user("Copied"), desk.agent("Follower")
    ticket = desk.ticket(email_ccs=[{"user_id": copied.id, "action": "put"}],
                         followers=[{"user_id": follower.id, "action": "put"}])
    desk.same((list(ticket.email_cc_ids), list(ticket.follower_ids)), ([copied.id], [follower.id]))
    desk.same(sorted(ticket.collaborator_ids), sorted([copied.id, follower.id]))
    desk.same(sorted(desk.ids(ticket.collaborators)), sorted([copied.id, follower.id]))
    for path, ids in (("email_ccs", [copied.id]), ("followers", [follower.id])):
        desk.same([user["id"] for user in desk.ask("GET", f"tickets/{ticket.id}/{path}.json")["users"]], ids)
    both = desk.ask("GET", f"tickets/{ticket.id}/collaborators.json")["users"]
    desk.same(sorted(user["id"] for user in both), sorted([copied.id, follower.id]))
    desk.same(desk.ids(z.users.cced(copied.id)), [ticket.id])
    followed = desk.ask("GET", f"users/{follower.id}/tickets/followed.json")["tickets"]
    desk.same([it["id"] for it in followed], [ticket.id])

    address = desk.address("newcomer")
    z.tickets.update(Ticket(id=ticket.id, email_ccs=[{"user_email": address, "user_name": "Newcomer", "action": "put"},
                                                     {"user_id": copied.id, "action": "delete"}]))
    ccs = desk.ask("GET", f"tickets/{ticket.id}/email_ccs.json")["users"]
    desk.same([user["name"] for user in ccs], ["Newcomer"])
    # An end-user cannot follow.
    desk.invalid("followers", z.tickets.update,
                 Ticket(id=ticket.id, followers=[{"user_id": copied.id, "action": "put"}]))
    desk.same(list(desk.shown(ticket).follower_ids), [follower.id])


@family
def requesters(desk):
    """Who asks need not be known before; and whoever works on it is told by id or address."""
    z, me = desk.z, desk.me
    address = desk.address("stranger")
    ticket = desk.ticket(requester=User(name="Stranger", email=address))
    # As if they had sent it themselves, unless an agent is named who did.
    desk.has(ticket, submitter_id=ticket.requester_id)
    desk.has(next(iter(z.tickets.comments(ticket.id))), author_id=ticket.requester_id)
    sent = desk.ticket(requester_id=ticket.requester_id, submitter_id=me.id)
    desk.has(next(iter(z.tickets.comments(sent.id))), author_id=me.id)
    desk.has(ticket.requester, name="Stranger", email=address, role="end-user")
    again = desk.ticket(requester=User(name="Somebody", email=address))
    desk.same(again.requester_id, ticket.requester_id)
    desk.has(desk.ticket(assignee_email=me.email), assignee_id=me.id, status="open")
    other = desk.user("Other")
    desk.has(z.tickets.update(Ticket(id=ticket.id, requester_id=other.id)).ticket, requester_id=other.id)
    desk.refused(422, "RecordInvalid", z.tickets.create, Ticket(subject="x", description="x", requester_id=2**52))
    organization = desk.organization("Their firm")
    member = desk.user("Member", organization_id=organization.id)
    ticket = desk.ticket(requester_id=member.id)
    desk.has(ticket, organization_id=organization.id)
    desk.same(desk.ids(z.tickets.organizations(organization.id)), [ticket.id])


@family
def deleted_tickets(desk):
    """Deleted, brought back, and deleted for good."""
    z = desk.z
    kept, lost, *others = (desk.ticket() for _ in range(4))
    for ticket in (kept, lost):
        z.tickets.delete(ticket)
    deleted = {ticket.id: ticket for ticket in z.tickets.deleted()}
    desk.among(kept.id, deleted)
    desk.has(deleted[kept.id], subject=kept.subject, previous_state="new")
    desk.same(deleted[kept.id].actor["id"], desk.me.id)
    desk.among(kept.id, desk.ids(z.tickets.deleted(cursor_pagination=2)))
    z.tickets.restore(kept)
    desk.has(desk.shown(kept), status="new", subject=kept.subject)
    desk.missing(kept.id, desk.ids(z.tickets.deleted()))

    desk.done(z.tickets.permanently_delete(lost))
    desk.missing(lost.id, desk.ids(z.tickets.deleted()))
    desk.refused(404, "RecordNotFound", z.tickets.restore, lost)
    desk.refused(404, "RecordNotFound", desk.shown, lost)

    desk.done(z.tickets.delete(others))
    z.tickets.restore(others)
    desk.same([desk.shown(ticket).status for ticket in others], ["new", "new"])
    desk.done(z.tickets.delete(others))
    desk.done(z.tickets.permanently_delete(others))
    for ticket in others:
        desk.missing(ticket.id, desk.ids(z.tickets.deleted()))


@family
def imported_tickets(desk):
    """Tickets with their past."""
    z, me = desk.z, desk.me
    asker = desk.user("Historian")
    past = {
        "subject": desk.unique("From the old system"), "requester_id": asker.id, "assignee_id": me.id,
        "status": "solved", "tags": ["old"], "created_at": "2019-03-04T05:06:07Z", "updated_at": "2019-03-05T05:06:07Z",
        "solved_at": "2019-03-05T05:06:07Z",
        "comments": [
            {"author_id": asker.id, "value": "It began so.", "created_at": "2019-03-04T05:06:07Z"},
            {"author_id": me.id, "value": "Only for us.", "public": False, "created_at": "2019-03-04T06:06:07Z"},
            {"author_id": me.id, "html_body": "<b>Done</b>", "created_at": "2019-03-05T05:06:07Z"},
        ],
    }
    ticket = desk.ask("POST", "imports/tickets.json", {"ticket": past}, status=201)["ticket"]
    desk.has(ticket, subject=past["subject"], status="solved", created_at="2019-03-04T05:06:07Z",
             requester_id=asker.id, description="It began so.")
    comments = list(z.tickets.comments(ticket["id"]))
    desk.same([(it.author_id, it.public, it.created_at) for it in comments],
              [(asker.id, True, "2019-03-04T05:06:07Z"), (me.id, False, "2019-03-04T06:06:07Z"),
               (me.id, True, "2019-03-05T05:06:07Z")])
    desk.same([it.body for it in comments[:2]], ["It began so.", "Only for us."])
    one = z.ticket_import.create(Ticket(subject="Alone", description="Hello", created_at="2018-01-01T00:00:00Z"))
    desk.has(getattr(one, "ticket", one), created_at="2018-01-01T00:00:00Z")
    job = z.ticket_import.create([Ticket(subject=f"Old {nth}", description="x") for nth in range(3)])
    desk.same(sorted(it.subject for it in z.tickets(ids=[it.id for it in desk.results(job)])), ["Old 0", "Old 1", "Old 2"])


@family
def spam(desk):
    """Spam: the ticket goes, and who sent it is suspended."""
    z = desk.z
    spammer = desk.user("Spammer")
    ticket = desk.ticket(requester_id=spammer.id)
    desk.ask("PUT", f"tickets/{ticket.id}/mark_as_spam.json")
    desk.refused(404, "RecordNotFound", desk.shown, ticket)
    desk.has(z.users(id=spammer.id), suspended=True)
    others = [desk.user("Spammer") for _ in range(2)]
    ids = ",".join(str(desk.ticket(requester_id=it.id).id) for it in others)
    job = desk.ask("PUT", f"tickets/mark_many_as_spam.json?ids={ids}")["job_status"]
    desk.done(z.job_status(id=job["id"]))
    desk.same([z.users(id=it.id).suspended for it in others], [True, True])
