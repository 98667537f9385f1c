//! Tickets that are held back, because nobody knows whether they are wanted: an agent lets them in or drops them.

mod blocklist;

pub use blocklist::{Verdict, judge};

use crate::api::{Call, Refused};
use crate::ids::{BrandId, RecordId, UserId};
use crate::record::{Changes, Home, Kind, Record};
use crate::ticket::Via;
use ceap_kernel::{Fault, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a suspended ticket is kept: Zendesk's fourteen days.
const KEPT_SECONDS: i64 = 14 * 24 * 60 * 60;

/// A ticket that is held back
/// ([suspended tickets](https://developer.zendesk.com/api-reference/ticketing/tickets/suspended_tickets/)).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspendedTicket {
    /// Its id, which is no ticket's.
    pub id: RecordId,
    /// When it came.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// What it is about.
    pub subject: Option<String>,
    /// What it says.
    pub content: String,
    /// Why it is held back.
    pub cause: Cause,
    /// The id of the email, if it is one.
    pub message_id: Option<String>,
    /// The address of ours that it was sent to.
    pub recipient: Option<String>,
    /// The brand that was asked.
    pub brand_id: Option<BrandId>,
    /// By what way it came.
    pub via: Via,
}

/// Who wrote a suspended ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Their id, if they are known.
    pub id: Option<UserId>,
    /// Their name, as they say.
    pub name: String,
    /// Their address, as they say.
    pub email: String,
}

/// Why a ticket is held back
/// ([causes](https://support.zendesk.com/hc/en-us/articles/4408828108442)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its address is on the account's blocklist.
    Blocklisted,
    /// Its requester may not sign in.
    SuspendedUser,
    /// It looks like spam.
    Spam,
}

impl Cause {
    /// In words, as agents read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocklisted => "Blocked by the account's blocklist",
            Self::SuspendedUser => "Submitted by a suspended user",
            Self::Spam => "Detected as spam",
        }
    }

    /// Its number.
    #[must_use]
    pub const fn id(self) -> u32 {
        match self {
            Self::Spam => 0,
            Self::Blocklisted => 9,
            Self::SuspendedUser => 16,
        }
    }
}

impl Record for SuspendedTicket {
    const KIND: Kind = Kind {
        name: "SUSPENDED_TICKET",
        singular: "suspended_ticket",
        plural: "suspended_tickets",
        home: Home::Few,
    };

    fn id(&self) -> u64 {
        self.id.get()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        let at = self.created_at.as_second().saturating_add(KEPT_SECONDS);
        Timestamp::from_second(at).ok()
    }
}

/// What is known of a ticket that is to be held back.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Who wrote it.
    pub author: Author,
    /// What it is about.
    pub subject: Option<String>,
    /// What it says.
    pub content: String,
    /// Why it is held back.
    pub cause: Cause,
    /// The address of ours that it was sent to.
    pub recipient: Option<String>,
    /// The brand that was asked.
    pub brand_id: Option<BrandId>,
    /// By what way it came.
    pub via: Via,
}

/// Holds a ticket back.
///
/// # Errors
/// `Unavailable` or `Throttled`: then it is not.
pub async fn suspend(call: &Call<'_>, held: Held) -> Result<SuspendedTicket, Refused> {
    let suspended = made(call, held)?;
    let mut changes = Changes::new();
    changes.create(&suspended)?;
    call.commit(changes).await?;
    Ok(suspended)
}

fn made(call: &Call<'_>, held: Held) -> Result<SuspendedTicket, Fault> {
    let Held { author, subject, content, cause, recipient, brand_id, via } = held;
    Ok(SuspendedTicket {
        id: RecordId::fresh(call)?,
        created_at: call.at,
        updated_at: call.at,
        author,
        subject,
        content,
        cause,
        message_id: None,
        recipient,
        brand_id,
        via,
    })
}
