//! Invitations: mail with a link, by which people show that an address is theirs.

use crate::desk::MessageDesk;
use ceap_engagement::pipeline::request::Request;
use ceap_engagement::preferences::words::Language;
use ceap_helpdesk::store::Store;
use ceap_helpdesk::user::{Invitation, Verification};
use ceap_kernel::access::Credential;
use ceap_kernel::{Clock, Fault, SystemClock, Tally, TenantId};
use serde_json::{Value, json};

/// The page that the link opens.
const PAGE: &str = "/v1/verifications/";

/// Sends invitations, through the same gates as any other message.
pub(super) struct Inviter {
    /// Sends messages.
    pub desk: MessageDesk,
    /// Where people reach the API.
    pub public_url: String,
}

impl Inviter {
    /// Invites somebody. Under the same `id` they get one message.
    pub async fn invite(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
        id: &str,
        invitation: &Invitation,
    ) -> Result<Tally, Fault> {
        let token = Credential::generate(tenant.clone(), &crate::random());
        Verification::begin(store, &token, invitation, SystemClock.now()).await?;
        let link = format!("{}{PAGE}{}", self.public_url, token.reveal());
        let request: Request = serde_json::from_value(message(invitation, &link))
            .map_err(|error| Fault::Internal(format!("an invitation is no request: {error}")))?;
        let (_, tally) = self.desk.serve(tenant, &format!("invitation/{id}"), &request).await?;
        Ok(tally)
    }
}

fn message(invitation: &Invitation, link: &str) -> Value {
    let words = Language::of(&invitation.locale).unwrap_or(Language::English).words();
    json!({
        "subject": format!("user-{}", invitation.user_id),
        "channel": "email",
        "to": invitation.email,
        "purpose": "transactional",
        "content": {
            "subject": words.verify_subject, "text": words.verify_text, "html": words.verify_html,
        },
        "data": {"name": invitation.name, "url": link},
        "expires_in": "7d",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_helpdesk::ids::{IdentityId, UserId};

    #[test]
    fn it_is_a_message_that_can_be_sent() {
        for (locale, subject) in
            [("de-CH", "Bitte bestätigen Sie Ihre Adresse"), ("fr", "Please confirm your address")]
        {
            let invitation = Invitation {
                user_id: UserId::new(7).unwrap(),
                name: "Ada <b>".to_owned(),
                locale: locale.to_owned(),
                identity_id: IdentityId::new(8).unwrap(),
                email: "ada@x.example".to_owned(),
            };
            let said = message(&invitation, "https://x.example/v1/verifications/t");
            let request: Request = serde_json::from_value(said.clone()).unwrap();
            assert_eq!(
                (request.to.as_deref(), &said["content"]["subject"]),
                (Some("ada@x.example"), &json!(subject))
            );
        }
    }
}
