//! The inbox of the tenant's own app or site, which the platform keeps itself: the app reads it over
//! the API (`functions/platform/inbox`).

use crate::Channel;
use ceap_engagement::inbox::{Inbox, Notification};
use ceap_engagement::message::{Content, Dispatch, State};
use ceap_engagement::message_log::MessageLog;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::profile::Profile;
use ceap_kernel::{Fault, SignedDuration, SubjectId};

/// How long a message stays in an inbox, unless it says so itself.
const WORTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Bytes of a title, and of a text: what a list of notifications shows.
const TITLE: usize = 256;
const TEXT: usize = 4096;

/// Bytes of HTML.
const HTML: usize = 16 * 1024;

/// Bytes of a link: what browsers and apps take for sure.
const LINK: usize = 2048;

/// In-app inboxes.
#[derive(Debug)]
pub struct InApp;

impl Channel for InApp {
    fn name(&self) -> &'static str {
        "in-app"
    }

    /// Every subject has an inbox, known by the subject itself.
    fn addresses(&self, subject: &SubjectId, _profile: &Profile) -> Vec<String> {
        vec![subject.to_string()]
    }

    fn reaches(&self, to: &str) -> bool {
        SubjectId::new(to).is_ok()
    }

    fn worth(&self) -> SignedDuration {
        WORTH
    }

    /// A page of the API is as long as what its notifications hold, so each is bounded.
    fn limit(&self, content: &Content) -> Result<(), String> {
        let parts = [
            ("subject", content.subject.as_deref(), TITLE),
            ("text", Some(content.text.as_str()), TEXT),
            ("html", content.html.as_deref(), HTML),
            ("link", content.link.as_deref(), LINK),
        ];
        for (part, value, most) in parts {
            if value.is_some_and(|value| value.len() > most) {
                return Err(format!("{part}: longer than {most} bytes in an inbox; shorten it"));
            }
        }
        let said = [&content.subject, &content.html].into_iter().flatten();
        if said.chain([&content.text]).all(|part| part.trim().is_empty()) {
            return Err(
                "text: empty, and so are subject and html; an inbox shows nothing".to_owned()
            );
        }
        Ok(())
    }
}

/// Puts messages into inboxes.
///
/// A notification's id derives from its message and the instant that this was claimed, both of which
/// stay, so that putting it twice is putting it once.
#[derive(Debug, Clone)]
pub struct Inboxes<I, L> {
    /// The inboxes.
    pub inbox: I,
    /// Records of messages.
    pub log: L,
}

impl<I: Inbox, L: MessageLog> Provider for Inboxes<I, L> {
    const REPEATABLE: bool = true;

    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let Dispatch { tenant, subject, id, .. } = dispatch;
        let record = self.log.record(tenant, id).await.map_err(|fault| not_put(&fault))?;
        let record =
            record.ok_or_else(|| SendError::Refused("the message has no record".to_owned()))?;
        // Not the instant of what it is about: what was held back over night is new in the morning.
        let queued = record.history.get(State::Queued.as_str()).copied();
        let notification = Notification::of(dispatch, queued.unwrap_or_else(|| record.began()));
        let put = self.inbox.put(tenant, subject, &notification).await;
        put.map(|_| Accepted::delivered(notification.id.as_str())).map_err(|fault| not_put(&fault))
    }
}

