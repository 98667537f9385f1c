// Files: uploaded, attached to comments, downloaded, and taken out again.

import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";

/** The bytes of an attachment, as whoever follows its address gets them. */
async function downloaded(attachment) {
  const answer = await fetch(attachment.content_url);
  return Buffer.from(await answer.arrayBuffer());
}

export async function uploads(desk) {
  const { zendesk } = desk;
  const folder = await mkdtemp(path.join(tmpdir(), "ceap-"));
  try {
    const content = randomBytes(100_000);
    const file = path.join(folder, "dump of a day.bin");
    await writeFile(file, content);
    // A path, of which the client tells that it were JSON, and a stream.
    const { upload } = await zendesk.attachments.upload(file, { filename: "dump of a day.bin", binary: true });
    desk.has(upload.attachment, { file_name: "dump of a day.bin", size: content.length, inline: false });
    const more = { filename: "note.txt", binary: true, token: upload.token };
    const second = await zendesk.attachments.upload(Readable.from([Buffer.from("Only "), Buffer.from("text")]), more);
    desk.same([second.upload.token, second.upload.attachments.length], [upload.token, 2]);

    const { id } = await desk.ticket({ comment: { body: "See these", uploads: [upload.token] } });
    const [comment] = await zendesk.tickets.getComments(id);
    const found = Object.fromEntries(comment.attachments.map((it) => [it.file_name, it]));
    desk.same(Object.keys(found).sort(), ["dump of a day.bin", "note.txt"]);
    const shown = (await zendesk.attachments.show(found["note.txt"].id)).result.attachment;
    desk.has(shown, { file_name: "note.txt", size: 9 });
    desk.same((await downloaded(shown)).toString(), "Only text");
    desk.holds((await downloaded(found["dump of a day.bin"])).equals(content));
    const where = ["tickets", id, "comments", comment.id, "attachments", shown.id, "redact"];
    desk.has((await zendesk.attachments.put(where, {})).result.attachment, { file_name: "redacted.txt" });
    await desk.refused(422, null, () => desk.ticket({ comment: { body: "x", uploads: [upload.token] } }));

    const dropped = await zendesk.attachments.upload(Readable.from(["Nothing"]), { filename: "dropped.txt", binary: true });
    await desk.empty(zendesk.attachments.deleteUpload(dropped.upload.token));
    await desk.refused(404, "RecordNotFound", () => zendesk.attachments.deleteUpload(dropped.upload.token));
    await desk.refused(404, "RecordNotFound", () => zendesk.attachments.show(2 ** 52));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function largeFiles(desk) {
  const stream = Readable.from([Buffer.alloc(4 * 1024 * 1024 + 1)]);
  // The client takes a status that it does not know for success.
  const answer = await desk.zendesk.attachments.upload(stream, { filename: "large.bin", binary: true });
  desk.holds(answer.error && answer.description && !answer.upload);
}
