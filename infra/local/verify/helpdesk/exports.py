"""What is exported, and what is told of the account: incremental exports, events, activities and audit logs."""

import time

from zenpy.lib.api_objects import Ticket, User

from .desk import family


def since(desk):
    """A start for exports that hold what this family makes: a minute ago, as the exports ask for."""
    return int(time.time()) - 61


@family
def incremental_tickets(desk):
    """Tickets that changed, by cursor and by time, deleted ones too."""
    z = desk.z
    start = since(desk)
    kept, changed, deleted = (desk.ticket() for _ in range(3))
    z.tickets.update(Ticket(id=changed.id, priority="high"))
    z.tickets.delete(deleted)
    exported = {it.id: it for it in z.tickets.incremental(start_time=start)}
    desk.has(exported[kept.id], subject=kept.subject, status="new")
    desk.has(exported[changed.id], priority="high")
    desk.has(exported[deleted.id], status="deleted")
    desk.holds(isinstance(exported[kept.id].generated_timestamp, int) and exported[kept.id].generated_timestamp >= start)
    desk.holds(isinstance(exported[kept.id].fields, list) and isinstance(exported[kept.id].custom_fields, list))

    path = f"incremental/tickets/cursor.json?start_time={start}.0&per_page=1"
    page = desk.ask("GET", path)
    desk.same((len(page["tickets"]), page["end_of_stream"]), (1, False))
    desk.holds(page["after_url"].startswith(f"{desk.root}/incremental/tickets/cursor"))
    ids, stamps = set(), []
    for _ in range(1000):
        ids |= {it["id"] for it in page["tickets"]}
        stamps += [it["generated_timestamp"] for it in page["tickets"]]
        if page["end_of_stream"]:
            break
        page = desk.ask("GET", f"incremental/tickets/cursor.json?cursor={page['after_cursor']}&per_page=1")
    desk.same(stamps, sorted(stamps))
    desk.holds({kept.id, changed.id, deleted.id} <= ids)
    # Whoever goes on from there gets what is new, and only that.
    cursor = page["after_cursor"]
    new = desk.ticket()
    again = [it.id for it in z.tickets.incremental(cursor=cursor)]
    desk.among(new.id, again)
    desk.missing(kept.id, again)

    by_time = z.tickets.incremental(start_time=start, paginate_by_time=True, include=["users"])
    desk.holds({kept.id, changed.id, deleted.id} <= set(desk.ids(by_time)))
    page = desk.ask("GET", f"incremental/tickets.json?start_time={start}&include=metric_sets,users")
    desk.same(page["count"], len(page["tickets"]))
    desk.same(page["end_of_stream"], True)
    desk.holds(page["end_time"] >= start)
    shown = next(it for it in page["tickets"] if it["id"] == kept.id)
    desk.same(shown["metric_set"]["ticket_id"], kept.id)
    desk.among(desk.me.id, [it["id"] for it in page["users"]])
    without = desk.ask("GET", f"incremental/tickets/cursor.json?start_time={start}&exclude_deleted=true")
    desk.missing(deleted.id, [it["id"] for it in without["tickets"]])
    body = desk.ask("GET", f"incremental/tickets/cursor.json?start_time={int(time.time()) + 60}", status=422)
    desk.holds(body["description"].startswith("Too recent start_time."))


@family
def incremental_people(desk):
    """Users and organizations that changed."""
    z = desk.z
    start = since(desk)
    user, _, firm = desk.user("Exported"), desk.user("Exported too"), desk.organization("Exported")
    z.users.update(User(id=user.id, name="Exported and changed"))
    for by_time in (False, True):
        exported = {it.id: it for it in z.users.incremental(start_time=start, paginate_by_time=by_time)}
        desk.has(exported[user.id], name="Exported and changed", email=user.email)
    page = desk.ask("GET", f"incremental/users/cursor.json?start_time={start}&per_page=1&include=identities")
    desk.same((len(page["users"]), page["end_of_stream"]), (1, False))
    desk.holds(page["after_url"].startswith(desk.root))
    firms = {it.id: it for it in z.organizations.incremental(start_time=start)}
    desk.has(firms[firm.id], name=firm.name)
    gone = desk.user("Gone")
    z.users.delete(gone)
    exported = {it.id: it for it in z.users.incremental(start_time=start)}
    desk.has(exported[gone.id], active=False)


@family
def ticket_events(desk):
    """What happened to all tickets, event by event."""
    z, me = desk.z, desk.me
    start = since(desk)
    ticket = desk.ticket("First words")
    z.tickets.update(Ticket(id=ticket.id, priority="high"))
    desk.said(ticket, "Among us", comment={"public": False})
    events = [it for it in z.tickets.events(start_time=start, include=["comment_events"]) if it.ticket_id == ticket.id]
    desk.same(len(events), 3)
    desk.has(events[0], ticket_id=ticket.id, updater_id=me.id)
    desk.same([it.timestamp for it in events], sorted(it.timestamp for it in events))
    children = [child for event in events for child in event.child_events]
    desk.same([it["body"] for it in children if it.get("event_type") == "Comment"], ["First words", "Among us"])
    desk.among({"event_type": "Change", "priority": "high", "previous_value": None},
               [{key: it.get(key) for key in ("event_type", "priority", "previous_value")} for it in children])
    page = desk.ask("GET", f"incremental/ticket_events.json?start_time={start}")
    desk.holds(page["count"] == len(page["ticket_events"]) and page["end_of_stream"] is True)
    # Comments come only when they are asked for.
    children = [child for event in page["ticket_events"] if event["ticket_id"] == ticket.id for child in event["child_events"]]
    desk.holds(not any("body" in it for it in children))


