// Organizations, who belongs to them, and tags.

export async function organizations(desk) {
  const { zendesk } = desk;
  const asked = {
    name: desk.unique("Acme"), details: "Big", notes: "Pays", tags: ["gold"], external_id: desk.key("org"),
    domain_names: [`${desk.key("firm").replaceAll("_", "-")}.example`], shared_tickets: true,
  };
  const { response, result: made } = await zendesk.organizations.create({ organization: asked });
  desk.same(response.status, 201);
  desk.has(made, { ...asked, shared_comments: false, group_id: null, url: `${desk.endpoint}/organizations/${made.id}.json` });
  desk.has((await zendesk.organizations.show(made.id)).result, asked);
  desk.same(desk.ids(await zendesk.organizations.search(asked.external_id)), [made.id]);
  desk.same(desk.ids(await zendesk.organizations.autocomplete({ name: asked.name })), [made.id]);
  desk.same(desk.ids(await zendesk.organizations.showManyByExternalIds([asked.external_id])), [made.id]);
  // Numbers are taken as texts.
  const updated = await zendesk.organizations.update(made.id, { organization: { notes: "foo", external_id: 69_420 } });
  desk.has(updated.result, { notes: "foo", external_id: "69420", name: asked.name });
  const back = { organization: { id: made.id, name: asked.name, external_id: asked.external_id } };
  desk.has((await zendesk.organizations.upsert(back)).result, { id: made.id, external_id: asked.external_id });
  const member = await desk.user("Employee", { organization_id: made.id });
  const ticket = await desk.ticket({ requester_id: member.id });
  desk.same(desk.ids(await zendesk.users.listByOrganization(made.id)), [member.id]);
  desk.same(desk.ids(await zendesk.tickets.listByOrganization(made.id)), [ticket.id]);
  desk.same(desk.ids(await zendesk.requests.listByOrganization(made.id)), [ticket.id]);
  desk.same(desk.ids(await zendesk.organizations.listByUser(member.id)), [made.id]);
  const { organization_related: related } = (await zendesk.organizations.related(made.id)).result;
  desk.has(related, { tickets_count: 1, users_count: 1 });
  const others = [await desk.organization(), await desk.organization()];
  await desk.paged("organizations", "organizations", await zendesk.organizations.list(), [made.id, ...desk.ids(others)]);
  desk.same(desk.ids(await zendesk.organizations.showMany(desk.ids(others))).sort(), desk.ids(others).sort());
  await desk.invalid("name", () => zendesk.organizations.create({ organization: { name: asked.name } }));
  await desk.empty(zendesk.organizations.delete(made.id));
  await desk.refused(404, "RecordNotFound", () => zendesk.organizations.delete(made.id));
  await desk.refused(404, "RecordNotFound", () => zendesk.organizations.show(made.id));
}

export async function manyOrganizations(desk) {
  const { zendesk } = desk;
  const asked = Array.from({ length: 30 }, () => ({ name: desk.unique("Many"), external_id: desk.key("many") }));
  const made = await desk.done(zendesk.organizations.createMany({ organizations: asked }));
  const ids = desk.ids(made.results);
  desk.same((await zendesk.organizations.showMany(ids)).length, 30);
  const notes = ids.slice(0, 2).map((id) => ({ id, notes: `Note ${id}` }));
  const changed = await desk.done(zendesk.organizations.updateMany({ organizations: notes }));
  desk.same(changed.results.map((it) => [it.id, it.action, it.status, it.success]),
    ids.slice(0, 2).map((id) => [id, "update", "Updated", true]));
  desk.same((await zendesk.organizations.showMany(ids.slice(0, 2))).map((it) => it.notes), notes.map((it) => it.notes));
  const gone = await desk.done(zendesk.organizations.bulkDelete(ids.slice(0, 29)));
  desk.has(gone.results[0], { action: "delete", id: ids[0], status: "Deleted", success: true });
  await desk.done(zendesk.organizations.bulkDeleteByExternalId([asked[29].external_id]));
  for (const id of [ids[0], ids[29]]) await desk.refused(404, "RecordNotFound", () => zendesk.organizations.show(id));
}

export async function organizationMemberships(desk) {
  const { zendesk } = desk;
  const [first, second, third] = [await desk.organization(), await desk.organization(), await desk.organization()];
  const user = await desk.user("Member", { organization_id: first.id });
  const [start] = await zendesk.organizationmemberships.listByUser(user.id);
  desk.has(start, { user_id: user.id, organization_id: first.id, default: true });
  const asked = { user_id: user.id, organization_id: second.id };
  const { response, result: made } = await zendesk.organizationmemberships.create(asked);
  desk.same(response.status, 201);
  desk.has(made, asked);
  desk.has((await zendesk.organizationmemberships.show(made.id)).result, asked);
  desk.has((await zendesk.organizationmemberships.showByUser(user.id, made.id)).result, asked);
  desk.same(desk.ids(await zendesk.organizationmemberships.listByOrganization(second.id)), [made.id]);
  const all = (await zendesk.organizationmemberships.makeDefault(user.id, made.id)).result;
  desk.same(new Map(all.map((it) => [it.id, Boolean(it.default)])), new Map([[start.id, false], [made.id, true]]));
  await desk.refused(422, "RecordInvalid", () => zendesk.organizationmemberships.create(asked));
  const other = await desk.user("Also");
  const many = [user, other].map((it) => ({ user_id: it.id, organization_id: third.id }));
  const ids = desk.ids((await desk.done(zendesk.organizationmemberships.createMany(many))).results);
  await desk.paged("organization_memberships", "organization_memberships", await zendesk.organizationmemberships.list(), ids);
  await desk.done(zendesk.organizationmemberships.deleteMany(ids));
  const byUser = (await zendesk.organizationmemberships.createByUser(other.id, { user_id: other.id, organization_id: first.id })).result;
  desk.has(byUser, { user_id: other.id, organization_id: first.id });
  await desk.empty(zendesk.organizationmemberships.deleteByUser(other.id, byUser.id));
  await desk.empty(zendesk.organizationmemberships.delete(made.id));
  desk.same(desk.ids(await zendesk.organizationmemberships.listByUser(user.id)), [start.id]);
}

export async function organizationTags(desk) {
  const { zendesk } = desk;
  const { id } = await desk.organization("Tagged", { tags: ["one"] });
  const tags = async (method, body) => (await zendesk.organizations[method](["organizations", id, "tags"], body)).result.tags;
  desk.same([...(await tags("put", { tags: ["two"] }))].sort(), ["one", "two"]);
  desk.same(await tags("post", { tags: ["three"] }), ["three"]);
  desk.same(await tags("get"), ["three"]);
  desk.same((await zendesk.organizations.show(id)).result.tags, ["three"]);
}

export async function tags(desk) {
  const { zendesk } = desk;
  const tag = desk.key("rare");
  const made = [await desk.ticket({ tags: [tag] }), await desk.ticket({ tags: [tag] })];
  const counted = async () => (await zendesk.tags.list()).find((it) => it.name === tag)?.count;
  desk.same(await counted(), 2);
  await desk.change(made[0].id, { remove_tags: [tag] });
  desk.same(await counted(), 1);
  const found = (await zendesk.tags.get(["autocomplete", "tags", { name: tag.slice(0, 8) }])).result;
  desk.among(tag, found.tags ?? found);
}
