//! What a request shows of who makes it, and whose account that leads to.

use super::ask::Ask;
use super::call::Desk;
use super::refused::Refused;
use crate::access::credential::Shown;
use crate::access::sign_in::Verified;
use ceap_kernel::TenantId;
use ceap_kernel::access::Credential;

/// Who makes a request, as far as that is known before anything was read of their account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Somebody who shows nothing.
    Anyone,
    /// The holder of a token, and whom it acts for, where it says so.
    Token(Credential, Option<String>),
    /// Somebody who signed in, with the address that is known to be theirs.
    Person(Verified, String),
}

impl Caller {
    /// Reads what a request shows.
    ///
    /// # Errors
    /// 401 if it is no token, or one of a person that is not good; 503 if that cannot be known.
    pub async fn read(desk: &Desk<'_>, ask: &Ask) -> Result<Self, Refused> {
        Ok(match ask.header("authorization").map(Shown::read).transpose()? {
            None => Self::Anyone,
            Some(Shown::Token(token, email)) => Self::Token(token, email),
            Some(Shown::SignedIn(token)) => {
                let person = desk.sign_in.verify(&token).await?;
                let address = person.address().ok_or(Refused::Unknown)?.to_owned();
                Self::Person(person, address)
            }
        })
    }

    /// Whose account it is: what is shown says so, or, of who shows nothing, a header or the query.
    ///
    /// # Errors
    /// 403 if the header contradicts; 401 if nothing says so.
    pub async fn tenant(&self, desk: &Desk<'_>, ask: &Ask) -> Result<TenantId, Refused> {
        let own = match self {
            Self::Anyone => None,
            Self::Token(token, _) => Some(token.tenant.clone()),
            Self::Person(person, _) => {
                Some(desk.clients.tenant(desk.platform, &person.client).await?)
            }
        };
        let claimed = ask.header("x-ceap-tenant").or_else(|| ask.query("tenant"));
        match (own, claimed) {
            (Some(own), Some(claimed)) if own.as_str() != claimed => Err(Refused::Forbidden),
            (Some(own), _) => Ok(own),
            (None, Some(claimed)) => TenantId::new(claimed).map_err(|_| Refused::Unknown),
            (None, None) => Err(Refused::Unknown),
        }
    }

    /// What their requests are counted by.
    pub fn counted_by(&self) -> String {
        match self {
            Self::Anyone => "anyone".to_owned(),
            Self::Token(token, _) => token.fingerprint(),
            Self::Person(person, _) => person.fingerprint(),
        }
    }
}
