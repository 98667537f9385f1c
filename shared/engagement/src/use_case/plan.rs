//! All that a tenant runs, arranged by what an event needs.

use super::compile::{Fields, UseCase};
use super::document::Document;
use super::stored::Stored;
use crate::audience::{self, Tie};
use crate::event::Event;
use crate::policy::Cap;
use crate::profile;
use crate::window::Span;
use ceap_kernel::{Fault, SignedDuration, TenantId, UseCaseId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How late an event may be, against its subject's newest, and still count as if it had been on time.
pub const LATENESS: SignedDuration = SignedDuration::from_hours(24);

/// Caps of one tenant: each is judged for every message that it counts.
const MAX_CAPS: usize = 20;

/// A tenant's settings. Conditions and templates see them as `settings`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The sender of email; an identity that SES has verified.
    #[serde(default)]
    pub from_address: String,
    /// The sender of texts: an origination number (E.164) or a sender id, where the country allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_origination: Option<String>,
    /// The sender of calls: an origination number (E.164).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice_origination: Option<String>,
    /// The sender of WhatsApp messages: the id of its phone number at Meta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp_phone_number_id: Option<String>,
    /// What a text that asks for HELP is answered with, where the carrier or AWS does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms_help: Option<String>,
    /// What people know the tenant as: on its preference page, and in what it asks them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Addresses that a template may be tried on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_recipients: Vec<String>,
    /// Who reads security alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_recipient: Option<String>,
    /// For subjects whose own time zone is unknown (IANA).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How many messages a subject gets at most, over all use cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
}

impl Settings {
    /// What conditions and templates see.
    #[must_use]
    pub fn facts(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Checks what the types alone do not.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn check(&self) -> Result<(), Fault> {
        if self.caps.len() > MAX_CAPS {
            return Err(Fault::invalid("settings.caps", format!("must be at most {MAX_CAPS}")));
        }
        for (n, cap) in self.caps.iter().enumerate() {
            cap.check(&format!("settings.caps[{n}]"))?;
        }
        for (field, number) in [("voice_origination", &self.voice_origination)] {
            if let Some(rule) = number.as_deref().and_then(|number| profile::phone(number).err()) {
                return Err(Fault::invalid(format!("settings.{field}"), rule));
            }
        }
        Ok(())
    }
}

/// Reads what a tenant runs.
#[allow(async_fn_in_trait)]
pub trait UseCases {
    /// The tenant's plan; it may be some seconds old.
    ///
    /// # Errors
    /// `NotFound` for an unknown tenant; `Unavailable` or `Throttled` from the store.
    async fn plan(&self, tenant: &TenantId) -> Result<Arc<Plan>, Fault>;
}

/// All that a tenant runs.
#[derive(Debug, Default)]
pub struct Plan {
    /// The tenant's settings.
    pub settings: Settings,
    /// The settings as conditions and templates see them.
    pub settings_facts: Value,
    /// The tenant's stored templates and models.
    pub stored: Stored,
    use_cases: BTreeMap<UseCaseId, UseCase>,
    kinds: BTreeMap<String, Kind>,
    /// By event type and field of `data`: how long such an event ties its subject to the thing named.
    ties: BTreeMap<String, BTreeMap<String, Span>>,
}

/// What is kept of one event type.
#[derive(Debug)]
struct Kind {
    /// The longest window that needs it.
    window: SignedDuration,
    /// The fields of `data` that are needed later.
    fields: Fields,
}

impl Plan {
    /// Arranges the use cases that are not off, with nothing stored.
    #[must_use]
    pub fn new(settings: Settings, use_cases: Vec<UseCase>) -> Self {
        Self::with(settings, use_cases, Stored::default())
    }

