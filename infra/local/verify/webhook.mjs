// The same as webhook.py, with the library for JavaScript, which is installed in CEAP_VERIFY_NODE.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { deepStrictEqual, ok, throws } from "node:assert";
import path from "node:path";

const installed = createRequire(path.resolve(process.env.CEAP_VERIFY_NODE, "package.json"));
const { Webhook, WebhookVerificationError } = installed("standardwebhooks");

const refused = (secret, body, headers, what) =>
  throws(() => new Webhook(secret).verify(body, headers), WebhookVerificationError, what);

let count = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { headers, body, secrets, foreign } = JSON.parse(line);
  for (const secret of secrets) {
    deepStrictEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
    for (let at = 0; at < body.length; at += 7) {
      const letter = String.fromCharCode(body.charCodeAt(at) ^ 1);
      const changed = body.slice(0, at) + letter + body.slice(at + 1);
      refused(secret, changed, headers, `letter ${at} changed`);
    }
    const later = String(Number(headers["webhook-timestamp"]) + 1);
    refused(secret, body, { ...headers, "webhook-timestamp": later }, "time changed");
    const other = `${headers["webhook-id"]}x`;
    refused(secret, body, { ...headers, "webhook-id": other }, "id changed");
  }
  refused(foreign, body, headers, "another secret");
  count += 1;
}
ok(count > 0, "there was nothing to verify");
console.log(`${count} webhooks verified`);
