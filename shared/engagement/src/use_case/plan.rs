//! All that a tenant runs, arranged by what an event needs.

use super::compile::UseCase;
use super::document::Document;
use super::index::Index;
use super::stored::{OwnShop, Stored};
use crate::audience::{self, Tie};
use crate::event::Event;
use crate::feature::{StreamId, StreamRule};
use crate::pipeline::score::Models;
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
    /// Where the team's own systems are told what to do, by name: `billing` → an `https` URL. A webhook
    /// goes there with `to: settings.endpoints.billing`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, String>,
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
    /// By event type and field of `data`: how long such an event ties its subject to the thing named.
    ties: BTreeMap<String, BTreeMap<String, Span>>,
    index: Index,
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
        let mut ties: BTreeMap<String, BTreeMap<String, Span>> = BTreeMap::new();
        let running = use_cases.iter().filter(|use_case| use_case.runs());
        for fan_out in running.filter_map(|it| it.document.trigger.fan_out.as_ref()) {
            for kind in &fan_out.events {
                let fields = ties.entry(kind.clone()).or_default();
                let within = fields.entry(fan_out.of.clone()).or_insert(fan_out.within);
                *within = fan_out.within.max(*within);
            }
        }
        let index = Index::of(&use_cases);
        Self {
            settings_facts: settings.facts(),
            settings,
            stored,
            use_cases: use_cases.into_iter().map(|it| (it.id().clone(), it)).collect(),
            ties,
            index,
        }
    }

    /// The same settings and all that is stored, with the model that `document` pins loaded: for
    /// [`Self::alone`] where nothing is loaded later.
    ///
    /// # Errors
    /// As [`Models::load`]; what isn't stored is left to `alone`, which names the field.
    pub async fn ready_for(
        &self,
        tenant: &TenantId,
        document: &Document,
        models: &impl Models,
    ) -> Result<Self, Fault> {
        let mut stored = self.stored.clone();
        if let Some(id) = document.score.model()
            && stored.models.contains_key(id)
        {
            stored.ready.insert(id.clone(), models.load(tenant, id).await?);
        }
        Ok(Self::with(self.settings.clone(), Vec::new(), stored))
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

    /// The same settings and all that is stored, for [`Self::alone`] where recommendations are tried
    /// out: with affinity models and items.
    #[must_use]
    pub fn with_shop(&self, shop: OwnShop) -> Self {
        let stored = Stored { shop: Some(shop), ..self.stored.clone() };
        Self::with(self.settings.clone(), Vec::new(), stored)
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

    /// The event types that some use case names.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.index.kinds()
    }

    /// Every use case that runs.
    pub fn running(&self) -> impl Iterator<Item = &UseCase> {
        self.use_cases.values().filter(|use_case| use_case.runs())
    }

    /// The running use cases that name `kind`, in their trigger or in a feature.
    pub fn concerned(&self, kind: &str) -> impl Iterator<Item = &UseCase> {
        self.index.concerned(kind).filter_map(|id| self.use_cases.get(id))
    }

    /// Whether any running use case names `kind`.
    #[must_use]
    pub fn names(&self, kind: &str) -> bool {
        self.index.concerned(kind).next().is_some()
    }

    /// The use cases whose goal an event of `kind` may reach, those that are off, too.
    pub fn with_goal(&self, kind: &str) -> impl Iterator<Item = &UseCase> {
        self.index.goals(kind).filter_map(|id| self.use_cases.get(id))
    }

    /// How many running use cases an event of `kind` may trigger.
    #[must_use]
    pub fn triggers(&self, kind: &str) -> usize {
        self.index.triggers(kind)
    }

    /// Whether triggers by events of `kind` may be judged again when other events arrive late.
    #[must_use]
    pub fn judges_again(&self, kind: &str) -> bool {
        self.index.judges_again(kind)
    }

    /// What is kept of the events of a stream, and how many milliseconds after an event it may be
    /// judged. `None` when no running use case needs it.
    #[must_use]
    pub fn stream(&self, id: StreamId) -> Option<(&StreamRule, i64)> {
        self.index.stream(id)
    }

    /// The part of a triggering event's `data` that is kept, without nulls: for a condition, null is
    /// absent. `None` when no running use case is triggered by its type.
    #[must_use]
    pub fn project(&self, event: &Event) -> Option<Map<String, Value>> {
        self.index.project(event)
    }

    /// Checks an event against what the running use cases expect of its type: the streams that it
    /// belongs to.
    ///
    /// # Errors
    /// `Invalid`, naming the field, what it must be, and which use case says so.
    pub fn admit(&self, event: &Event) -> Result<Vec<(StreamId, &StreamRule)>, Fault> {
        self.index.admit(event, &self.settings_facts)
    }
}
