// Rules: views, macros, triggers, automations and SLA policies.

import { randomInt } from "node:crypto";

const unsolved = [{ field: "status", operator: "less_than", value: "solved" }];

export async function views(desk) {
  const { zendesk } = desk;
  const title = desk.unique("Unsolved");
  const { response, result: view } = await zendesk.views.create({ view: { title, all: unsolved } });
  desk.same(response.status, 201);
  desk.has(view, { title, active: true, restriction: null, conditions: { all: unsolved, any: [] } });
  desk.holds(view.execution.columns.length > 0);
  desk.has((await zendesk.views.show(view.id)).result, { title });
  desk.has((await zendesk.views.update(view.id, { view: { title: `${title}!` } })).result, { title: `${title}!` });
  const other = (await zendesk.views.create({ view: { title: desk.unique("Other"), all: unsolved } })).result;
  await desk.paged("views", "views", await zendesk.views.list(), [view.id, other.id]);
  desk.among(view.id, desk.ids(await zendesk.views.listActive()));
  desk.holds((await zendesk.views.listCompact()).length <= 32);
  desk.among(view.id, desk.ids((await zendesk.views.listActiveShared()).result));
  desk.has((await zendesk.views.update(view.id, { view: { active: false } })).result, { active: false });
  desk.missing(view.id, desk.ids(await zendesk.views.listActive()));
  await desk.refused(422, "RecordInvalid", () => zendesk.views.create({ view: { title: desk.unique("Odd"), all: [] } }));
  for (const { id } of [view, other]) {
    await desk.empty(zendesk.views.request("DELETE", ["views", id]));
    await desk.refused(404, "RecordNotFound", () => zendesk.views.show(id));
  }
}

export async function macros(desk) {
  const { zendesk, me } = desk;
  const actions = [
    { field: "status", value: "solved" },
    { field: "comment_value", value: "Thank you, {{ticket.requester.first_name}}" },
  ];
  const title = desk.unique("Close::Thanks");
  const { response, result } = await zendesk.macros.create({ macro: { title, actions } });
  desk.same(response.status, 201);
  const { macro } = result;
  desk.has(macro, { title, active: true, restriction: null, actions });
  desk.has((await zendesk.macros.show(macro.id)).result.macro, { title });
  desk.has((await zendesk.macros.update(macro.id, { macro: { description: "Ends it" } })).result.macro, { title, description: "Ends it" });
  desk.among(macro.id, desk.ids((await zendesk.macros.listActive()).result));
  desk.same(desk.ids((await zendesk.macros.search(title)).result), [macro.id]);
  desk.among("Close", (await zendesk.macros.categories())[0].categories);
  await desk.paged("macros", "macros", await zendesk.macros.listByParams({ active: true }), [macro.id]);
  desk.has((await zendesk.macros.apply(macro.id)).result.result.ticket, { status: "solved" });
  const asker = await desk.user("Ada");
  const ticket = await desk.ticket({ requester_id: asker.id, assignee_id: me.id });
  const effect = (await zendesk.macros.applyTicket(ticket.id, macro.id)).result.result.ticket;
  desk.has(effect, { id: ticket.id, status: "solved" });
  desk.has(await desk.shown(ticket.id), { status: "open" });
  desk.has(await desk.change(ticket.id, effect), { status: "solved" });
  desk.has((await zendesk.tickets.getComments(ticket.id)).at(-1), { body: "Thank you, Ada" });
  const moved = (await zendesk.macros.updateMany([{ id: macro.id, active: false }])).result;
  desk.same(moved.map((it) => [it.id, it.active]), [[macro.id, false]]);
  await desk.refused(422, "RecordInvalid", () => zendesk.macros.create({ macro: { title: "", actions } }));
  await desk.empty(zendesk.macros.delete(macro.id));
  await desk.refused(404, "RecordNotFound", () => zendesk.macros.show(macro.id));
}

