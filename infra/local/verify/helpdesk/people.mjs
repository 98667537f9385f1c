// Users, what they are known by, and the groups that they work in.

export async function users(desk) {
  const { zendesk } = desk;
  const asked = {
    name: desk.unique("Ada"), email: desk.address("ada"), external_id: desk.key("ext"), phone: "+15551234567",
    details: "Met once", notes: "Kind", tags: ["vip"], time_zone: "Copenhagen", verified: true,
  };
  const { response, result: made } = await zendesk.users.create({ user: asked });
  desk.same(response.status, 201);
  desk.has(made, { ...asked, role: "end-user", active: true, suspended: false, iana_time_zone: "Europe/Copenhagen",
    url: `${desk.endpoint}/users/${made.id}.json` });
  desk.has((await zendesk.users.show(made.id)).result, asked);
  desk.same(desk.ids(await zendesk.users.search({ external_id: asked.external_id })), [made.id]);
  desk.same(desk.ids(await zendesk.users.search({ query: asked.email })), [made.id]);
  desk.has((await zendesk.users.update(made.id, { user: { alias: "Countess" } })).result, { alias: "Countess", name: asked.name });
  desk.has((await zendesk.users.suspend(made.id)).result, { suspended: true });
  desk.has((await zendesk.users.unsuspend(made.id)).result, { suspended: false });
  const again = await zendesk.users.createOrUpdate({ user: { name: "Lovelace", email: asked.email } });
  desk.has(again.result, { id: made.id, name: "Lovelace" });
  desk.same(again.response.status, 200);
  const fresh = await zendesk.users.createOrUpdate({ user: { name: "New", email: desk.address("new") } });
  desk.same([fresh.response.status, fresh.result.id !== made.id], [201, true]);
  desk.same(await desk.invalid("email", () => zendesk.users.create({ user: { name: "Twin", email: asked.email } })),
    `Email: ${asked.email} is already being used by another user`);
  await desk.invalid("name", () => zendesk.users.create({ user: { name: "", email: desk.address("nameless") } }));
  await desk.invalid("email", () => zendesk.users.create({ user: { name: "Odd", email: "nothing like it" } }));

  const gone = await zendesk.users.delete(made.id);
  desk.same(gone.response.status, 200);
  desk.has(gone.result, { id: made.id, active: false });
  const deleted = await zendesk.users.getAll(["deleted_users"]);
  desk.among(made.id, desk.ids(deleted.flatMap((page) => page.deleted_users)));
  await zendesk.users.request("DELETE", ["deleted_users", made.id]);
  const listed = (await zendesk.users.getAll(["deleted_users"])).flatMap((page) => page.deleted_users);
  desk.has(listed.find((it) => it.id === made.id), { active: false, email: null, name: "Permanently Deleted User" });
  await desk.refused(404, "RecordNotFound", () => zendesk.users.show(2 ** 52));
}

export async function userLists(desk) {
  const { zendesk, me } = desk;
  const agent = await desk.agent();
  const people = [await desk.user("Listed"), await desk.user("Listed"), await desk.user("Listed")];
  await desk.paged("users", "users", await zendesk.users.list(), [...desk.ids(people), agent.id, me.id]);
  desk.same(new Set((await zendesk.users.listWithFilter("role", "agent")).map((it) => it.role)), new Set(["agent"]));
  desk.same(desk.ids((await zendesk.users.showMany(desk.ids(people))).result).sort(), desk.ids(people).sort());
  const ticket = await desk.ticket({ requester_id: people[0].id, assignee_id: agent.id });
  desk.same(desk.ids(await zendesk.tickets.listAssigned(agent.id)), [ticket.id]);
  const related = (await zendesk.users.get(["users", people[0].id, "related"])).result;
  desk.has(related.user_related, { requested_tickets: 1, assigned_tickets: 0 });
  desk.has((await zendesk.users.me()).result, { id: me.id, role: "admin" });
  desk.has((await zendesk.users.auth()).result, { email: desk.email });
  const counted = (await zendesk.users.get(["users", "count"])).result;
  desk.holds(counted.count.value >= 5);
  const sided = desk.client();
  sided.users.setSideLoad(["identities", "groups"]);
  const shown = (await sided.users.show(agent.id)).result;
  desk.same((shown.identity ?? []).map((it) => it.value), [agent.email]);
  const found = (await zendesk.users.get(["users", "autocomplete", { name: people[0].name }])).result;
  desk.same(desk.ids(found), [people[0].id]);
}

