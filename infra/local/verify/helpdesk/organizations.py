"""Organizations, and who belongs to them."""

import time

from zenpy.lib.api_objects import Organization, OrganizationMembership, User

from .desk import family


@family
def organizations(desk):
    """One organization: added, found, changed and deleted."""
    z = desk.z
    domain = f"{desk.key('firm').replace('_', '-')}.example"
    made = desk.organization(domain_names=[domain], details="Big", notes="Pays", tags=["gold"], external_id=desk.key("org"),
                             shared_tickets=True)
    desk.has(made, details="Big", notes="Pays", shared_tickets=True, shared_comments=False, group_id=None,
             url=f"{desk.root}/organizations/{made.id}.json")
    desk.same((list(made.domain_names), list(made.tags)), ([domain], ["gold"]))
    desk.has(z.organizations(id=made.id), name=made.name, external_id=made.external_id)
    desk.same(desk.ids(z.organizations(external_ids=[made.external_id])), [made.id])
    desk.same(desk.ids(z.organizations.external(made.external_id)), [made.id])
    found = desk.ask("GET", f"organizations/search.json?name={made.name.lower()}")["organizations"]
    desk.same([it["id"] for it in found], [made.id])
    found = desk.ask("GET", f"organizations/autocomplete.json?name={made.name}")["organizations"]
    desk.same([it["id"] for it in found], [made.id])

    made.notes = "Pays late"
    desk.has(z.organizations.update(made), notes="Pays late", details="Big")
    desk.has(z.organizations.create_or_update(Organization(external_id=made.external_id, name=made.name, notes="Again")),
             id=made.id, notes="Again")
    desk.invalid("name", z.organizations.create, Organization(name=made.name))
    desk.invalid("name", z.organizations.create, Organization(name=""))
    # Who writes from its domain belongs to it.
    member = desk.user("Employee", email=f"{desk.key('employee')}@{domain}")
    desk.has(member, organization_id=made.id)
    desk.has(member.organization, id=made.id)
    ticket = desk.ticket(requester_id=member.id)
    desk.same(desk.ids(z.organizations.users(made.id)), [member.id])
    desk.same(desk.ids(z.organizations.requests(id=made.id)), [ticket.id])
    related = desk.ask("GET", f"organizations/{made.id}/related.json")["organization_related"]
    desk.same((related["tickets_count"], related["users_count"]), (1, 1))

    others = [desk.organization(f"Firm {nth}") for nth in range(3)]
    desk.paged(z.organizations, [made.id, *desk.ids(others)])
    desk.same(sorted(desk.ids(z.organizations(ids=desk.ids(others)))), sorted(desk.ids(others)))
    desk.holds(desk.ask("GET", "organizations/count.json")["count"]["value"] >= 4)

    z.organizations.delete(made)
    desk.refused(404, "RecordNotFound", z.organizations, id=made.id)
    # A job tells its people.
    for _ in range(100):
        if z.users(id=member.id).organization_id is None:
            break
        time.sleep(0.3)
    desk.has(z.users(id=member.id), organization_id=None)
    desk.refused(404, "RecordNotFound", z.organizations.update, Organization(id=2**62, name="Nowhere"))


@family
def many_organizations(desk):
    """Jobs over many organizations."""
    z = desk.z
    firms = [Organization(name=desk.unique("Many"), external_id=desk.key("many")) for _ in range(3)]
    results = desk.results(z.organizations.create(firms))
    desk.same([it.status for it in results], ["Created"] * 3)
    ids = [it.id for it in results]
    desk.done(z.organizations.update([Organization(id=id, notes=f"Note {id}") for id in ids]))
    desk.same(sorted(it.notes for it in z.organizations(ids=ids)), sorted(f"Note {id}" for id in ids))
    desk.done(z.organizations.update_by_external_id([Organization(external_id=firms[0].external_id, notes="Own id")]))
    desk.has(z.organizations(id=ids[0]), notes="Own id")
    desk.done(z.organizations.delete([Organization(id=id) for id in ids[:2]]))
    desk.done(z.organizations.delete_by_external_id([Organization(external_id=firms[2].external_id)]))
    for id in ids:
        desk.refused(404, "RecordNotFound", z.organizations, id=id)
    desk.refused(400, "TooManyValues", z.organizations.create, [Organization(name=f"x{nth}") for nth in range(101)])