    /// Arranges the use cases that are not off.
    #[must_use]
    pub fn with(settings: Settings, use_cases: Vec<UseCase>, stored: Stored) -> Self {
        let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
        let mut need = |kind: &str, window: SignedDuration, fields: Fields| {
            let slot = kinds
                .entry(kind.to_owned())
                .or_insert(Kind { window: SignedDuration::ZERO, fields: Fields::none() });
            slot.window = slot.window.max(window);
            let known = std::mem::replace(&mut slot.fields, Fields::All);
            slot.fields = known.and(fields);
        };
        for use_case in use_cases.iter().filter(|use_case| use_case.runs()) {
            let document = &use_case.document;
            let delay = document.trigger.delay.map_or(SignedDuration::ZERO, Span::duration);
            if let Some(event) = &document.trigger.event {
                need(event, delay, use_case.trigger_fields());
            }
            for feature in document.features.values() {
                let field = feature.of.iter().cloned().collect();
                let window = feature.within.duration().saturating_add(delay);
                need(&feature.event, window, Fields::Named(field));
            }
        }
        let mut ties: BTreeMap<String, BTreeMap<String, Span>> = BTreeMap::new();
        let running = use_cases.iter().filter(|use_case| use_case.runs());
        for fan_out in running.filter_map(|it| it.document.trigger.fan_out.as_ref()) {
            for kind in &fan_out.events {
                let fields = ties.entry(kind.clone()).or_default();
                let within = fields.entry(fan_out.of.clone()).or_insert(fan_out.within);
                *within = fan_out.within.max(*within);
            }
        }
        Self {
            settings_facts: settings.facts(),
            settings,
            stored,
            use_cases: use_cases.into_iter().map(|it| (it.id().clone(), it)).collect(),
            kinds,
            ties,
        }
    }

    /// What the same tenant would run, were there this document alone.
    ///
    /// # Errors
    /// `Invalid`, naming the field, when it does not compile.
    pub fn alone(&self, document: Document) -> Result<Self, Fault> {
        let use_case = UseCase::with(document, &self.stored)?;
        Ok(Self::with(self.settings.clone(), vec![use_case], self.stored.clone()))
    }

    /// What the event ties its subject to.
    #[must_use]
    pub fn ties(&self, event: &Event) -> Vec<Tie> {
        let Some(fields) = self.ties.get(&event.kind) else { return Vec::new() };
        let tie = |(field, within): (&String, &Span)| {
            Some(Tie {
                kind: event.kind.clone(),
                thing: audience::thing(event.data.get(field)?)?,
                subject: event.subject.clone(),
                until: event.time.checked_add(within.duration()).ok()?,
            })
        };
        fields.iter().filter_map(tie).collect()
    }

    /// The use case `id`.
    #[must_use]
    pub fn use_case(&self, id: &UseCaseId) -> Option<&UseCase> {
        self.use_cases.get(id)
    }

    /// Every use case, those that are off too.
    pub fn all(&self) -> impl Iterator<Item = &UseCase> {
        self.use_cases.values()
    }

    /// Every use case that runs.
    pub fn running(&self) -> impl Iterator<Item = &UseCase> {
        self.use_cases.values().filter(|use_case| use_case.runs())
    }

    /// How long an entry of `kind` is needed: its longest window, and the lateness after it.
    /// `None` when no use case names the type.
    #[must_use]
    pub fn keeps(&self, kind: &str) -> Option<SignedDuration> {
        self.kinds.get(kind).map(|kind| kind.window.saturating_add(LATENESS))
    }

    /// The part of an event's `data` that is kept, without nulls: for a condition, null is absent.
    /// `None` when no use case names its type.
    #[must_use]
    pub fn project(&self, event: &Event) -> Option<Map<String, Value>> {
        let kind = self.kinds.get(&event.kind)?;
        let kept = |name: &str| match &kind.fields {
            Fields::All => true,
            Fields::Named(names) => names.contains(name),
        };
        let fields = event.data.iter().filter(|(name, value)| kept(name) && !value.is_null());
        Some(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Checks an event against what the running use cases expect of its type.
    ///
    /// # Errors
    /// `Invalid`, naming the field, what it must be, and which use case says so.
    pub fn check(&self, event: &Event) -> Result<(), Fault> {
        for use_case in self.running() {
            for (field, expects) in use_case.expectations(&event.kind) {
                if !expects.allows(event.data.get(field)) {
                    let what = expects.as_str();
                    let message = format!("must be {what} (use case {})", use_case.id());
                    return Err(Fault::invalid(format!("data.{field}"), message));
                }
            }
        }
        Ok(())
    }
}
