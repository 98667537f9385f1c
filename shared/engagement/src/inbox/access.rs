//! Who may open an inbox: the tenant's own people and systems that may read customers, and whoever
//! holds a token for that one inbox, which the tenant's server has issued for its app.

use crate::link::{self, Allows, KEY, Signer};
use crate::secret::Secrets;
use crate::window::Span;
use ceap_kernel::access::Principal;
use ceap_kernel::{Fault, SignedDuration, SubjectId, TenantId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long a token is good, unless another time is asked for.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// How long a token is good at most. It cannot be taken back one by one.
const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Someone with a credential of the tenant.
    Member(Principal),
    /// Someone with a token for one inbox.
    Owner {
        /// Of which tenant.
        tenant: TenantId,
        /// Whose inbox.
        subject: SubjectId,
    },
}

impl Holder {
    /// The holder of an inbox's token. `claimed` is the tenant that the caller says it acts for, if
    /// it does.
    ///
    /// # Errors
    /// `Unauthorized` when the token is none, was changed or is over; `Forbidden` when it is another
    /// tenant's than `claimed`; `Unavailable` or `Throttled`.
    pub async fn of(
        token: &str,
        claimed: Option<&str>,
        secrets: &impl Secrets,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let bad = || {
            Fault::Unauthorized(
                "the inbox token is not valid, or no longer; issue another one".to_owned(),
            )
        };
        let tenant = link::tenant(token).map_err(|_| bad())?;
        let key = match secrets.get(&tenant, KEY).await {
            Ok(key) => key,
            Err(Fault::NotFound(_)) => return Err(bad()),
            Err(fault) => return Err(fault),
        };
        // A token for something else, an unsubscribe link's, opens no inbox.
        let Ok(Allows::Inbox { subject, .. }) = Signer::new(tenant.clone(), key).read(token, now)
        else {
            return Err(bad());
        };
        match claimed {
            Some(claimed) if claimed != tenant.as_str() => Err(Fault::Forbidden(
                "the inbox token belongs to another tenant than X-Ceap-Tenant names".to_owned(),
            )),
            _ => Ok(Self::Owner { tenant, subject }),
        }
    }

    /// The tenant, if the holder may open the inbox of `subject`.
    ///
    /// # Errors
    /// `Forbidden` when it may not.
    pub fn opens(&self, subject: &SubjectId) -> Result<&TenantId, Fault> {
        match self {
            Self::Member(principal) if principal.role.may_read_customers() => Ok(&principal.tenant),
            Self::Owner { tenant, subject: own } if own == subject => Ok(tenant),
            Self::Member(_) => {
                Err(Fault::Forbidden("the credential's role does not allow this".to_owned()))
            }
            Self::Owner { .. } => {
                Err(Fault::Forbidden("the token is for another subject's inbox".to_owned()))
            }
        }
    }

    /// The tenant, if the holder may issue tokens.
    ///
    /// # Errors
    /// `Forbidden` when it may not: a token never makes another one.
    pub fn issues(&self) -> Result<&TenantId, Fault> {
        match self {
            Self::Member(principal) if principal.role.may_send() => Ok(&principal.tenant),
            _ => Err(Fault::Forbidden(
                "only an administrator's credential issues inbox tokens".to_owned(),
            )),
        }
    }
}

/// What is asked when a token is issued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InboxTokenRequest")]
pub struct Issue {
    /// For how long: 24 hours by default, 30 days at most.
    #[serde(default)]
    pub expires_in: Option<Span>,
}

/// A token, and until when it is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "InboxToken")]
pub struct Token {
    /// For the app: `Authorization: Bearer …`.
    pub token: String,
    /// From then on it is good for nothing.
    pub expires_at: Timestamp,
}

