"""Users, what they are known by, and the groups that they work in."""

import time

from zenpy.lib.api_objects import Group, GroupMembership, Identity, Ticket, User

from .desk import family


@family
def users(desk):
    """One user: added, found, changed and deleted."""
    z = desk.z
    address = desk.address("ada")
    made = z.users.create(User(name=desk.unique("Ada"), email=address, external_id=desk.key("ext"), phone="+15551234567",
                               details="Met once", notes="Kind", tags=["vip"], time_zone="Copenhagen", verified=True))
    desk.has(made, email=address, role="end-user", active=True, suspended=False, verified=True, time_zone="Copenhagen",
             iana_time_zone="Europe/Copenhagen", phone="+15551234567", details="Met once", notes="Kind",
             organization_id=None, ticket_restriction="requested", locale="en-US",
             url=f"{desk.root}/users/{made.id}.json")
    desk.same(list(made.tags), ["vip"])
    desk.has(z.users(id=made.id), name=made.name, external_id=made.external_id)
    desk.same(desk.ids(z.users(external_ids=[made.external_id])), [made.id])
    desk.same(desk.ids(z.users.search(external_id=made.external_id)), [made.id])
    desk.same(desk.ids(z.users.search(query=address)), [made.id])
    found = desk.ask("GET", f"users/autocomplete.json?name={made.name.replace(' ', '%20')}")
    desk.same([user["id"] for user in found["users"]], [made.id])

    made.name, made.alias = desk.unique("Countess"), "Ada"
    changed = z.users.update(made)
    desk.has(changed, name=made.name, alias="Ada", email=address)
    desk.has(z.users.update(User(id=made.id, name=made.name, suspended=True)), suspended=True)

    again = z.users.create_or_update(User(name="Lovelace", email=address))
    desk.has(again, id=made.id, name="Lovelace")
    new = z.users.create_or_update(User(name=desk.unique("New"), email=desk.address("new")))
    desk.holds(new.id != made.id)
    words = desk.invalid("email", z.users.create, User(name="Twin", email=address))
    desk.same(words, f"Email: {address} is already being used by another user")
    desk.invalid("name", z.users.create, User(name="", email=desk.address("nameless")))
    desk.invalid("email", z.users.create, User(name="Odd", email="not an address"))
    desk.refused(422, "RecordInvalid", z.users.create, User(name="Odd", role="emperor"))

    gone = z.users.delete(made)
    desk.has(gone, id=made.id, active=False)
    desk.among(made.id, desk.ids(z.users.deleted()))
    desk.missing(made.id, desk.ids(z.users()))
    erased = z.users.permanently_delete(made.id)
    desk.has(erased, id=made.id, active=False)
    # It is known of them that they were, and nothing else.
    erased = next(it for it in z.users.deleted(cursor_pagination=100) if it.id == made.id)
    desk.has(erased, name="Permanently Deleted User", email=None, phone=None)
    desk.refused(404, "RecordNotFound", z.users.update, User(id=2**62, name="Nobody"))
    desk.refused(404, "RecordNotFound", z.users.delete, User(id=2**62))