export async function manyUsers(desk) {
  const { zendesk } = desk;
  const asked = Array.from({ length: 3 }, () => (
    { name: desk.unique("Many"), email: desk.address("many"), external_id: desk.key("many") }
  ));
  const ids = desk.ids((await desk.done(zendesk.users.createMany({ users: asked }))).results);
  const made = (await zendesk.users.showMany(ids)).result;
  desk.same(made.map((it) => it.email).sort(), asked.map((it) => it.email).sort());
  await desk.done(zendesk.users.put(["users", "update_many"], { users: ids.map((id) => ({ id, notes: `Note ${id}` })) }));
  desk.same((await zendesk.users.showMany(ids)).result.map((it) => it.notes).sort(), ids.map((id) => `Note ${id}`).sort());
  await desk.done(zendesk.users.updateMany(ids, { user: { details: "Alike" } }, null));
  desk.same((await zendesk.users.showMany(ids)).result.map((it) => it.details), ["Alike", "Alike", "Alike"]);
  const both = [{ name: "Known", email: asked[0].email }, { name: "Newcomer", email: desk.address("newcomer") }];
  const { results } = await desk.done(zendesk.users.createOrUpdateMany({ users: both }));
  desk.same(results[0].id, ids[0]);
  await desk.done(zendesk.users.destroyMany(ids, undefined, null));
  desk.has((await zendesk.users.show(ids[0])).result, { active: false });
  const many = Array.from({ length: 101 }, () => ({ name: "x" }));
  await desk.refused(400, "TooManyValues", () => zendesk.users.createMany({ users: many }));
}

export async function identities(desk) {
  const { zendesk } = desk;
  const user = await desk.user("Known");
  const [first] = await zendesk.useridentities.list(user.id);
  desk.has(first, { user_id: user.id, type: "email", value: user.email, primary: true, verified: true });
  const value = desk.address("second");
  const { response, result: made } = await zendesk.useridentities.create(user.id, { type: "email", value });
  desk.same(response.status, 201);
  desk.has(made, { value, primary: false, verified: false });
  desk.has((await zendesk.useridentities.show(user.id, made.id)).result, { value });
  await zendesk.useridentities.requestVerification(user.id, made.id);
  desk.has((await zendesk.useridentities.verify(user.id, made.id)).result, { verified: true });
  const all = (await zendesk.useridentities.makePrimary(user.id, made.id)).result;
  desk.same(new Map(all.map((it) => [it.id, it.primary])), new Map([[first.id, false], [made.id, true]]));
  desk.has((await zendesk.users.show(user.id)).result, { email: value });
  const third = desk.address("third");
  const updated = await zendesk.useridentities.update(user.id, first.id, { identity: { value: third } });
  desk.has(updated.result, { value: third });
  await desk.empty(zendesk.useridentities.delete(user.id, first.id));
  desk.same(desk.ids(await zendesk.useridentities.list(user.id)), [made.id]);
  await desk.refused(422, "RecordInvalid", () => zendesk.useridentities.create(user.id, { type: "email", value: desk.email }));
}

export async function mergedUsers(desk) {
  const { zendesk } = desk;
  const [source, kept] = [await desk.user("Twin"), await desk.user("Twin")];
  const ticket = await desk.ticket({ requester_id: source.id });
  desk.has((await zendesk.users.merge(source.id, kept.id)).result, { id: kept.id, email: kept.email });
  const known = (await zendesk.useridentities.list(kept.id)).map((it) => it.value).sort();
  desk.same(known, [source.email, kept.email].sort());
  for (let nth = 0; nth < 100 && (await desk.shown(ticket.id)).requester_id !== kept.id; nth += 1);
  desk.has(await desk.shown(ticket.id), { requester_id: kept.id });
}