/// Issues a token for the inbox of `subject`.
///
/// # Errors
/// `Invalid`, naming the field; `NotFound` when the tenant has no key to sign with; `Unavailable` or
/// `Throttled`.
pub async fn issue(
    tenant: &TenantId,
    subject: &SubjectId,
    asked: Issue,
    secrets: &impl Secrets,
    now: Timestamp,
) -> Result<Token, Fault> {
    let lifetime = asked.expires_in.map_or(LIFETIME, Span::duration);
    if lifetime > LONGEST {
        return Err(Fault::invalid("expires_in", "must be at most 30d"));
    }
    let key = secrets.get(tenant, KEY).await.map_err(|fault| match fault {
        Fault::NotFound(_) => Fault::NotFound(format!(
            "the tenant has no secret `{KEY}` to sign tokens with; keep one of 32 random bytes"
        )),
        other => other,
    })?;
    let expires = now.as_second().saturating_add(lifetime.as_secs());
    let signer = Signer::new(tenant.clone(), key);
    let token = signer.token(&Allows::Inbox { subject: subject.clone(), expires })?;
    let expires_at = Timestamp::from_second(expires).unwrap_or(Timestamp::MAX);
    Ok(Token { token, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use ceap_kernel::access::Role;

    /// Every tenant's key is its own name, but `keyless` has none and `down` cannot be asked.
    struct Keys;

    impl Secrets for Keys {
        async fn get(&self, tenant: &TenantId, name: &str) -> Result<Secret, Fault> {
            assert_eq!(name, "link_key");
            match tenant.as_str() {
                "keyless" => Err(Fault::NotFound("there is no secret".to_owned())),
                "down" => Err(Fault::Unavailable("Decrypt: no answer".to_owned())),
                name => Ok(Secret::new(name)),
            }
        }
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::new(name).unwrap()
    }

    fn subject(name: &str) -> SubjectId {
        SubjectId::new(name).unwrap()
    }

    fn now() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn lasting(text: &str) -> Issue {
        Issue { expires_in: Some(Span::try_from(text.to_owned()).unwrap()) }
    }

    async fn token(asked: Issue) -> Token {
        issue(&tenant("acme"), &subject("u1"), asked, &Keys, now()).await.unwrap()
    }

    #[tokio::test]
    async fn a_token_opens_the_inbox_that_it_is_for_and_no_other() {
        let Token { token, expires_at } = token(Issue::default()).await;
        assert_eq!(expires_at, now() + SignedDuration::from_hours(24));
        let holder = Holder::of(&token, Some("acme"), &Keys, now()).await.unwrap();
        assert_eq!(holder.opens(&subject("u1")), Ok(&tenant("acme")));
        assert!(matches!(holder.opens(&subject("u2")), Err(Fault::Forbidden(_))));
        assert!(matches!(holder.issues(), Err(Fault::Forbidden(_))));
        let other = Holder::of(&token, Some("globex"), &Keys, now()).await;
        assert!(matches!(other, Err(Fault::Forbidden(_))), "{other:?}");
    }

    #[tokio::test]
    async fn what_is_no_token_any_more_opens_nothing() {
        let Token { token: good, expires_at } = token(lasting("1h")).await;
        let forged = good.replacen("acme", "globex", 1);
        let stripped = good.rsplit_once('.').unwrap().0.to_owned();
        let link = Signer::new(tenant("acme"), Secret::new("acme"))
            .token(&Allows::Preferences { subject: subject("u1") })
            .unwrap();
        let keyless = good.replacen("acme", "keyless", 1);
        for bad in [forged, stripped, link, keyless, String::new(), "a b.c".to_owned(), "..".into()]
        {
            let holder = Holder::of(&bad, None, &Keys, now()).await;
            assert!(matches!(holder, Err(Fault::Unauthorized(_))), "{bad}: {holder:?}");
        }
        let over = Holder::of(&good, None, &Keys, expires_at).await;
        assert!(matches!(over, Err(Fault::Unauthorized(_))), "{over:?}");
        let down = Holder::of(&good.replacen("acme", "down", 1), None, &Keys, now()).await;
        assert!(matches!(down, Err(Fault::Unavailable(_))), "{down:?}");
    }

    #[tokio::test]
    async fn a_token_lasts_as_long_as_is_asked_and_allowed() {
        let month = token(lasting("30d")).await;
        assert_eq!(month.expires_at, now() + SignedDuration::from_hours(720));
        let asked = lasting("31d");
        let longer = issue(&tenant("acme"), &subject("u1"), asked, &Keys, now()).await;
        assert!(longer.unwrap_err().to_string().starts_with("expires_in: "));
        let none = issue(&tenant("keyless"), &subject("u1"), lasting("1h"), &Keys, now()).await;
        assert!(matches!(none, Err(Fault::NotFound(why)) if why.contains("link_key")));
    }

    #[test]
    fn roles_open_and_issue_as_they_may() {
        let member = |role| {
            Holder::Member(Principal { tenant: tenant("acme"), role, email: None, source: None })
        };
        let opens = |role| member(role).opens(&subject("u1")).is_ok();
        let issues = |role| member(role).issues().is_ok();
        assert!([Role::Admin, Role::TeamLead, Role::Agent].into_iter().all(opens));
        assert!(![Role::EndUser, Role::Source].into_iter().any(opens));
        assert!(issues(Role::Admin));
        assert!(
            ![Role::TeamLead, Role::Agent, Role::EndUser, Role::Source].into_iter().any(issues)
        );
    }
}