@family
def user_lists(desk):
    """Lists of users: by role, page by page, with what belongs to them."""
    z, me = desk.z, desk.me
    agent, admin = desk.agent(), desk.user("Root", role="admin")
    people = [desk.user("Listed") for _ in range(3)]
    desk.paged(z.users, [*desk.ids(people), agent.id, admin.id, me.id])
    staff = list(z.users(role=["agent", "admin"]))
    desk.same({user.role for user in staff}, {"agent", "admin"})
    desk.same({user.role for user in z.users(role="admin")}, {"admin"})
    desk.among(agent.id, desk.ids(staff))
    desk.missing(people[0].id, desk.ids(staff))
    desk.same(sorted(desk.ids(z.users(ids=desk.ids(people)))), sorted(desk.ids(people)))
    desk.holds(desk.ask("GET", "users/count.json")["count"]["value"] >= 6)

    ticket = desk.ticket(requester_id=people[0].id, assignee_id=agent.id,
                         email_ccs=[{"user_id": people[1].id, "action": "put"}])
    desk.same(desk.ids(z.users.requested(people[0].id)), [ticket.id])
    desk.same(desk.ids(z.users.assigned(agent.id)), [ticket.id])
    desk.same(desk.ids(z.users.cced(people[1].id)), [ticket.id])
    desk.has(z.users.related(people[0].id), requested_tickets=1, assigned_tickets=0, ccd_tickets=0)
    desk.has(z.users.related(agent.id), requested_tickets=0, assigned_tickets=1)
    desk.has(z.users.me(), id=me.id, role="admin", email=desk.email)
    loaded = desk.ask("GET", f"users/{agent.id}.json?include=identities,groups,organizations,roles,abilities")
    desk.same([it["value"] for it in loaded["identities"]], [agent.email])
    desk.holds(any(group["default"] for group in loaded["groups"]))
    # Who asks without being known is told so, as Zendesk tells it.
    nobody = desk.ask("GET", "users/me.json", client=desk.client(anonymous=True))["user"]
    desk.has(nobody, id=None, name="Anonymous user", role="end-user")


@family
def many_users(desk):
    """Jobs over many users."""
    z = desk.z
    people = [User(name=desk.unique("Many"), email=desk.address("many"), external_id=desk.key("many")) for _ in range(3)]
    ids = [it.id for it in desk.results(z.users.create(people))]
    made = list(z.users(ids=ids))
    desk.same(sorted(it.email for it in made), sorted(it.email for it in people))

    desk.done(z.users.update([User(id=id, name=f"Changed {id}") for id in ids]))
    desk.same(sorted(it.name for it in z.users(ids=ids)), sorted(f"Changed {id}" for id in ids))
    desk.done(z.users.update_by_external_id([User(external_id=it.external_id, name="By their own id") for it in people]))
    desk.same({it.name for it in z.users(ids=ids)}, {"By their own id"})
    newcomer = User(name="Newcomer", email=desk.address("newcomer"))
    results = desk.results(z.users.create_or_update([User(name="Known", email=people[0].email), newcomer]))
    desk.same(results[0].id, made[0].id if made[0].email == people[0].email else results[0].id)
    desk.same(desk.ids(z.users.search(query=newcomer.email)), [results[1].id])
    desk.done(z.users.delete([User(id=ids[0])]))
    desk.has(z.users(id=ids[0]), active=False)
    desk.done(z.users.delete_by_external_id([User(external_id=people[1].external_id)]))
    desk.has(z.users(id=ids[1]), active=False)

    # One that cannot be does not keep the others from being.
    twins = [User(name="Twin", email=desk.address("twin")), User(name="Twin", email=people[2].email)]
    results = desk.results(z.users.create(twins))
    desk.same(len(results), 2)
    desk.has(results[1], index=1, success=False)
    desk.refused(400, "TooManyValues", z.users.create, [User(name="x") for _ in range(101)])


