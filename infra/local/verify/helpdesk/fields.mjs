// What records are made of: fields, forms and custom statuses.

export async function ticketFields(desk) {
  const { zendesk } = desk;
  const create = async (type, more = {}) => {
    const ticket_field = { type, title: desk.unique(type), ...more };
    const { response, result } = await zendesk.ticketfields.create({ ticket_field });
    desk.same(response.status, 201);
    desk.has(result, { ...ticket_field, active: true, removable: true });
    return result;
  };
  const values = { text: "short", textarea: "long", checkbox: true, date: "2026-11-21", regexp: "4711" };
  const made = {};
  for (const kind of Object.keys(values)) {
    made[kind] = await create(kind, kind === "regexp" ? { regexp_for_validation: "\\A[0-9]{4}\\z" } : {});
  }
  const custom_fields = Object.entries(values).map(([kind, value]) => ({ id: made[kind].id, value }));
  const { id } = await desk.ticket({ custom_fields });
  const found = Object.fromEntries((await desk.shown(id)).custom_fields.map((it) => [it.id, it.value]));
  for (const { id: field, value } of custom_fields) desk.same(found[field], value);
  for (const [kind, value] of [["date", "tomorrow"], ["regexp", "12"]]) {
    await desk.invalid("base", () => desk.change(id, { custom_fields: [{ id: made[kind].id, value }] }));
  }
  const title = desk.unique("Renamed");
  desk.has((await zendesk.ticketfields.update(made.text.id, { ticket_field: { title } })).result, { title, type: "text" });
  desk.has((await zendesk.ticketfields.show(made.text.id)).result, { title });
  const all = await zendesk.ticketfields.list();
  desk.same((await zendesk.ticketfields.count()).result.count.value, all.length);
  desk.same(desk.ids(await zendesk.ticketfields.listWithLocale("en-US")).sort(), desk.ids(all).sort());
  await desk.paged("ticket_fields", "ticket_fields", all, desk.ids(Object.values(made)));
  const subject = all.find((it) => it.type === "subject");
  await desk.refused(422, null, () => zendesk.ticketfields.delete(subject.id));
  await desk.refused(422, "RecordInvalid", () => zendesk.ticketfields.create({ ticket_field: { type: "riddle", title: "x" } }));
  for (const field of Object.values(made)) {
    await desk.empty(zendesk.ticketfields.delete(field.id));
    await desk.refused(404, "RecordNotFound", () => zendesk.ticketfields.show(field.id));
  }
}

export async function ticketFieldOptions(desk) {
  const { zendesk } = desk;
  const [apple, pear, plum] = ["apple", "pear", "plum"].map((it) => desk.key(it));
  const custom_field_options = [apple, pear].map((value) => ({ name: value, value }));
  const ticket_field = { type: "tagger", title: desk.unique("Fruit"), custom_field_options };
  const field = (await zendesk.ticketfields.create({ ticket_field })).result;
  desk.same(field.custom_field_options.map((it) => it.value), [apple, pear]);
  const { id } = await desk.ticket({ custom_fields: [{ id: field.id, value: apple }] });
  desk.same((await desk.shown(id)).tags, [apple]);
  const changed = await desk.change(id, { custom_fields: [{ id: field.id, value: pear }] });
  desk.same(changed.tags, [pear]);
  const options = async () => (await zendesk.ticketfields.listOptions(field.id)).result.custom_field_options;
  const put = async (custom_field_option) => zendesk.ticketfields.createOrUpdateOption(field.id, { custom_field_option });
  const made = await put({ name: "Plum", value: plum });
  desk.same(made.response.status, 201);
  const renamed = await put({ ...made.result.custom_field_option, name: "Plums" });
  desk.same([renamed.response.status, renamed.result.custom_field_option.name], [200, "Plums"]);
  const shown = (await zendesk.ticketfields.showOption(field.id, made.result.custom_field_option.id)).result;
  desk.has(shown.custom_field_option, { name: "Plums", value: plum });
  await desk.empty(zendesk.ticketfields.deleteOption(field.id, made.result.custom_field_option.id));
  desk.same((await options()).map((it) => it.value), [apple, pear]);
  await desk.empty(zendesk.ticketfields.delete(field.id));
}

export async function ticketForms(desk) {
  const { zendesk } = desk;
  const field = (await zendesk.ticketfields.create({ ticket_field: { type: "text", title: desk.unique("Formed") } })).result;
  const ticket_form = { name: desk.unique("Snowboard"), ticket_field_ids: [field.id], end_user_visible: true };
  const { response, result: form } = await zendesk.ticketforms.create({ ticket_form });
  desk.same(response.status, 201);
  desk.has(form, { name: ticket_form.name, active: true, default: false, end_user_visible: true });
  desk.among(field.id, form.ticket_field_ids);
  const name = desk.unique("Ski");
  desk.has((await zendesk.ticketforms.update(form.id, { ticket_form: { name } })).result, { name });
  desk.has((await zendesk.ticketforms.show(form.id)).result, { name });
  const clone = (await zendesk.ticketforms.clone(form.id, true)).result;
  desk.holds(clone.id !== form.id && clone.name.includes(name));
  const all = async () => zendesk.ticketforms.list();
  const order = [clone.id, ...desk.ids(await all()).filter((id) => id !== clone.id)];
  await zendesk.ticketforms.reorder(order);
  desk.same((await all()).toSorted((a, b) => a.position - b.position).map((it) => it.id), order);
  desk.has(await desk.ticket({ ticket_form_id: form.id }), { ticket_form_id: form.id });
  await desk.invalid("name", () => zendesk.ticketforms.create({ ticket_form: { name: "" } }));
  for (const { id } of [clone, form]) {
    await desk.empty(zendesk.ticketforms.delete(id));
    await desk.refused(404, "RecordNotFound", () => zendesk.ticketforms.show(id));
  }
  await desk.empty(zendesk.ticketfields.delete(field.id));
}

