//! What lies outside: secrets that are kept, webhooks' requests with what they are answered, and who is connected.

use ceap_helpdesk::presence::{Connections, Posted};
use ceap_helpdesk::satisfaction::Surveys;
use ceap_helpdesk::secret::Secrets;
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::ticket::letter::Leads;
use ceap_helpdesk::webhook::{Deliver, Delivered, Prepared, Undelivered};
use ceap_kernel::{Fault, TenantId, digest};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Default)]
pub struct Outside {
    /// By tenant and name.
    pub secrets: RefCell<BTreeMap<(TenantId, String), String>>,
    /// The requests that were made.
    pub requests: RefCell<Vec<Prepared>>,
    /// What is answered next; 200 if nothing is.
    pub answers: RefCell<VecDeque<Result<Delivered, Undelivered>>>,
}

impl Secrets for Outside {
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<Option<String>, Fault>> {
        let found = self.secrets.borrow().get(&(tenant.clone(), name.to_owned())).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn keep<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        secret: &'a str,
    ) -> Soon<'a, Result<(), Fault>> {
        let place = (tenant.clone(), name.to_owned());
        self.secrets.borrow_mut().insert(place, secret.to_owned());
        Box::pin(async { Ok(()) })
    }

    fn forget<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>> {
        self.secrets.borrow_mut().remove(&(tenant.clone(), name.to_owned()));
        Box::pin(async { Ok(()) })
    }
}

impl Deliver for Outside {
    fn deliver<'a>(
        &'a self,
        request: &'a Prepared,
    ) -> Soon<'a, Result<Result<Delivered, Undelivered>, Fault>> {
        self.requests.borrow_mut().push(request.clone());
        let usual = || {
            let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
            Ok(Delivered { status: 200, headers, body: "ok".to_owned(), milliseconds: 12 })
        };
        let answer = self.answers.borrow_mut().pop_front().unwrap_or_else(usual);
        Box::pin(async move { Ok(answer) })
    }
}

/// Connections of the WebSocket API.
#[derive(Default)]
pub struct Lines {
    /// What was posted, and to whom.
    pub posted: RefCell<Vec<(String, Value)>>,
    /// Those that are no more.
    pub gone: RefCell<BTreeSet<String>>,
    /// Those that cannot be reached just now.
    pub broken: RefCell<BTreeSet<String>>,
}

impl Connections for Lines {
    fn url(&self) -> &str {
        "wss://live.example/live"
    }

    fn post<'a>(&'a self, connection: &'a str, text: &'a str) -> Soon<'a, Result<Posted, Fault>> {
        let posted = if self.gone.borrow().contains(connection) {
            Ok(Posted::Gone)
        } else if self.broken.borrow().contains(connection) {
            Err(Fault::Unavailable("no answer".to_owned()))
        } else {
            let told = serde_json::from_str(text).unwrap();
            self.posted.borrow_mut().push((connection.to_owned(), told));
            Ok(Posted::Sent)
        };
        Box::pin(async { posted })
    }
}

/// Makes links of surveys.
pub struct Links;

impl Surveys for Links {
    fn secret<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<[u8; 32], Fault>> {
        let digest = digest(&["test", tenant.as_str(), name]);
        let mut secret = [0; 32];
        secret.copy_from_slice(&digest.as_bytes()[..32]);
        Box::pin(async move { Ok(secret) })
    }

    fn url(&self, token: &str) -> String {
        format!("https://desk.example/v1/satisfaction/{token}")
    }
}

/// Where letters lead to.
pub const LEADS: Leads<'static> = Leads { base: "https://desk.example", surveys: &Links };