@family
def ticket_metric_events(desk):
    """What was measured of tickets, event by event."""
    z, me = desk.z, desk.me
    start = since(desk)
    ticket = desk.ticket(requester_id=desk.user("Timed").id)
    desk.said(ticket, "An answer", assignee_id=me.id)
    z.tickets.update(Ticket(id=ticket.id, status="solved"))
    events = [it for it in z.tickets.metrics_incremental(start_time=start) if it.ticket_id == ticket.id]
    kinds = {(it.metric, it.type) for it in events}
    for metric in ("reply_time", "agent_work_time", "requester_wait_time"):
        desk.among((metric, "activate"), kinds)
        desk.among((metric, "fulfill"), kinds)
    desk.holds(all(it.time and it.instance_id is not None for it in events))
    page = desk.ask("GET", f"incremental/ticket_metric_events.json?start_time={start}&page[size]=1")
    desk.same((len(page["ticket_metric_events"]), page["meta"]["has_more"]), (1, True))
    desk.holds(page["links"]["next"].startswith(desk.root))


@family
def activities(desk):
    """What an agent is told of: what others did to the tickets that are theirs."""
    z, me = desk.z, desk.me
    agent = desk.agent("Busy")
    as_agent = desk.client(email=agent.email)
    ticket = desk.ticket(assignee_id=me.id)
    as_agent.tickets.update(Ticket(id=ticket.id, comment={"body": "For you"}))
    mine = [it for it in z.activities() if it.target.ticket.id == ticket.id]
    desk.among("tickets.comment", [it.verb for it in mine])
    activity = next(it for it in mine if it.verb == "tickets.comment")
    desk.has(activity, user_id=me.id, actor_id=agent.id, url=f"{desk.root}/activities/{activity.id}.json")
    desk.has(activity.actor, id=agent.id, name=agent.name)
    desk.has(z.activities(id=activity.id), verb="tickets.comment")
    desk.holds(desk.ask("GET", "activities/count.json")["count"]["value"] >= 1)
    theirs = desk.ticket(assignee_id=agent.id)
    desk.among("tickets.assignment", [it.verb for it in as_agent.activities() if it.target.ticket.id == theirs.id])
    # Nobody reads another's.
    desk.refused(404, "RecordNotFound", as_agent.activities, id=activity.id)
    page = desk.ask("GET", "activities.json")
    desk.holds({"users", "actors", "count", "next_page"} <= set(page))


@family
def audit_logs(desk):
    """What administrators did to the account."""
    group = desk.group("Logged")
    logs = desk.ask("GET", f"audit_logs.json?filter[source_type]=group&filter[source_id]={group.id}&page[size]=10")
    entry = logs["audit_logs"][0]
    desk.has(entry, action="create", actor_id=desk.me.id, source_id=group.id, source_type="group")
    desk.holds(entry["source_label"] and entry["change_description"] is not None and entry["created_at"])
    desk.has(desk.ask("GET", f"audit_logs/{entry['id']}.json")["audit_log"], id=entry["id"], action="create")
    desk.z.groups.delete(group)
    logs = desk.ask("GET", f"audit_logs.json?filter[source_type]=group&filter[source_id]={group.id}&sort_by=created_at&sort_order=desc")
    desk.same([it["action"] for it in logs["audit_logs"]], ["destroy", "create"])
    agent = desk.agent("Curious")
    desk.ask("GET", "audit_logs.json", status=403, client=desk.client(email=agent.email))


@family
def job_statuses(desk):
    """How jobs stand."""
    z = desk.z
    job = z.tickets.create([Ticket(subject="By a job", description="x")])
    desk.has(job, status="queued", url=f"{desk.root}/job_statuses/{job.id}.json")
    done = desk.done(job)
    desk.same((done.total, done.progress, done.status), (1, 1, "completed"))
    desk.holds(done.message.startswith("Completed at "))
    several = z.job_status(ids=[job.id])["job_statuses"]
    desk.same([it.id for it in several], [job.id])
    listed = desk.ask("GET", "job_statuses.json?page[size]=100")["job_statuses"]
    desk.among(job.id, [it["id"] for it in listed])
    desk.refused(404, "RecordNotFound", z.job_status, id="nothing")
    agent = desk.agent("Jobless")
    answer = desk.client(email=agent.email).users.session.get(f"{desk.root}/job_statuses/{job.id}.json")
    desk.among(answer.status_code, (200, 403, 404))
