// What the account is set up with: brands, addresses, tokens, webhooks and the like.

export async function brands(desk) {
  const { zendesk } = desk;
  const subdomain = desk.key("brand").replaceAll("_", "-");
  const { response, result } = await zendesk.brand.create({ brand: { name: desk.unique("Brand"), subdomain } });
  desk.same(response.status, 201);
  const { brand } = result;
  desk.has(brand, { active: true, default: false, is_deleted: false, subdomain });
  const name = desk.unique("Renamed");
  desk.has((await zendesk.brand.update({ brand: { name } }, brand.id)).result.brand, { name, subdomain });
  desk.has((await zendesk.brand.show(brand.id)).result.brand, { name });
  const all = (await zendesk.brand.list()).result;
  desk.among(brand.id, desk.ids(all));
  desk.same(all.filter((it) => it.default).length, 1);
  desk.has(await desk.ticket({ brand_id: brand.id }), { brand_id: brand.id });
  await desk.refused(422, "RecordInvalid", () => zendesk.brand.create({ brand: { name: "Twin", subdomain } }));
  await desk.refused(404, "InvalidEndpoint", () => zendesk.brand.checkHostMapping("desk.example.com", subdomain));
  await desk.empty(zendesk.brand.delete(brand.id));
  desk.missing(brand.id, desk.ids((await zendesk.brand.list()).result));
}

export async function recipientAddresses(desk) {
  const { zendesk } = desk;
  const recipient_address = { name: "Sales", email: desk.address("sales") };
  const { response, result } = await zendesk.brand.post(["recipient_addresses"], { recipient_address });
  desk.same(response.status, 201);
  const made = result.recipient_address;
  desk.has(made, { ...recipient_address, default: false });
  const changed = await zendesk.brand.put(["recipient_addresses", made.id], { recipient_address: { name: "All sales" } });
  desk.has(changed.result.recipient_address, { name: "All sales", email: recipient_address.email });
  const all = (await zendesk.brand.getAll(["recipient_addresses"])).flatMap((page) => page.recipient_addresses);
  await desk.paged("recipient_addresses", "recipient_addresses", all, [made.id]);
  await desk.refused(422, "RecordInvalid", () => zendesk.brand.post(["recipient_addresses"], { recipient_address }));
  await desk.empty(zendesk.brand.request("DELETE", ["recipient_addresses", made.id]));
  await desk.refused(404, "RecordNotFound", () => zendesk.brand.get(["recipient_addresses", made.id]));
}

export async function accountSettings(desk) {
  const { zendesk } = desk;
  const { result: settings } = await zendesk.accountsettings.show();
  for (const part of ["branding", "tickets", "api", "user", "brands", "limits", "active_features"]) {
    desk.among(part, Object.keys(settings));
  }
  const { default_brand_id } = settings.brands;
  const { result: changed } = await zendesk.accountsettings.update({ settings: { brands: { default_brand_id } } });
  desk.same(changed.brands, settings.brands);
  const agent = await desk.agent("Unset");
  const asAgent = desk.client({ username: agent.email });
  await desk.refused(403, null, () => asAgent.accountsettings.update({ settings: { tickets: {} } }));
}

export async function locales(desk) {
  const { zendesk } = desk;
  for (const listed of [zendesk.locales.list(), zendesk.locales.listForAgent(), zendesk.locales.listPublicLocales()]) {
    desk.among("en-US", (await listed).map((it) => it.locale));
  }
  desk.has((await zendesk.locales.showCurrent()).result, { locale: "en-US", id: 1 });
  desk.has((await zendesk.locales.show("en-US")).result, { id: 1, name: "English" });
  desk.has((await zendesk.locales.detectBestLocale(["xx", "en-US"])).result, { locale: "en-US" });
  await desk.refused(404, "RecordNotFound", () => zendesk.locales.show(99_999));
}

export async function apiTokens(desk) {
  const { zendesk } = desk;
  const asked = { api_token: { description: desk.unique("Script") } };
  const { response, result } = await zendesk.users.post(["api_tokens"], asked);
  desk.same(response.status, 201);
  const made = result.api_token;
  const other = desk.client({ token: made.token });
  desk.has((await other.users.me()).result, { id: desk.me.id });
  const shown = (await zendesk.users.get(["api_tokens", made.id])).result.api_token;
  desk.has(shown, { id: made.id, description: made.description, active: true });
  desk.holds(!JSON.stringify(shown).includes(made.token));
  await desk.empty(zendesk.users.request("DELETE", ["api_tokens", made.id]));
  await desk.refused(401, "Couldn't authenticate you", () => other.groups.list());
}

