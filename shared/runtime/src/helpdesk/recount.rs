//! Reports made anew from the lake, some minutes at a time: told how it stands, it says how it stands then.

use ceap_engagement::event::Arrived;
use ceap_engagement::history::{History, Part, Query};
use ceap_helpdesk::report::{self, Filling, MEASURED, Snapshot};
use ceap_helpdesk::store::Store;
use ceap_kernel::{Clock, Fault, SignedDuration, TenantId, Timestamp};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// In how many parts the lake is read.
const PARTS: u32 = 16;

/// States that are counted at once.
const AT_ONCE: usize = 500;

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recount {
    /// Whose reports.
    pub tenant: TenantId,
    /// What comes next; at first, to begin.
    #[serde(default)]
    pub next: Next,
    /// Which figures are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filling: Option<Filling>,
    /// When that is due, if not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<Timestamp>,
    /// States of tickets that were counted so far.
    #[serde(default)]
    pub counted: u64,
    /// Whether that was all.
    #[serde(default)]
    pub done: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// To begin new figures: what happens from then on is counted in them too.
    #[default]
    Begin,
    /// To count a part of the lake.
    Part(u32),
    /// To let them serve.
    Serve,
    /// To take the old ones away.
    Clear,
    /// Nothing.
    Nothing,
}

/// Makes reports anew.
pub struct Recounting<H, C> {
    /// The helpdesk's records.
    pub store: Box<dyn Store>,
    /// The lake.
    pub lake: H,
    /// The time.
    pub clock: C,
    /// How late the lake is at most: what was told before figures were begun is in it by then.
    pub lag: SignedDuration,
    /// How long the old figures are kept once the new ones serve: as long as somebody may still be about to read or write
    /// them.
    pub still_read: SignedDuration,
}

impl<H: History, C: Clock> Recounting<H, C> {
    /// Does what comes next. Any of it may be done again.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn step(&self, asked: Recount) -> Result<Recount, Fault> {
        let (store, tenant) = (&*self.store, &asked.tenant);
        let after = |wait: SignedDuration| self.clock.now().checked_add(wait).ok();
        let (mut counted, mut filling) = (asked.counted, asked.filling);
        let begun =
            || filling.ok_or_else(|| Fault::invalid("filling", "is missing: begin without `next`"));
        let (next, settles) = match asked.next {
            Next::Begin => {
                filling = Some(report::begin(store, tenant).await?);
                (Next::Part(0), after(self.lag))
            }
            Next::Part(part) => {
                counted = counted.saturating_add(self.part(tenant, begun()?, part).await?);
                let following = part.saturating_add(1);
                (if following < PARTS { Next::Part(following) } else { Next::Serve }, None)
            }
            Next::Serve => {
                report::finish(store, tenant, begun()?).await?;
                (Next::Clear, after(self.still_read))
            }
            Next::Clear => {
                report::clear(store, tenant).await?;
                (Next::Nothing, None)
            }
            Next::Nothing => (Next::Nothing, None),
        };
        Ok(Recount { next, filling, settles, counted, done: next == Next::Nothing, ..asked })
    }

    /// Counts the states of the tickets of a part of the lake, and tells of how many.
    async fn part(&self, tenant: &TenantId, filling: Filling, part: u32) -> Result<u64, Fault> {
        let kinds = [MEASURED.to_owned()].into();
        let query = Query { kinds, part: Some(Part::new(part, PARTS)?), ..Query::default() };
        let mut events = self.lake.read(tenant, &query);
        let (mut states, mut counted) = (Vec::new(), 0_u64);
        while let Some(Arrived { event, .. }) = events.try_next().await? {
            let state: Snapshot = serde_json::from_value(Value::Object(event.data))
                .map_err(|error| Fault::Internal(format!("{}: {error}", event.id)))?;
            counted = counted.saturating_add(1);
            states.push(state);
            if states.len() >= AT_ONCE {
                filling.count(&*self.store, tenant, &states).await?;
                states.clear();
            }
        }
        filling.count(&*self.store, tenant, &states).await?;
        Ok(counted)
    }
}
