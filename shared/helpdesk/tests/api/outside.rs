//! What lies outside: secrets that are kept, and webhooks' requests with what they are answered.

use ceap_helpdesk::secret::Secrets;
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::webhook::{Deliver, Delivered, Prepared, Undelivered};
use ceap_kernel::{Fault, TenantId};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

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
