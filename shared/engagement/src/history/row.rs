//! An event as a row of the lake's table.

use super::PARTS;
use crate::event::Arrived;
use ceap_kernel::{Fault, SubjectId, hash64};
use serde::{Deserialize, Serialize};

/// The columns of the table `events` (`infra/lake.yaml`), in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whose.
    pub tenant: String,
    /// Whom the event is about.
    pub subject: String,
    /// Unique within its source.
    pub id: String,
    /// Who says so.
    pub source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, in microseconds since 1970.
    pub time: i64,
    /// When the platform took it, in microseconds since 1970. Never before `time`.
    pub arrived: i64,
    /// Where work is divided among several, from 0 to [`PARTS`] − 1: by the subject alone.
    pub part: u32,
    /// The event's `data` as compact JSON.
    pub data: String,
}

impl Row {
    /// The row of an event.
    ///
    /// # Errors
    /// `Internal` if the data cannot be written as JSON.
    pub fn of(arrived: &Arrived) -> Result<Self, Fault> {
        let event = &arrived.event;
        let data = serde_json::to_string(&event.data)
            .map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(Self {
            tenant: arrived.tenant.to_string(),
            subject: event.subject.to_string(),
            id: event.id.clone(),
            source: event.source.clone(),
            kind: event.kind.clone(),
            time: event.time.as_microsecond(),
            arrived: arrived.at.as_microsecond(),
            part: part(&event.subject),
            data,
        })
    }
}

/// The part of [`PARTS`] that a subject is in.
pub(super) fn part(subject: &SubjectId) -> u32 {
    let rest = hash64(&[subject.as_str()]).checked_rem(PARTS.into()).unwrap_or_default();
    u32::try_from(rest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use ceap_kernel::TenantId;
    use serde_json::json;

    #[test]
    fn a_row_is_flat_and_its_data_is_text() {
        let at = "2026-11-21T12:00:00.1234567Z".parse().unwrap();
        let event = json!({"id": "o-1", "source": "/shop", "type": "order_placed", "subject": "u1",
                           "time": "1997-01-01T00:00:00Z", "data": {"total": 9.5}});
        let event = Event::from_json(&event, at).unwrap();
        let arrived = Arrived { tenant: TenantId::new("acme").unwrap(), at, event, trace: None };
        assert_eq!(
            serde_json::to_value(Row::of(&arrived).unwrap()).unwrap(),
            json!({"tenant": "acme", "subject": "u1", "id": "o-1", "source": "/shop",
                   "type": "order_placed", "time": 852_076_800_000_000_i64,
                   "arrived": 1_795_262_400_123_456_i64, "part": 206_u32, "data": "{\"total\":9.5}"})
        );
    }
}