/// What the store cannot take now it may take later; what it never takes would come for a day.
fn not_put(fault: &Fault) -> SendError {
    if fault.retryable() {
        SendError::throttled(fault.code())
    } else {
        SendError::Refused(fault.code().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channels, server};
    use ceap_engagement::inbox::CHANNEL;
    use ceap_engagement::inbox::{Mark, Wanted};
    use ceap_engagement::message::{Claims, Record};
    use ceap_engagement::pipeline::aftermath::Aftermath;
    use ceap_engagement::pipeline::gates::Addresses;
    use ceap_engagement::pipeline::send::{Disposal, Sender};
    use ceap_kernel::Metric;
    use ceap_testkit::builders::{after_noon, noon};
    use ceap_testkit::{Strike, World};
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({"text": "Hello"}), Ok(()))]
    #[case(json!({"subject": "Hello", "text": ""}), Ok(()))]
    #[case(json!({"subject": "x".repeat(256), "text": "x".repeat(4096)}), Ok(()))]
    #[case(json!({"subject": " ", "text": ""}), Err("text: "))]
    #[case(json!({"subject": "x".repeat(257), "text": "a"}), Err("subject: "))]
    #[case(json!({"text": "ü".repeat(2049)}), Err("text: "))]
    #[case(json!({"text": "a", "html": "x".repeat(16_385)}), Err("html: "))]
    #[case(json!({"text": "a", "link": "x".repeat(2049)}), Err("link: "))]
    fn limits(#[case] content: serde_json::Value, #[case] expected: Result<(), &str>) {
        let content: Content = serde_json::from_value(content).unwrap();
        match (Channels.limit(CHANNEL, &content), expected) {
            (Ok(()), Ok(())) => {}
            (Err(said), Err(part)) => assert!(said.starts_with(part), "{said}"),
            (got, _) => panic!("{got:?}"),
        }
    }

    #[test]
    fn everyone_has_an_inbox_and_only_one() {
        let subject = SubjectId::new("u1").unwrap();
        assert_eq!(Channels.addresses(CHANNEL, &subject, &Profile::default()), ["u1"]);
        assert!(Channels.reaches(CHANNEL, "u1"));
        assert!(["", " ", "a\nb"].iter().all(|to| !Channels.reaches(CHANNEL, to)));
    }

    /// A world at noon, with a message claimed a minute before; and its sender.
    async fn queued()
    -> (World, Dispatch, Sender<World, Inboxes<World, World>, impl Aftermath, World>) {
        let world = World::new(noon());
        let dispatch = server::dispatch(CHANNEL, "customer-1");
        let dispatch = Dispatch { expires_at: after_noon(3600), ..dispatch };
        let record: Record = serde_json::from_value(json!({
            "id": dispatch.id, "subject": dispatch.subject, "channel": CHANNEL,
            "purpose": dispatch.purpose, "state": "queued", "history": {"queued": after_noon(-60)},
        }))
        .unwrap();
        world.claim(&dispatch.tenant, &record, None, noon()).await.unwrap();
        let sender = Sender {
            outbox: world.clone(),
            provider: Inboxes { inbox: world.clone(), log: world.clone() },
            aftermath: world.aftermath(),
            clock: world.clone(),
            lease_s: 60,
            limit: None,
        };
        (world, dispatch, sender)
    }

    async fn shown(world: &World, dispatch: &Dispatch) -> Vec<Notification> {
        let wanted = Wanted { unread: false, from: None, limit: 10 };
        let page = world.list(&dispatch.tenant, &dispatch.subject, &wanted, noon()).await;
        page.unwrap().notifications
    }

    #[tokio::test]
    async fn a_message_is_delivered_into_its_subjects_inbox() {
        let (world, dispatch, sender) = queued().await;
        let (disposal, tally) = sender.send(&dispatch, 1).await.unwrap();
        assert_eq!((disposal, tally.total(Metric::MessagesSent)), (Disposal::Done, 1));
        let shown = shown(&world, &dispatch).await;
        assert_eq!(
            (shown.len(), shown[0].at, &shown[0].text),
            (1, after_noon(-60), &dispatch.content.text)
        );
        let record = world.record(&dispatch.tenant, &dispatch.id).await.unwrap().unwrap();
        assert_eq!(record.state, State::Delivered);
        assert_eq!(record.provider_id.as_deref(), Some(shown[0].id.as_str()));
    }

    /// Also one that was dismissed before its sender, who had died, came back.
    #[tokio::test]
    async fn whatever_fails_it_is_there_once() {
        for strike in Strike::ALL {
            for nth in 0.. {
                let (world, dispatch, sender) = queued().await;
                world.strike(nth, strike);
                let mut dismissed = false;
                for attempt in 1..10 {
                    let sent = world.alive(sender.send(&dispatch, attempt)).await;
                    if matches!(sent, Some(Ok((Disposal::Done, _)))) {
                        break;
                    }
                    for it in shown(&world, &dispatch).await {
                        let (tenant, of) = (&dispatch.tenant, &dispatch.subject);
                        world.mark(tenant, of, &it.id, Mark::Dismiss, noon()).await.unwrap();
                        dismissed = true;
                    }
                    world.pass(ceap_kernel::SignedDuration::from_secs(61));
                }
                if world.struck().is_empty() {
                    break;
                }
                let all: usize =
                    world.stores().inboxes.values().map(std::collections::BTreeMap::len).sum();
                assert_eq!(all, 1, "{strike:?} at {nth}");
                let left = shown(&world, &dispatch).await.len();
                assert_eq!(left, usize::from(!dismissed), "{strike:?} at {nth}");
                let record = world.record(&dispatch.tenant, &dispatch.id).await.unwrap().unwrap();
                assert_eq!(record.state, State::Delivered, "{strike:?} at {nth}");
            }
        }
    }
}