@family
def organization_memberships(desk):
    """Who belongs to which organizations."""
    z = desk.z
    first, second, third = (desk.organization() for _ in range(3))
    user = desk.user("Member", organization_id=first.id)
    start, = z.users.organization_memberships(user.id)
    desk.has(start, user_id=user.id, organization_id=first.id, default=True, organization_name=first.name)
    made = z.organization_memberships.create(OrganizationMembership(user_id=user.id, organization_id=second.id))
    desk.has(made, user_id=user.id, organization_id=second.id)
    desk.holds(not made.default)
    desk.has(made.organization, id=second.id)
    desk.same(sorted(desk.ids(z.users.organizations(user.id))), sorted([first.id, second.id]))
    desk.same(desk.ids(z.organizations.organization_memberships(second.id)), [made.id])
    desk.same(desk.ids(z.organizations.users(second.id)), [user.id])
    desk.has(z.organization_memberships(id=made.id), organization_id=second.id)
    shown = desk.ask("PUT", f"users/{user.id}/organization_memberships/{made.id}/make_default.json", {})
    desk.same({it["id"]: bool(it["default"]) for it in shown["organization_memberships"]}, {start.id: False, made.id: True})
    desk.has(z.users(id=user.id), organization_id=second.id)
    desk.refused(422, "RecordInvalid", z.organization_memberships.create,
                 OrganizationMembership(user_id=user.id, organization_id=second.id))
    desk.refused(422, "RecordInvalid", z.organization_memberships.create,
                 OrganizationMembership(user_id=user.id, organization_id=2**52))

    other = desk.user("Also")
    many = [OrganizationMembership(user_id=it.id, organization_id=third.id) for it in (user, other)]
    results = desk.results(z.organization_memberships.create(many))
    members = list(z.organizations.organization_memberships(third.id))
    desk.same({it.user_id for it in members}, {user.id, other.id})
    desk.same(sorted(desk.ids(members)), sorted(it.id for it in results))
    desk.paged(z.organization_memberships, [made.id, *desk.ids(members)])
    desk.done(z.organization_memberships.delete(members))
    z.organization_memberships.delete(made)
    desk.same(desk.ids(z.users.organizations(user.id)), [first.id])
    desk.refused(404, "RecordNotFound", z.organization_memberships.delete, made)
    z.users.update(User(id=other.id, name=other.name, organization_id=first.id))
    desk.same(desk.ids(z.users.organizations(other.id)), [first.id])


@family
def organization_tags(desk):
    """Tags of organizations, and all tags of the account."""
    z = desk.z
    organization = desk.organization(tags=["one"])
    desk.same(sorted(z.organizations.add_tags(organization.id, ["two"])), ["one", "two"])
    desk.same(sorted(z.organizations.set_tags(organization.id, ["three", "four"])), ["four", "three"])
    left = z.organizations.delete_tags(organization.id, ["three"])
    desk.holds(getattr(left, "status_code", None) == 204 or list(left) == ["four"])
    desk.same(list(z.organizations(id=organization.id).tags), ["four"])


@family
def tags(desk):
    """The tags in use, and how often."""
    z = desk.z
    tag = desk.key("rare").lower()
    tickets = [desk.ticket(tags=[tag]) for _ in range(2)]
    counted = {it.name: it.count for it in z.tags()}
    desk.same(counted.get(tag), 2)
    by_two = [it.name for it in z.tags(cursor_pagination=2)]
    desk.same((len(by_two), sorted(by_two)), (len(set(by_two)), sorted(counted)))
    found = desk.ask("GET", f"autocomplete/tags.json?name={tag[:8]}")["tags"]
    desk.among(tag, found)
    desk.holds(desk.ask("GET", "tags/count.json")["count"]["value"] >= 1)
    z.tickets.delete_tags(tickets[0].id, [tag])
    desk.same({it.name: it.count for it in z.tags()}.get(tag), 1)


@family
def merged_organizations(desk):
    """Two organizations that are one."""
    loser, winner = desk.organization("Loser"), desk.organization("Winner")
    user = desk.user("Moved", organization_id=loser.id)
    body = {"organization_merge": {"winner_id": winner.id}}
    merge = desk.ask("POST", f"organizations/{loser.id}/merge.json", body)["organization_merge"]
    desk.has(merge, loser_id=loser.id, winner_id=winner.id)
    for _ in range(200):
        merge = desk.ask("GET", f"organization_merges/{merge['id']}.json")["organization_merge"]
        if merge["status"] == "complete":
            break
    desk.has(merge, status="complete")
    desk.has(desk.z.users(id=user.id), organization_id=winner.id)
    desk.refused(404, "RecordNotFound", desk.z.organizations, id=loser.id)
