//! What a function does not reach: its policy does not let it, and none of its routes asks for it.

use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::file::{Files, Stored};
use ceap_helpdesk::presence::{Connections, Posted};
use ceap_helpdesk::search::index::{Index, Opened};
use ceap_helpdesk::secret::Secrets;
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::webhook::{Deliver, Delivered, Prepared, Undelivered};
use ceap_kernel::access::{Principal, SignInClient};
use ceap_kernel::{Fault, TenantId};

/// Nothing.
pub(super) struct Unreached;

type Never<'a, T> = Soon<'a, Result<T, Fault>>;

fn never<'a, T: 'a>(what: &str) -> Never<'a, T> {
    let fault = Fault::Internal(format!("this function reaches no {what}"));
    Box::pin(async { Err(fault) })
}

impl Platform for Unreached {
    fn principal<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Never<'a, Option<Principal>> {
        never("credentials")
    }

    fn client<'a>(&'a self, _: &'a str) -> Never<'a, Option<SignInClient>> {
        never("credentials")
    }
}

impl Secrets for Unreached {
    fn get<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Never<'a, Option<String>> {
        never("secrets")
    }

    fn keep<'a>(&'a self, _: &'a TenantId, _: &'a str, _: &'a str) -> Never<'a, ()> {
        never("secrets")
    }

    fn forget<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Never<'a, ()> {
        never("secrets")
    }
}

impl Files for Unreached {
    fn put<'a>(&'a self, _: &'a TenantId, _: &'a str, _: &'a str, _: Vec<u8>) -> Never<'a, ()> {
        never("files")
    }

    fn upload<'a>(&'a self, _: &'a TenantId, _: &'a str, _: &'a str, _: u64) -> Never<'a, String> {
        never("files")
    }

    fn keep<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Never<'a, ()> {
        never("files")
    }

    fn download<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
        _: &'a str,
        _: &'a str,
    ) -> Never<'a, String> {
        never("files")
    }

    fn look<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Never<'a, Option<Stored>> {
        never("files")
    }

    fn delete<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Never<'a, ()> {
        never("files")
    }
}

impl Index for Unreached {
    fn open<'a>(&'a self, _: &'a TenantId) -> Never<'a, Box<dyn Opened>> {
        never("search index")
    }
}

impl Deliver for Unreached {
    fn deliver<'a>(&'a self, _: &'a Prepared) -> Never<'a, Result<Delivered, Undelivered>> {
        never("webhooks")
    }
}

impl Connections for Unreached {
    fn url(&self) -> &str {
        ""
    }

    fn post<'a>(&'a self, _: &'a str, _: &'a str) -> Never<'a, Posted> {
        never("connections")
    }
}
