//! Events, plans and ids in one line each.

use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::use_case::{Plan, Settings, UseCase, catalogue};
use ceap_kernel::{
    Clock, EventKey, SignalId, SignedDuration, SubjectId, TenantId, Timestamp, UseCaseId,
};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The noon at which tests happen.
pub const NOON: &str = "2026-11-21T12:00:00Z";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub fn noon() -> Timestamp {
    at(NOON)
}

/// `seconds` after [`NOON`]; before it when negative.
pub fn after_noon(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

pub fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

pub fn subject(name: &str) -> SubjectId {
    SubjectId::new(name).unwrap()
}

pub fn use_case(name: &str) -> UseCaseId {
    UseCaseId::new(name).unwrap()
}

/// A tenant that no other test and no earlier run has used.
pub fn fresh_tenant(label: &str) -> TenantId {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
    let instant = Timestamp::now().as_nanosecond().to_string();
    let process = std::process::id().to_string();
    let unique = ceap_kernel::hash64(&[&instant, &process, &count]);
    tenant(&format!("t-{label}-{unique:x}"))
}

/// A clock whose hands a test moves; it starts at [`NOON`].
#[derive(Debug, Clone)]
pub struct Hands(Arc<Mutex<Timestamp>>);

impl Default for Hands {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(noon())))
    }
}

impl Hands {
    /// The instant so many seconds from now.
    pub fn after(&self, seconds: i64) -> Timestamp {
        self.now() + SignedDuration::from_secs(seconds)
    }

    /// Time goes on.
    pub fn pass(&self, seconds: i64) {
        let then = self.after(seconds);
        *self.0.lock().unwrap() = then;
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A CloudEvents 1.0 event under construction, at [`NOON`] unless said otherwise.
#[derive(Debug, Clone)]
pub struct Fact(Value);

/// The event `id` of `kind` about `subject`.
pub fn event(kind: &str, subject: &str, id: &str) -> Fact {
    Fact(json!({"specversion": "1.0", "id": id, "source": "test", "type": kind,
                "subject": subject, "time": NOON, "data": {}}))
}

impl Fact {
    #[must_use]
    pub fn time(self, time: Timestamp) -> Self {
        self.with("time", Value::from(time.to_string()))
    }

    /// At `seconds` after [`NOON`].
    #[must_use]
    pub fn sec(self, seconds: i64) -> Self {
        self.time(after_noon(seconds))
    }

    #[must_use]
    pub fn data(self, data: Value) -> Self {
        self.with("data", data)
    }

    /// Sets any attribute, to a wrong one too.
    #[must_use]
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.0[field] = value;
        self
    }

    /// As a sender writes it.
    #[must_use]
    pub fn json(&self) -> Value {
        self.0.clone()
    }

    /// As the domain knows it; it arrived long after it happened, so its time stays.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::from_json(&self.0, Timestamp::MAX).unwrap()
    }

    /// On the stream, having arrived at its own time.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Arrived {
        let event = self.event();
        Arrived { tenant: tenant.clone(), at: event.time, event, trace: None }
    }
}

/// The settings that the demo's tenant has.
pub fn settings() -> Settings {
    Settings {
        from_address: "hello@shop.example.com".to_owned(),
        sms_origination: Some("+15555550100".to_owned()),
        security_recipient: Some("security@shop.example.com".to_owned()),
        time_zone: Some("Europe/Zurich".to_owned()),
        ..Settings::default()
    }
}

/// A plan of these documents.
pub fn plan(documents: &[&str]) -> Plan {
    plan_with(settings(), documents)
}

pub fn plan_with(settings: Settings, documents: &[&str]) -> Plan {
    let parse = |text: &&str| UseCase::parse(text).unwrap_or_else(|fault| panic!("{fault}"));
    Plan::new(settings, documents.iter().map(parse).collect())
}

/// The use cases that come with the platform.
pub fn catalogue_documents() -> Vec<&'static str> {
    catalogue::STARTERS.iter().filter_map(|id| catalogue::find(id)).collect()
}

/// The document of the catalogue with one text in it replaced.
pub fn amended(id: &str, old: &str, new: &str) -> String {
    let text = catalogue::find(id).unwrap();
    assert!(text.contains(old), "{id} has no {old:?}");
    text.replace(old, new)
}

/// The id of the signal that the event `id` of source `test` causes.
pub fn signal_id(tenant: &TenantId, use_case_id: &str, subject: &SubjectId, id: &str) -> SignalId {
    let key = EventKey::of("test", id);
    SignalId::derive(tenant, &use_case(use_case_id), subject, "", key)
}

/// A customer with email, phone and consent to everything.
pub fn customer(id: &str) -> Fact {
    event("profile_updated", id, &format!("profile-{id}")).sec(-7200).data(json!({
        "email": format!("{id}@customers.example.com"),
        "phone": "+41790000000",
        "consents": {"email": true, "sms": true},
    }))
}
