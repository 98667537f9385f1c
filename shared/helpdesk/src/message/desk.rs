//! A helpdesk of nothing but its records: all that messages need.

use super::{Message, take};
use crate::access::credential::Platform;
use crate::access::sign_in::{Clients, SignIn, Verified};
use crate::account::Remembered;
use crate::api::{Desk, Refused};
use crate::file::{Files, Stored};
use crate::ids::TicketId;
use crate::presence::{Connections, Posted};
use crate::search::Recent;
use crate::search::index::{Index, Opened};
use crate::secret::Secrets;
use crate::store::{Soon, Store};
use crate::webhook::{Deliver, Delivered, Prepared, Undelivered};
use ceap_kernel::access::{Principal, SignInClient};
use ceap_kernel::{Clock, Fault, TenantId};

/// Where messages are handed in.
pub struct Counter {
    /// The records.
    pub store: Box<dyn Store>,
    /// What accounts are set up with, as last read.
    pub accounts: Remembered,
    /// The time.
    pub clock: Box<dyn Clock>,
    /// 256 random bits.
    pub random: Box<dyn Fn() -> [u8; 32]>,
}

impl Counter {
    /// Takes a message: see [`take`].
    ///
    /// # Errors
    /// As there.
    pub async fn take(&self, tenant: &TenantId, message: &Message) -> Result<TicketId, Refused> {
        let (clients, recent) = (Clients::default(), Recent::default());
        let desk = Desk {
            store: &*self.store,
            accounts: &self.accounts,
            platform: &Nothing,
            sign_in: &Nothing,
            clients: &clients,
            ceiling: &crate::api::NoCeiling,
            clock: &*self.clock,
            files: &Nothing,
            secrets: &Nothing,
            deliver: &Nothing,
            index: &Nothing,
            recent: &recent,
            connections: &Nothing,
            random: &*self.random,
        };
        Box::pin(take(&desk, tenant, message)).await
    }
}

/// What messages never ask for: whoever does is told that it is not there.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

fn nothing<'a, T: 'a>() -> Soon<'a, Result<T, Fault>> {
    Box::pin(async { Err(Fault::Internal("a message asks for records only".to_owned())) })
}

impl Platform for Nothing {
    fn principal<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>> {
        nothing()
    }

    fn client<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Option<SignInClient>, Fault>> {
        nothing()
    }
}

impl SignIn for Nothing {
    fn verify<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Verified, Fault>> {
        nothing()
    }
}

impl Files for Nothing {
    fn put<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
        _: &'a str,
        _: Vec<u8>,
    ) -> Soon<'a, Result<(), Fault>> {
        nothing()
    }

    fn upload<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
        _: &'a str,
        _: u64,
    ) -> Soon<'a, Result<String, Fault>> {
        nothing()
    }

    fn download<'a>(
        &'a self,
        _: &'a TenantId,
        _: &'a str,
        _: &'a str,
        _: &'a str,
    ) -> Soon<'a, Result<String, Fault>> {
        nothing()
    }

    fn look<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Soon<'a, Result<Option<Stored>, Fault>> {
        nothing()
    }

    fn delete<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Soon<'a, Result<(), Fault>> {
        nothing()
    }
}

impl Secrets for Nothing {
    fn get<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Soon<'a, Result<Option<String>, Fault>> {
        nothing()
    }

    fn keep<'a>(&'a self, _: &'a TenantId, _: &'a str, _: &'a str) -> Soon<'a, Result<(), Fault>> {
        nothing()
    }

    fn forget<'a>(&'a self, _: &'a TenantId, _: &'a str) -> Soon<'a, Result<(), Fault>> {
        nothing()
    }
}

impl Index for Nothing {
    fn open<'a>(&'a self, _: &'a TenantId) -> Soon<'a, Result<Box<dyn Opened>, Fault>> {
        nothing()
    }
}

impl Deliver for Nothing {
    fn deliver<'a>(
        &'a self,
        _: &'a Prepared,
    ) -> Soon<'a, Result<Result<Delivered, Undelivered>, Fault>> {
        nothing()
    }
}

impl Connections for Nothing {
    fn url(&self) -> &str {
        ""
    }

    fn post<'a>(&'a self, _: &'a str, _: &'a str) -> Soon<'a, Result<Posted, Fault>> {
        nothing()
    }
}
