//! Out of the tables and buckets, into the archive.
//!
//! | name in the archive | |
//! |---|---|
//! | `<tenant>/<export>/manifest.json` | what it holds, once it is finished |
//! | `…/progress.json` | how far it is |
//! | `…/data/<table>/<segment>-<n>.json.gz` | items, a line each: `{"Item": …}` |
//! | `…/lists/<bucket>/<n>.json.gz` | objects, a line each: `{"name": …, "bytes": …}` |
//! | `…/objects/<bucket>/<name>` | the objects |

use super::archive::Bucket;
use super::manifest::{Lines, Manifest, Of, PART, Walk, walks};
use super::{Copies, Item, Items, MARK, Place, Slice, Step, Table, belongs, momentary};
use ceap_kernel::blobs::ETag;
use ceap_kernel::{Clock, Fault, SignedDuration, TenantId};
use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

/// Walks at once.
const AT_ONCE: usize = 4;

/// Pages of a walk in one go, be there anything of the tenant's in them or not.
const PAGES: usize = 64;

/// Objects copied at once.
const COPIED_AT_ONCE: usize = 16;

/// Exports tenants.
#[derive(Debug)]
pub struct Exporter<I, K, C> {
    /// The tables.
    pub items: I,
    /// The buckets that are exported: objects below `<tenant>/`.
    pub buckets: Vec<Bucket>,
    /// Where exports are.
    pub archive: Bucket,
    /// What copies objects.
    pub copies: K,
    /// The wall clock.
    pub clock: C,
    /// How long a step goes on before it hands over to the next.
    pub budget: SignedDuration,
}

/// The name of an export's manifest.
pub(super) fn manifest(tenant: &TenantId, export: &str) -> String {
    format!("{tenant}/{export}/manifest.json")
}

impl<I: Items, K: Copies, C: Clock> Exporter<I, K, C> {
    /// Goes on with an export for a while.
    ///
    /// # Errors
    /// `Invalid` when there is an export of this name already, or the name is none; else as the stores say.
    pub async fn step(&self, asked: Step) -> Result<Step, Fault> {
        let began = self.clock.now();
        let finished = manifest(&asked.tenant, asked.name()?);
        if let Some((manifest, _)) = self.archive.read::<Manifest>(&finished).await? {
            if asked.under_way {
                return Ok(told(asked, &manifest, true));
            }
            return Err(Fault::invalid("export", "there is one of this name; choose another"));
        }
        let progress = format!("{}/{}/progress.json", asked.tenant, asked.name()?);
        let (mut manifest, mut etag) = self.open(&asked, &progress).await?;
        // So that it may be asked for again should this answer be lost.
        if !asked.under_way {
            return Ok(told(asked, &manifest, false));
        }
        while !manifest.walks.iter().all(|walk| walk.done) {
            self.round(&asked, &mut manifest).await?;
            etag = self.archive.write(&progress, &manifest, Some(&etag)).await?;
            if self.clock.now().duration_since(began) >= self.budget {
                return Ok(told(asked, &manifest, false));
            }
        }
        manifest.sum_up();
        manifest.finished = Some(self.clock.now());
        self.archive.write(&finished, &manifest, None).await?;
        Ok(told(asked, &manifest, true))
    }

    /// An export as far as it is; a new one when there is none.
    async fn open(&self, asked: &Step, progress: &str) -> Result<(Manifest, ETag), Fault> {
        if let Some((manifest, etag)) = self.archive.read::<Manifest>(progress).await? {
            if manifest.restored_tables != asked.restored_tables {
                let why = "an export of this name is under way, of other tables";
                return Err(Fault::invalid("restored_tables", why));
            }
            return Ok((manifest, etag));
        }
        if !asked.restored_tables && !self.items.exists(&asked.tenant).await? {
            return Err(Fault::invalid("tenant", "there is no such tenant"));
        }
        let walks = walks(self.buckets.iter().map(|bucket| bucket.name));
        let manifest = Manifest::new(asked, self.clock.now(), walks)?;
        let etag = self.archive.write(progress, &manifest, None).await?;
        Ok((manifest, etag))
    }