export async function userTags(desk) {
  const { zendesk } = desk;
  const user = await desk.user("Tagged", { tags: ["one"] });
  desk.same((await zendesk.users.listTags(user.id)).flatMap((page) => page.tags), ["one"]);
  desk.same([...(await zendesk.users.addTags(user.id, { tags: ["two"] })).result.tags].sort(), ["one", "two"]);
  desk.same((await zendesk.users.setTags(user.id, { tags: ["three"] })).result.tags, ["three"]);
  const { status } = await desk.fetch("DELETE", `users/${user.id}/tags.json`, { tags: ["three"] });
  desk.among(status, [200, 204]);
  desk.same((await zendesk.users.show(user.id)).result.tags, []);
}

export async function groups(desk) {
  const { zendesk } = desk;
  const group = await desk.group();
  desk.has(group, { deleted: false, default: false, is_public: true, url: `${desk.endpoint}/groups/${group.id}.json` });
  const name = desk.unique("Day shift");
  desk.has((await zendesk.groups.update(group.id, { group: { name } })).result, { name });
  desk.has((await zendesk.groups.show(group.id)).result, { name });
  const others = [await desk.group(), await desk.group()];
  await desk.paged("groups", "groups", await zendesk.groups.list(), [group.id, ...desk.ids(others)]);
  desk.among(group.id, desk.ids(await zendesk.groups.assignable()));
  desk.holds((await zendesk.groups.count()).result.count.value >= 4);
  await desk.invalid("name", () => zendesk.groups.create({ group: { name: "" } }));

  const agent = await desk.agent("Grouped");
  const [start] = await zendesk.groupmemberships.listByUser(agent.id);
  const asked = { group_membership: { user_id: agent.id, group_id: group.id } };
  const { response, result: joined } = await zendesk.groupmemberships.create(asked);
  desk.same(response.status, 201);
  desk.has(joined, { user_id: agent.id, group_id: group.id, default: false });
  desk.has((await zendesk.groupmemberships.show(joined.id)).result, { id: joined.id });
  desk.has((await zendesk.groupmemberships.showByUser(agent.id, joined.id)).result, { id: joined.id });
  desk.same(desk.ids(await zendesk.groupmemberships.listByGroup(group.id)), [joined.id]);
  desk.same(desk.ids(await zendesk.groupmemberships.listAssignableByGroup(group.id)), [joined.id]);
  desk.among(joined.id, desk.ids(await zendesk.groupmemberships.listAssignable()));
  desk.same(desk.ids(await zendesk.users.listByGroup(group.id)), [agent.id]);
  desk.same((await zendesk.groups.countByUser(agent.id)).result.count.value, 2);
  const all = (await zendesk.groupmemberships.makeDefault(agent.id, joined.id)).result;
  desk.same(new Map(all.map((it) => [it.id, it.default])), new Map([[start.id, false], [joined.id, true]]));
  await desk.refused(422, "RecordInvalid", () => zendesk.groupmemberships.create(asked));

  const own = { group_membership: { group_id: others[0].id } };
  const byUser = (await zendesk.groupmemberships.createByUser(agent.id, own)).result;
  desk.has(byUser, { user_id: agent.id, group_id: others[0].id });
  await desk.empty(zendesk.groupmemberships.deleteByUser(agent.id, byUser.id));
  const many = others.map((it) => ({ user_id: agent.id, group_id: it.id }));
  const { results } = await desk.done(zendesk.groupmemberships.bulkCreate(many));
  await desk.paged("group_memberships", "group_memberships", await zendesk.groupmemberships.list(), desk.ids(results));
  await desk.done(zendesk.groupmemberships.bulkDelete(desk.ids(results)));
  await desk.empty(zendesk.groupmemberships.delete(joined.id));
  desk.same(desk.ids(await zendesk.groupmemberships.listByUser(agent.id)), [start.id]);
  await desk.empty(zendesk.groups.delete(group.id));
  desk.missing(group.id, desk.ids(await zendesk.groups.list()));
}
