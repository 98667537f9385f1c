//! Which hours are done.

use crate::api::{Call, Refused};
use crate::record::Changes;
use crate::store::{Item, Key};
use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};

/// Hours that are caught up at most: what is older is past.
const MOST: i64 = 72;

/// Seconds after which who began an hour is taken to have died.
const PATIENCE_S: i64 = 15 * 60;

/// Which hours are done: hours since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// The last one that is done.
    done: i64,
    /// Until when somebody is at the next one, in seconds since 1970.
    busy_until: Option<i64>,
}

impl Hours {
    /// Where they are kept.
    pub fn key() -> Key {
        Key::new("AUTOMATIONS", "HOURS")
    }

    /// The next hour that is to be done, which nobody else does from now on; none if all are.
    ///
    /// # Errors
    /// `Unavailable` while somebody else is at one, or `Throttled`.
    pub async fn begin(call: &Call<'_>) -> Result<Option<i64>, Refused> {
        let second = call.desk.clock.now().as_second();
        let now = second.div_euclid(3_600);
        let busy = || Fault::Unavailable("somebody else does the automations".to_owned());
        let busy_until = Some(second.saturating_add(PATIENCE_S));
        let mut changes = Changes::new();
        let hour = match read(call).await? {
            // What was before there were automations is none of theirs.
            None => {
                let hours = Self { done: now.saturating_sub(1), busy_until };
                changes.once(Self::key(), &hours, None)?;
                now
            }
            Some((_, hours)) if hours.done >= now => return Ok(None),
            Some((_, hours)) if hours.busy_until.is_some_and(|until| until > second) => {
                return Err(busy().into());
            }
            Some((item, hours)) => {
                let done = hours.done.max(now.saturating_sub(MOST));
                changes.replace(&item, &Self { done, busy_until }, None)?;
                done.saturating_add(1)
            }
        };
        match call.commit(changes).await {
            Ok(()) => Ok(Some(hour)),
            Err(Refused::Conflict | Refused::Other(409, ..)) => Err(busy().into()),
            Err(refused) => Err(refused),
        }
    }

    /// An hour is left to whoever comes next.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn leave(call: &Call<'_>) -> Result<(), Refused> {
        let Some((item, hours)) = read(call).await? else { return Ok(()) };
        let mut changes = Changes::new();
        changes.replace(&item, &Self { busy_until: None, ..hours }, None)?;
        call.commit(changes).await
    }

    /// An hour is done.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    pub async fn end(call: &Call<'_>, hour: i64) -> Result<(), Refused> {
        let Some((item, hours)) = read(call).await? else { return Ok(()) };
        if hours.done >= hour {
            return Ok(());
        }
        let mut changes = Changes::new();
        changes.replace(&item, &Self { done: hour, busy_until: None }, None)?;
        call.commit(changes).await
    }
}

async fn read(call: &Call<'_>) -> Result<Option<(Item, Hours)>, Refused> {
    let Some(item) = call.item(&Hours::key()).await? else { return Ok(None) };
    let hours = serde_json::from_str(&item.body)
        .map_err(|error| Fault::Internal(format!("unreadable hours: {error}")))?;
    Ok(Some((item, hours)))
}