    /// Takes the first walks that are not at their end a part further.
    async fn round(&self, asked: &Step, manifest: &mut Manifest) -> Result<(), Fault> {
        let open = manifest.walks.iter().filter(|walk| !walk.done).take(AT_ONCE);
        let gone = try_join_all(open.map(|walk| self.go(asked, walk.clone()))).await?;
        let mut gone = gone.into_iter();
        for walk in manifest.walks.iter_mut().filter(|walk| !walk.done).take(AT_ONCE) {
            if let Some(further) = gone.next() {
                *walk = further;
            }
        }
        Ok(())
    }

    async fn go(&self, asked: &Step, mut walk: Walk) -> Result<Walk, Fault> {
        let (folder, lines) = match walk.of.clone() {
            Of::Table(table) => ("data", self.table(asked, table, &mut walk).await?),
            Of::Bucket(name) => {
                let bucket = self.buckets.iter().find(|bucket| bucket.name == name);
                let bucket = bucket.ok_or_else(|| {
                    Fault::invalid("export", format!("the bucket {name} is not exported any more"))
                })?;
                ("lists", self.bucket(asked, bucket, &mut walk).await?)
            }
        };
        if !lines.is_empty() {
            let (name, n) = (walk.of.name(), walk.parts.len());
            let name = format!("{folder}/{name}/{:02}-{n:06}.json.gz", walk.segment);
            let (part, bytes) = lines.packed(name)?;
            let place = format!("{}/{}/{}", asked.tenant, asked.name()?, part.name);
            self.archive.replace(&place, bytes).await?;
            walk.parts.push(part);
        }
        Ok(walk)
    }

    async fn table(&self, asked: &Step, table: Table, walk: &mut Walk) -> Result<Lines, Fault> {
        let slice =
            Slice { table, segment: walk.segment, twin: asked.restored_tables, keys: false };
        let mut lines = Lines::default();
        for _ in 0..PAGES {
            let page = self.items.page(&asked.tenant, slice, walk.next.as_ref()).await?;
            let own = |item: &Item| belongs(&asked.tenant, item) && !momentary(item);
            for mut item in page.items.into_iter().filter(own) {
                item.retain(|name, _| name != MARK);
                lines.push(&json!({ "Item": item }))?;
            }
            walk.next = page.next;
            walk.done = walk.next.is_none();
            if walk.done || lines.bytes() >= PART {
                break;
            }
        }
        Ok(lines)
    }

    async fn bucket(&self, asked: &Step, from: &Bucket, walk: &mut Walk) -> Result<Lines, Fault> {
        let own = format!("{}/", asked.tenant);
        let after = walk.next.as_ref().and_then(Value::as_str);
        let listed = from.blobs.list(&own, after).await?;
        let to = format!("{own}{}/objects/{}/", asked.name()?, from.name);
        let copied = stream::iter(listed.entries).map(async |entry| {
            let rest = entry.name.strip_prefix(&own).unwrap_or(&entry.name).to_owned();
            let name = format!("{to}{rest}");
            let source = Place { bucket: &from.bucket, name: &entry.name };
            let target = Place { bucket: &self.archive.bucket, name: &name };
            let there = self.copies.copy(source, target).await?;
            Ok::<_, Fault>(there.then_some((rest, entry.bytes)))
        });
        let copied: Vec<_> = copied.buffered(COPIED_AT_ONCE).try_collect().await?;
        let mut lines = Lines::default();
        for (name, bytes) in copied.into_iter().flatten() {
            lines.push(&json!({"name": name, "bytes": bytes}))?;
        }
        walk.next = listed.next.map(Value::String);
        walk.done = walk.next.is_none();
        Ok(lines)
    }
}

fn told(asked: Step, manifest: &Manifest, done: bool) -> Step {
    let (items, objects) = manifest.counts();
    Step { items, objects, ..asked.answered(done) }
}