export async function webhooks(desk) {
  const { zendesk } = desk;
  const webhook = {
    name: desk.unique("Hook"), status: "active", endpoint: "https://example.com/hook", http_method: "POST",
    request_format: "json", subscriptions: ["conditional_ticket_events"],
    authentication: { type: "bearer_token", data: { token: "hello_123" }, add_position: "header" },
  };
  const { response, result: made } = await zendesk.webhooks.create({ webhook });
  desk.same([response.status, typeof made.id], [201, "string"]);
  desk.has(made, { name: webhook.name, endpoint: webhook.endpoint, subscriptions: webhook.subscriptions });
  desk.holds(!JSON.stringify(made).includes("hello_123"));
  desk.has((await zendesk.webhooks.show(made.id)).result, { name: webhook.name });
  await desk.empty(zendesk.webhooks.update(made.id, { webhook: { ...webhook, description: "Tells" } }));
  const name = desk.unique("Renamed");
  await desk.empty(zendesk.webhooks.patch(made.id, { webhook: { name } }));
  desk.has((await zendesk.webhooks.show(made.id)).result, { name, description: "Tells" });
  desk.among(made.id, desk.ids(await zendesk.webhooks.list()));
  const { signing_secret: secret } = (await zendesk.webhooks.getSigningSecret(made.id)).result;
  desk.same([secret.algorithm, secret.secret.length > 20], ["SHA256", true]);
  const { signing_secret: reset } = (await zendesk.webhooks.resetSigningSecret(made.id)).result;
  desk.holds(reset.secret !== secret.secret);
  desk.has((await zendesk.webhooks.listInvocations(made.id)).result, { invocations: [] });
  await desk.refused(400, null, () => zendesk.webhooks.create({ webhook: { ...webhook, endpoint: "nowhere" } }));
  await desk.empty(zendesk.webhooks.delete(made.id));
  await desk.refused(404, null, () => zendesk.webhooks.show(made.id));
}

export async function satisfactionRatings(desk) {
  const { zendesk, me } = desk;
  const asker = await desk.user("Rater");
  const asAsker = desk.client({ username: asker.email });
  const ticket = await desk.ticket({ requester_id: asker.id, assignee_id: me.id });
  const rating = { satisfaction_rating: { score: "good", comment: "Awesome support!" } };
  await desk.refused(422, null, () => asAsker.satisfactionratings.create(ticket.id, rating));
  await desk.change(ticket.id, { status: "solved" });
  const given = (await asAsker.satisfactionratings.create(ticket.id, rating)).result.satisfaction_rating;
  desk.has(given, { score: "good", comment: "Awesome support!", ticket_id: ticket.id, requester_id: asker.id, assignee_id: me.id });
  desk.has((await desk.shown(ticket.id)).satisfaction_rating, { score: "good" });
  desk.has((await zendesk.satisfactionratings.show(given.id)).result.satisfaction_rating, { id: given.id });
  await desk.paged("satisfaction_ratings", "satisfaction_ratings", await zendesk.satisfactionratings.list(), [given.id]);
}

export async function suspendedTickets(desk) {
  const { zendesk } = desk;
  const asker = await desk.user("Held", { suspended: true });
  const subjects = [];
  for (let nth = 0; nth < 3; nth += 1) {
    const subject = desk.unique(`Held ${nth}`);
    const requester = { name: "Held", email: asker.email };
    const request = { requester, subject, comment: { body: "Let me in" } };
    await desk.fetch("POST", "requests.json", { request }, { token: null });
    subjects.push(subject);
  }
  const all = await zendesk.suspendedtickets.list();
  const [first, second, third] = subjects.map((subject) => all.find((it) => it.subject === subject));
  desk.has(first, { content: "Let me in" });
  desk.has((await zendesk.suspendedtickets.show(first.id)).result, { id: first.id });
  await desk.paged("suspended_tickets", "suspended_tickets", all, desk.ids([first, second, third]));
  await zendesk.suspendedtickets.recover(first.id);
  // One is the ticket of who lets it in, as Zendesk documents it; several are their authors'.
  desk.holds((await zendesk.tickets.listByUserRequested(desk.me.id)).some((it) => it.subject === first.subject));
  await zendesk.suspendedtickets.recoverMany([second.id]);
  desk.same((await zendesk.tickets.listByUserRequested(asker.id)).map((it) => it.subject), [second.subject]);
  await desk.empty(zendesk.suspendedtickets.delete(third.id));
  await desk.refused(404, "RecordNotFound", () => zendesk.suspendedtickets.show(third.id));
  const left = desk.ids(await zendesk.suspendedtickets.list());
  for (const { id } of [first, second, third]) desk.missing(id, left);
}