export async function userFields(desk) {
  const { zendesk } = desk;
  const [key, red, blue] = [desk.key("colour"), desk.key("red"), desk.key("blue")];
  const user_field = { type: "dropdown", key, title: desk.unique("Colour"), custom_field_options: [{ name: "Red", value: red }] };
  const { response, result: field } = await zendesk.userfields.create({ user_field });
  desk.same(response.status, 201);
  desk.has(field, { type: "dropdown", key, active: true });
  desk.has(await desk.user("Red", { user_fields: { [key]: red } }).then((it) => it.user_fields), { [key]: red });
  const made = await zendesk.userfields.createOrUpdateOption(field.id, { custom_field_option: { name: "Blue", value: blue } });
  desk.same(made.response.status, 201);
  const option = made.result.custom_field_option;
  const options = (await zendesk.userfields.listOptions(field.id)).result.custom_field_options;
  desk.same(options.map((it) => it.name), ["Red", "Blue"]);
  desk.has((await zendesk.userfields.showOption(field.id, option.id)).result.custom_field_option, { value: blue });
  await desk.empty(zendesk.userfields.deleteOption(field.id, option.id));
  const title = desk.unique("Hue");
  desk.has((await zendesk.userfields.update(field.id, { user_field: { title } })).result, { title, key });
  desk.has((await zendesk.userfields.show(field.id)).result, { title });
  const order = [field.id, ...desk.ids(await zendesk.userfields.list()).filter((id) => id !== field.id)];
  await zendesk.userfields.reorder(order);
  desk.same(desk.ids(await zendesk.userfields.list()), order);
  await desk.refused(422, "RecordInvalid", () => zendesk.userfields.create({ user_field: { ...user_field, title: "Twin" } }));
  await desk.empty(zendesk.userfields.delete(field.id));
  await desk.refused(404, "RecordNotFound", () => zendesk.userfields.show(field.id));
}

export async function organizationFields(desk) {
  const { zendesk } = desk;
  const key = desk.key("tier");
  const organization_field = { type: "text", key, title: desk.unique("Tier") };
  const field = (await zendesk.organizationfields.create({ organization_field })).result;
  desk.has(field, { type: "text", key, active: true });
  const firm = await desk.organization("Tiered", { organization_fields: { [key]: "gold" } });
  desk.has(firm.organization_fields, { [key]: "gold" });
  const title = desk.unique("Level");
  desk.has((await zendesk.organizationfields.update(field.id, { organization_field: { title } })).result, { title });
  desk.has((await zendesk.organizationfields.show(field.id)).result, { title });
  const order = [field.id, ...desk.ids(await zendesk.organizationfields.list()).filter((id) => id !== field.id)];
  await zendesk.organizationfields.reorder(order);
  desk.same(desk.ids(await zendesk.organizationfields.list()), order);
  await desk.empty(zendesk.organizationfields.delete(field.id));
  await desk.refused(404, "RecordNotFound", () => zendesk.organizationfields.show(field.id));
}

export async function customStatuses(desk) {
  const { zendesk, me } = desk;
  const custom_status = { agent_label: desk.unique("Asking").slice(0, 48), end_user_label: "Asked", status_category: "pending" };
  const { response, result } = await zendesk.tickets.post(["custom_statuses"], { custom_status });
  desk.same(response.status, 201);
  const made = result.custom_status;
  desk.has(made, { ...custom_status, active: true, default: false });
  const ticket = await desk.ticket({ assignee_id: me.id });
  desk.has(await desk.change(ticket.id, { custom_status_id: made.id }), { status: "pending", custom_status_id: made.id });
  const agent_label = desk.unique("Waiting").slice(0, 48);
  const updated = await zendesk.tickets.put(["custom_statuses", made.id], { custom_status: { agent_label } });
  desk.has(updated.result.custom_status, { agent_label, status_category: "pending" });
  const all = (await zendesk.tickets.get(["custom_statuses"])).result.custom_statuses;
  desk.same(new Set(all.map((it) => it.status_category)), new Set(["new", "open", "pending", "hold", "solved"]));
  desk.among(made.id, desk.ids(all));
  desk.has((await zendesk.tickets.get(["custom_statuses", made.id])).result.custom_status, { id: made.id });
  await zendesk.tickets.put(["custom_statuses", made.id], { custom_status: { active: false } });
  const odd = { ...custom_status, status_category: "asleep" };
  await desk.refused(422, "RecordInvalid", () => zendesk.tickets.post(["custom_statuses"], { custom_status: odd }));
}
