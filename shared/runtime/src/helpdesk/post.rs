//! What the helpdesk writes to people: invitations, by which they show that an address is theirs, and what was said on
//! tickets that they follow. Both are messages, through the same gates as any other.

use crate::desk::MessageDesk;
use ceap_aws::dynamodb::SecretStore;
use ceap_engagement::link::Links;
use ceap_engagement::pipeline::request::Request;
use ceap_engagement::preferences::words::{Language, Words};
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::ids::UserId;
use ceap_helpdesk::satisfaction::Surveys;
use ceap_helpdesk::store::{Soon, Store};
use ceap_helpdesk::ticket::letter::{Leads, Letter, Notice, Text, letters};
use ceap_helpdesk::user::{Invitation, Invited, Verification};
use ceap_kernel::access::Credential;
use ceap_kernel::{Clock, Fault, SystemClock, Tally, TenantId};
use futures::future::try_join_all;
use serde_json::{Value, json};

/// The page that the link of an invitation opens.
const PAGE: &str = "verifications";

/// The page that the link of a survey opens.
const SURVEY: &str = "satisfaction";

/// Writes to people.
pub(super) struct Post {
    /// Sends messages.
    pub desk: MessageDesk,
    /// What links are made with.
    pub links: Links<SecretStore>,
    /// Where the helpdesk is.
    pub base: String,
}

impl Post {
    /// Invites somebody, if they and their address are still there. Under the same `id` they get one message.
    pub async fn invite(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
        id: &str,
        invitation: &Invitation,
    ) -> Result<Tally, Fault> {
        let Some(invited) = invitation.invited(store, tenant).await? else {
            return Ok(Tally::default());
        };
        let key = format!("invitation/{id}");
        let secret = self.links.signer(tenant).await?.secret(&key)?;
        let token = Credential::generate(tenant.clone(), &secret);
        let address = (invitation, &*invited.email);
        if !Verification::begin(store, &token, address, SystemClock.now()).await? {
            return Ok(Tally::default());
        }
        let link = self.links.url(PAGE, &token.reveal());
        self.send(tenant, &key, inviting(invitation.user_id, &invited, &link)).await
    }

    /// Writes to those whom an update of a ticket told; once to each, however often this is done.
    pub async fn notify(
        &self,
        (store, accounts): (&dyn Store, &Remembered),
        tenant: &TenantId,
        notice: &Notice,
    ) -> Result<Tally, Fault> {
        let leads = Leads { base: &self.base, surveys: self };
        let letters = letters(store, accounts, tenant, notice, leads).await?;
        let sent = letters
            .iter()
            .map(async |letter| self.send(tenant, &letter.key, telling(letter)).await);
        let mut all = Tally::default();
        for tally in try_join_all(sent).await? {
            all.merge(tally);
        }
        Ok(all)
    }

    /// Sends a message. To an address that no mail can go to there is none, now or later; and what went out before under
    /// its key, when somebody had another name, does not go again.
    async fn send(&self, tenant: &TenantId, key: &str, message: Value) -> Result<Tally, Fault> {
        let request: Request = serde_json::from_value(message)
            .map_err(|error| Fault::Internal(format!("a letter is no request: {error}")))?;
        match self.desk.send(tenant, key, &request).await {
            Ok((_, tally)) => Ok(tally),
            Err(Fault::Invalid { field, .. }) if field == "to" => Ok(Tally::default()),
            Err(Fault::Conflict(_)) if self.desk.went(tenant, key).await? => Ok(Tally::default()),
            Err(fault) => Err(fault),
        }
    }
}

/// Links of surveys are signed with the key that all links of a tenant are.
impl Surveys for Post {
    fn secret<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<[u8; 32], Fault>> {
        Box::pin(async move { self.links.signer(tenant).await?.secret(name) })
    }

    fn url(&self, token: &str) -> String {
        self.links.url(SURVEY, token)
    }
}

fn words(locale: &str) -> &'static Words {
    Language::of(locale).unwrap_or(Language::English).words()
}

fn inviting(user_id: UserId, invited: &Invited, link: &str) -> Value {
    let words = words(&invited.locale);
    json!({
        "subject": format!("user-{user_id}"),
        "channel": "email",
        "to": invited.email,
        "purpose": "transactional",
        "content": {
            "subject": words.verify_subject, "text": words.verify_text, "html": words.verify_html,
        },
        "data": {"name": invited.name, "url": link},
        "expires_in": "7d",
    })
}

fn telling(letter: &Letter) -> Value {
    let words = words(&letter.locale);
    // What is told is data, never a template.
    let (content, data) = match &letter.text {
        Text::Said { mentioned, title, author, text } => (
            json!({"subject": words.notice_subject, "text": words.notice_text}),
            json!({"ticket": letter.ticket_id, "title": title, "author": author, "text": text,
                "mentioned": mentioned}),
        ),
        Text::Ruled { subject, text } => (
            json!({"subject": "{{ data.title }}", "text": "{{ data.text }}"}),
            json!({"ticket": letter.ticket_id, "title": subject, "text": text}),
        ),
    };
    json!({
        "subject": letter.subject,
        "channel": "email",
        "to": letter.email,
        "purpose": "transactional",
        "content": content,
        "data": data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_helpdesk::ids::TicketId;
    use rstest::rstest;

    fn request(said: &Value) -> Request {
        serde_json::from_value(said.clone()).unwrap()
    }

    #[rstest]
    #[case("de-CH", "Bitte bestätigen Sie Ihre Adresse")]
    #[case("fr", "Please confirm your address")]
    fn an_invitation_is_a_message_that_can_be_sent(#[case] locale: &str, #[case] subject: &str) {
        let invited = Invited {
            name: "Ada <b>".to_owned(),
            locale: locale.to_owned(),
            email: "ada@x.example".to_owned(),
        };
        let said =
            inviting(UserId::new(7).unwrap(), &invited, "https://x.example/v1/verifications/t");
        assert_eq!(request(&said).to.as_deref(), Some("ada@x.example"));
        assert_eq!(said["content"]["subject"], subject);
    }

    #[test]
    fn so_is_what_was_said_on_a_ticket() {
        let letter = Letter {
            user_id: UserId::new(7).unwrap(),
            subject: "u-7".to_owned(),
            email: "ada@x.example".to_owned(),
            locale: "de".to_owned(),
            ticket_id: TicketId::new(35).unwrap(),
            key: String::new(),
            text: Text::Said {
                mentioned: true,
                title: "Fire {{ data.text }}".to_owned(),
                author: "Bo".to_owned(),
                text: "It {{ burns }}.".to_owned(),
            },
        };
        let ruled = Letter {
            text: Text::Ruled { subject: "S".to_owned(), text: "It {{ burns }}.".to_owned() },
            ..letter.clone()
        };
        for letter in [letter, ruled] {
            let said = telling(&letter);
            let request = request(&said);
            assert_eq!((request.subject.as_str(), &request.data["ticket"]), ("u-7", &json!(35)));
            let content = said["content"].to_string();
            assert!(!content.contains("burns"), "what people say is no template");
        }
    }
}
