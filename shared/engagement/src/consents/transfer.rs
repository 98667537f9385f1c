//! Consents brought in from elsewhere, and taken out.

use super::name::Name;
use super::{Consents, shown};
use crate::event::{Arrived, Event};
use crate::lines::{self, Exported, Imported, Line, optional, required};
use crate::message::Suppressions;
use crate::pipeline::accept::EventStream;
use crate::pipeline::gates::Addresses;
use crate::pipeline::ingest::Subjects;
use crate::pipeline::receive::consent_event;
use crate::preferences::confirm::Confirmations;
use crate::profile::short;
use crate::profile_list::{Place, ProfileList};
use crate::secret::Secrets;
use crate::suppression::api::instant;
use crate::use_case::UseCases;
use ceap_kernel::{Clock, Fault, SubjectId, TenantId, Timestamp, digest};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Lines of one upload: what one call of the stream takes (Kinesis API reference, `PutRecords`).
pub const MOST: usize = 500;

/// Profiles of one page of a download: with the largest profiles 3 MiB, of 6 MiB that Lambda answers.
const PAGE: usize = 100;

/// What a line holds, in an upload as in a download; `subject`, `consent` and `given` are required.
const COLUMNS: [&str; 6] = ["subject", "consent", "given", "at", "how", "text"];

#[derive(Serialize)]
struct Exports<'a> {
    subject: &'a SubjectId,
    consent: String,
    #[serde(flatten)]
    shown: super::Shown,
}

impl<S, U, K, E, X, F, A, C> Consents<S, U, K, E, X, F, A, C>
where
    S: Subjects,
    U: UseCases,
    K: Suppressions,
    E: EventStream,
    X: Secrets,
    F: Confirmations,
    A: Addresses,
    C: Clock,
{
    /// Takes the lines of an upload (NDJSON or CSV, at most [`MOST`]), each as what was said at its
    /// `at`, or now. Lines with an instant may be sent again and count once.
    ///
    /// # Errors
    /// `Invalid` when nothing of it can be read; `Unavailable` or `Throttled`: the same may be sent
    /// again.
    pub async fn import(
        &self,
        tenant: &TenantId,
        content_type: &str,
        body: &[u8],
    ) -> Result<Imported, Fault> {
        let at = self.clock.now();
        let mut imported = Imported::default();
        let read = |Line { number, fields }: Line| {
            let event = fields.and_then(|fields| self.line(&fields, at));
            imported.note(number, event)
        };
        let lines = lines::read(content_type, body, &COLUMNS, MOST)?;
        let events = lines.into_iter().filter_map(read);
        let arrived = |event| Arrived { tenant: tenant.clone(), at, event, trace: None };
        let events: Vec<Arrived> = events.map(arrived).collect();
        if !events.is_empty() {
            self.events.put(&events).await?;
        }
        Ok(imported)
    }

    fn line(&self, fields: &Map<String, Value>, now: Timestamp) -> Result<Event, Fault> {
        let subject = required(fields, "subject")?;
        if subject.contains(char::REPLACEMENT_CHARACTER) {
            let message = "lost letters on its way (U+FFFD); send UTF-8";
            return Err(Fault::invalid("subject", message));
        }
        let subject = SubjectId::new(subject)?;
        let consent = required(fields, "consent")?;
        Name::read("consent", consent, &self.channels)?;
        let given = given(fields.get("given"))?;
        let time = optional(fields, "at")?.map_or(Ok(now), |text| instant(text, now))?;
        let mut said = Map::from_iter([("given".to_owned(), Value::from(given))]);
        for part in ["how", "text"] {
            if let Some(text) = optional(fields, part)? {
                short(text).map_err(|rule| Fault::invalid(part, rule))?;
                said.insert(part.to_owned(), Value::from(text));
            }
        }
        let said = Value::from(said);
        let id = digest(&[subject.as_str(), consent, &time.to_string(), &said.to_string()]);
        let consents = json!({consent: said});
        let data = Map::from_iter([("consents".to_owned(), consents)]);
        Ok(consent_event(format!("import/{id}"), &subject, time, data))
    }

    /// A page of all consents of the tenant as NDJSON, in the shape in which they can be brought in.
    /// What changes while it is read may be missing from it, or be there as it was.
    ///
    /// # Errors
    /// `Invalid` when the cursor is none of ours; `Unavailable` or `Throttled`.
    pub async fn export(&self, tenant: &TenantId, cursor: Option<&str>) -> Result<Exported, Fault>
    where
        S: ProfileList,
    {
        let from = Place::read(cursor)?;
        let (profiles, next) = self.subjects.profiles(tenant, from, PAGE).await?;
        let mut exported = Exported { next: next.map(|it| it.cursor()), ..Exported::default() };
        for (subject, profile) in &profiles {
            for (consent, shown) in shown(profile) {
                exported.push(&Exports { subject, consent, shown })?;
            }
        }
        Ok(exported)
    }
}

/// Of CSV, `true` is text.
fn given(value: Option<&Value>) -> Result<bool, Fault> {
    let text = match value {
        Some(Value::Bool(given)) => return Ok(*given),
        Some(Value::String(text)) => text.trim().to_ascii_lowercase(),
        _ => String::new(),
    };
    match text.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Fault::invalid("given", "must be true or false")),
    }
}