@family
def identities(desk):
    """What somebody is known by."""
    z = desk.z
    user = desk.user("Known")
    first, = z.users.identities(id=user.id)
    desk.has(first, user_id=user.id, type="email", value=user.email, primary=True, verified=True,
             deliverable_state="deliverable")
    second = desk.address("second")
    made = z.users.identities.create(user.id, Identity(type="email", value=second))
    desk.has(made, value=second, primary=False, verified=False, url=f"{desk.root}/users/{user.id}/identities/{made.id}.json")
    desk.has(z.users.identities.show(user.id, made.id), value=second, user_id=user.id)
    desk.has(made.user, id=user.id)
    desk.has(z.users.identities.verify(user.id, made.id), verified=True)
    both = {it.id: it.primary for it in z.users.identities.make_primary(user.id, made.id)}
    desk.same(both, {first.id: False, made.id: True})
    desk.has(z.users(id=user.id), email=second)
    phone = z.users.identities.create(user.id, Identity(type="phone_number", value="+41441234567"))
    desk.has(phone, type="phone_number", value="+41441234567")
    third = desk.address("third")
    desk.has(z.users.identities.update(user.id, Identity(id=first.id, value=third)), value=third)
    z.users.identities.delete(user.id, first.id)
    desk.same(sorted(it.id for it in z.users.identities(id=user.id)), sorted([made.id, phone.id]))
    desk.refused(404, "RecordNotFound", z.users.identities.show, user.id, first.id)
    desk.refused(422, "RecordInvalid", z.users.identities.create, user.id, Identity(type="email", value=desk.email))
    desk.refused(422, "RecordInvalid", z.users.identities.create, user.id, Identity(type="pigeon", value="x"))
    # A second address given with a user's own is one more identity.
    z.users.update(User(id=user.id, name=user.name, email=third))
    desk.among(third, [it.value for it in z.users.identities(id=user.id)])
    desk.has(z.users(id=user.id), email=second)
    unverified = z.users.create(User(name=desk.unique("Unverified"), email=desk.address("unverified"),
                                     identities=[{"type": "email", "value": desk.address("beside")}]))
    desk.same(len(list(z.users.identities(id=unverified.id))), 2)
    identity = next(it for it in z.users.identities(id=unverified.id) if not it.verified)
    desk.ask("PUT", f"users/{unverified.id}/identities/{identity.id}/request_verification.json", {})


@family
def merged_users(desk):
    """Two who are one."""
    z = desk.z
    source, kept = desk.user("Twin"), desk.user("Twin")
    ticket = desk.ticket(requester_id=source.id)
    desk.has(z.users.merge(source.id, kept.id), id=kept.id, email=kept.email)
    desk.same({it.value for it in z.users.identities(id=kept.id)}, {source.email, kept.email})
    desk.has(z.users(id=source.id), active=False)
    # Tickets follow in the background.
    for _ in range(100):
        if desk.shown(ticket).requester_id == kept.id:
            break
        time.sleep(0.1)
    desk.has(desk.shown(ticket), requester_id=kept.id)
    desk.same(desk.ids(z.users.search(query=source.email)), [kept.id])
    desk.refused(422, "RecordInvalid", z.users.merge, desk.me.id, kept.id)
    desk.refused(404, "RecordNotFound", z.users.merge, 2**52, kept.id)


@family
def user_tags(desk):
    """Tags of users."""
    z = desk.z
    user = desk.user("Tagged", tags=["one"])
    desk.same(sorted(z.users.add_tags(user.id, ["two"])), ["one", "two"])
    desk.same(sorted(z.users.set_tags(user.id, ["three", "four"])), ["four", "three"])
    left = z.users.delete_tags(user.id, ["three"])
    desk.holds(getattr(left, "status_code", None) == 204 or list(left) == ["four"])
    desk.same(list(z.users(id=user.id).tags), ["four"])


@family
def end_users(desk):
    """What somebody may see and change of themselves."""
    user, other = desk.user("Self"), desk.user("Other")
    as_user = desk.client(email=user.email)
    desk.has(as_user.users.me(), id=user.id, email=user.email, role="end-user")
    desk.has(as_user.end_user.show(user.id), id=user.id, name=user.name)
    name = desk.unique("Renamed")
    desk.has(as_user.end_user.update(User(id=user.id, name=name)), name=name)
    desk.has(desk.z.users(id=user.id), name=name)
    for answered in ("GET", "PUT"):
        answer = as_user.users.session.request(answered, f"{desk.root}/end_users/{other.id}.json", json={"user": {"name": "x"}})
        desk.among(answer.status_code, (403, 404))
    desk.ask("GET", f"end_users/{user.id}/identities.json", client=as_user)
    # Nobody raises themselves.
    as_user.users.session.put(f"{desk.root}/end_users/{user.id}.json", json={"user": {"role": "admin"}})
    desk.has(desk.z.users(id=user.id), role="end-user")
    desk.has(desk.client(headers={"X-On-Behalf-Of": user.email}).users.me(), id=user.id)
    agent = desk.agent("Assumer")
    answer = desk.client(email=agent.email, headers={"X-On-Behalf-Of": user.email})
    desk.refused(403, None, answer.users.me)


