// Drives every family of the helpdesk's API through node-zendesk, unmodified, which is installed in CEAP_VERIFY_NODE:
//
//     CEAP_VERIFY_NODE=... node zendesk_suite.mjs http://127.0.0.1:3000/api/v2 TENANT EMAIL TOKEN [FAMILY ... | -FAMILY ...]
//
// EMAIL is the owner's, TOKEN one that may act for them. What it makes has a random suffix: it can be run again.
// Prints a line for each family, then `{"families": n, "checks": n, "failed": []}`, and ends with 1 if any failed.

import { Desk } from "./helpdesk/desk.mjs";
import * as tickets from "./helpdesk/tickets.mjs";
import * as conversation from "./helpdesk/conversation.mjs";
import * as people from "./helpdesk/people.mjs";
import * as organizations from "./helpdesk/organizations.mjs";
import * as rules from "./helpdesk/rules.mjs";
import * as search from "./helpdesk/search.mjs";
import * as fields from "./helpdesk/fields.mjs";
import * as files from "./helpdesk/files.mjs";
import * as exported from "./helpdesk/exports.mjs";
import * as account from "./helpdesk/account.mjs";
import * as errors from "./helpdesk/errors.mjs";

const modules = [tickets, conversation, people, organizations, rules, search, fields, files, exported, account, errors];
const [endpoint, tenant, email, token, ...names] = process.argv.slice(2);
const leftOut = names.filter((name) => name.startsWith("-")).map((name) => name.slice(1));
const chosen = names.filter((name) => !name.startsWith("-"));
const desk = new Desk(endpoint, tenant, email, token);
const families = modules
  .flatMap((module) => Object.entries(module))
  .filter(([name]) => (chosen.length === 0 || chosen.includes(name)) && !leftOut.includes(name));
for (const [name, family] of families) await desk.run(name, family);
console.log(JSON.stringify({ families: families.length, checks: desk.checks, failed: desk.failed }));
process.exit(desk.failed.length > 0 || families.length === 0 ? 1 : 0);
