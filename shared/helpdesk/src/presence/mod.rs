//! Who else views or edits a ticket, told live to the agents who do (collision detection).
//!
//! An agent's client keeps a connection to the WebSocket API and says over it which tickets it shows. Whoever watches a
//! ticket is told who does, whenever that changes, and that the ticket was changed. Nothing is told that who watches may
//! not see by then: each time, people and the ticket are read and the policies asked anew.
//!
//! What is kept of it expires, and whoever is gone without a word is found out by the next message to them: so that
//! nobody is shown at a ticket for long whom a crash has left there.

mod connect;
mod hear;
mod message;
mod place;
mod session;
mod tell;

pub use connect::connect;
pub use session::{SESSION, begin};

use crate::account::Remembered;
use crate::api::Desk;
use crate::ids::TicketId;
use crate::store::{Soon, Store};
use crate::ticket::Audit;
use ceap_kernel::{Clock, Fault, TenantId};
use tell::News;

/// Posts to connections of the WebSocket API.
pub trait Connections {
    /// Where clients connect, `wss://…`.
    fn url(&self) -> &str;

    /// Sends a text to a connection. A text that comes twice does no harm.
    fn post<'a>(&'a self, connection: &'a str, text: &'a str) -> Soon<'a, Result<Posted, Fault>>;
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It was sent.
    Sent,
    /// There is no such connection any more.
    Gone,
}

/// What presence needs to reach.
#[derive(Clone, Copy)]
pub struct Live<'a> {
    /// The helpdesk's records, and what is kept of connections.
    pub store: &'a dyn Store,
    /// What accounts are set up with, as last read.
    pub accounts: &'a Remembered,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Those who are connected.
    pub connections: &'a dyn Connections,
}

impl<'a> Live<'a> {
    /// What a desk reaches of it.
    #[must_use]
    pub fn of(desk: &Desk<'a>) -> Self {
        let Desk { store, accounts, clock, connections, .. } = *desk;
        Self { store, accounts, clock, connections }
    }

    /// Tells those who watch that tickets were changed, as these audits have it. Imports are the past: nobody works on
    /// what they bring.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`, after everybody was told who could be.
    pub async fn changed(&self, tenant: &TenantId, audits: &[Audit]) -> Result<(), Fault> {
        let told = audits.iter().filter(|audit| !audit.imported);
        let news = told.map(|audit| (audit.ticket_id, News::Updated { by: audit.author_id }));
        self.tell(tenant, news.collect(), None).await
    }

    /// Tells those who watch who does.
    async fn show(
        &self,
        tenant: &TenantId,
        tickets: impl IntoIterator<Item = TicketId>,
    ) -> Result<(), Fault> {
        let news = tickets.into_iter().map(|ticket| (ticket, News::Presence));
        self.tell(tenant, news.collect(), None).await
    }
}