export async function triggers(desk) {
  const { zendesk } = desk;
  const all = [
    { field: "update_type", operator: "is", value: "Create" },
    { field: "current_tags", operator: "includes", value: desk.key("triggered") },
  ];
  const actions = [{ field: "priority", value: "urgent" }];
  const title = desk.unique("Urgent");
  const { response, result: made } = await zendesk.triggers.create({ trigger: { title, conditions: { all, any: [] }, actions } });
  desk.same(response.status, 201);
  desk.has(made, { title, active: true, conditions: { all, any: [] }, actions });
  desk.has((await zendesk.triggers.show(made.id)).result, { title });
  desk.has((await zendesk.triggers.update(made.id, { trigger: { description: "Hurry" } })).result, { title, description: "Hurry" });
  const other = (await zendesk.triggers.create({ trigger: { title: desk.unique("Other"), all, actions } })).result;
  await desk.paged("triggers", "triggers", await zendesk.triggers.list(), [made.id, other.id]);
  desk.among(made.id, desk.ids(await zendesk.triggers.listActive()));
  desk.same(desk.ids((await zendesk.triggers.search(title)).result), [made.id]);
  const [{ definitions }] = await zendesk.triggers.definitions();
  desk.same(Object.keys(definitions).sort(), ["actions", "conditions_all", "conditions_any"]);
  const order = [other.id, ...desk.ids(await zendesk.triggers.list()).filter((id) => id !== other.id)];
  await zendesk.triggers.reorder(order);
  desk.same(desk.ids(await zendesk.triggers.list())[0], other.id);
  const changed = (await zendesk.triggers.updateMany([{ id: made.id, active: false }])).result;
  desk.among(made.id, desk.ids(changed.filter((it) => !it.active)));
  await desk.refused(422, "RecordInvalid", () => zendesk.triggers.create({ trigger: { title: "", all, actions } }));
  await desk.refused(422, "RecordInvalid", () => zendesk.triggers.create({ trigger: { title: "Idle", all, actions: [] } }));
  for (const { id } of [made, other]) {
    await desk.empty(zendesk.triggers.delete(id));
    await desk.refused(404, "RecordNotFound", () => zendesk.triggers.show(id));
  }
}

export async function automations(desk) {
  const { zendesk } = desk;
  const waits = (hours) => [
    { field: "status", operator: "is", value: "pending" },
    { field: "PENDING", operator: "greater_than", value: String(hours) },
  ];
  const actions = [{ field: "status", value: "open" }];
  const create = async (hours) => {
    const automation = { title: desk.unique("Wake up"), conditions: { all: waits(hours), any: [] }, actions };
    return (await zendesk.automations.create({ automation })).result;
  };
  // Two that do the same cannot be.
  const hours = 24 + randomInt(500);
  const [made, other] = [await create(hours), await create(hours + 1)];
  desk.has(made, { active: true, conditions: { all: waits(hours), any: [] }, actions });
  desk.has((await zendesk.automations.show(made.id)).result, { title: made.title });
  const title = desk.unique("Wake up now");
  desk.has((await zendesk.automations.update(made.id, { automation: { title } })).result, { title });
  await desk.paged("automations", "automations", await zendesk.automations.list(), [made.id, other.id]);
  desk.among(made.id, desk.ids(await zendesk.automations.listActive()));
  desk.same(desk.ids(await zendesk.automations.search({ query: title })), [made.id]);
  const changed = (await zendesk.automations.updateMany([{ id: made.id, active: false }])).result;
  desk.among(made.id, desk.ids(changed.filter((it) => !it.active)));
  const now = { title: desk.unique("Now"), all: waits(1).slice(0, 1), actions };
  await desk.refused(422, "RecordInvalid", () => zendesk.automations.create({ automation: now }));
  await desk.empty(zendesk.automations.delete(made.id));
  await zendesk.automations.bulkDelete([other.id]);
  for (const { id } of [made, other]) await desk.refused(404, "RecordNotFound", () => zendesk.automations.show(id));
}

export async function slaPolicies(desk) {
  const { zendesk } = desk;
  const filter = { all: [{ field: "type", operator: "is", value: "incident" }], any: [] };
  const policyMetrics = [{ priority: "urgent", metric: "first_reply_time", target: 10, business_hours: false }];
  const create = async (title) => {
    const sla_policy = { title: desk.unique(title), description: "Fast", filter, policy_metrics: policyMetrics };
    return (await zendesk.policies.create({ sla_policy })).result.sla_policy;
  };
  const [made, other] = [await create("Incidents"), await create("Others")];
  desk.has(made, { description: "Fast", filter });
  desk.has(made.policy_metrics[0], policyMetrics[0]);
  desk.has((await zendesk.policies.show(made.id)).result.sla_policy, { title: made.title });
  const updated = await zendesk.policies.update(made.id, { sla_policy: { description: "Faster" } });
  desk.has(updated.result.sla_policy, { description: "Faster", title: made.title });
  const all = async () => desk.ids((await zendesk.policies.list()).flatMap((page) => page.sla_policies));
  const order = [other.id, ...(await all()).filter((id) => id !== other.id)];
  await zendesk.policies.reorder(order);
  desk.same(await all(), order);
  desk.same(Object.keys((await zendesk.policies.getDefinitions()).result.definitions).sort(), ["all", "any"]);
  const odd = { title: "", filter, policy_metrics: policyMetrics };
  await desk.refused(422, "RecordInvalid", () => zendesk.policies.create({ sla_policy: odd }));
  for (const { id } of [made, other]) {
    await desk.empty(zendesk.policies.delete(id));
    await desk.refused(404, "RecordNotFound", () => zendesk.policies.show(id));
  }
}