@family
def groups(desk):
    """Groups, and who works in them."""
    z, me = desk.z, desk.me
    group = desk.group(description="While you sleep", is_public=True)
    desk.has(group, description="While you sleep", is_public=True, deleted=False, default=False,
             url=f"{desk.root}/groups/{group.id}.json")
    desk.has(z.groups(id=group.id), name=group.name)
    group.name = desk.unique("Day shift")
    desk.has(z.groups.update(group), name=group.name, description="While you sleep")
    others = [desk.group(f"Shift {nth}") for nth in range(3)]
    desk.paged(z.groups, [group.id, *desk.ids(others)])
    desk.among(group.id, desk.ids(z.groups.assignable()))
    desk.holds(desk.ask("GET", "groups/count.json")["count"]["value"] >= 5)
    desk.invalid("name", z.groups.create, Group(name=""))

    agent = desk.agent("Grouped")
    start, = [it for it in z.users.group_memberships(agent.id)]
    desk.has(start, default=True, user_id=agent.id)
    joined = z.group_memberships.create(GroupMembership(user_id=agent.id, group_id=group.id))
    desk.has(joined, user_id=agent.id, group_id=group.id, default=False)
    desk.has(joined.user, id=agent.id)
    desk.has(joined.group, id=group.id, name=group.name)
    desk.same(desk.ids(z.groups.users(group.id)), [agent.id])
    desk.same(desk.ids(z.groups.memberships(group.id)), [joined.id])
    desk.same(desk.ids(z.groups.memberships_assignable(group.id)), [joined.id])
    desk.among(group.id, desk.ids(z.users.groups(agent.id)))
    defaults = {it.id: it.default for it in z.group_memberships.make_default(agent.id, joined.id)}
    desk.same(defaults, {start.id: False, joined.id: True})
    desk.has(z.users(id=agent.id), default_group_id=group.id)
    ticket = desk.ticket(group_id=group.id)
    desk.has(ticket, group_id=group.id)
    desk.has(desk.z.tickets.update(Ticket(id=ticket.id, assignee_id=agent.id)).ticket, group_id=group.id)
    desk.refused(422, "RecordInvalid", z.group_memberships.create, GroupMembership(user_id=agent.id, group_id=group.id))
    desk.refused(422, "RecordInvalid", z.group_memberships.create, GroupMembership(user_id=desk.user().id, group_id=group.id))
    # Who is not in a group takes none of its tickets.
    desk.refused(422, "RecordInvalid", z.tickets.update, Ticket(id=desk.ticket(group_id=others[0].id).id, assignee_id=agent.id,
                                                                group_id=others[0].id))

    many = [GroupMembership(user_id=agent.id, group_id=it.id) for it in others]
    results = desk.results(z.group_memberships.create(many))
    desk.same(len(results), 3)
    memberships = [it for it in z.users.group_memberships(agent.id) if it.group_id in desk.ids(others)]
    desk.same(sorted(desk.ids(memberships)), sorted(it.id for it in results))
    desk.paged(z.group_memberships, desk.ids(memberships))
    desk.among(joined.id, desk.ids(z.group_memberships.assignable()))
    z.group_memberships.delete(memberships[0])
    desk.done(z.group_memberships.delete(memberships[1:]))
    desk.same({it.group_id for it in z.users.group_memberships(agent.id)} & set(desk.ids(others)), set())

    z.groups.delete(group)
    desk.refused(404, "RecordNotFound", z.groups.update, Group(id=group.id, name="Late"))
    desk.missing(group.id, desk.ids(z.groups()))
    default, = [it for it in z.groups() if it.default]
    desk.refused(422, None, z.groups.delete, default)
    desk.has(z.users(id=me.id), role="admin")
