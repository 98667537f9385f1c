//! SES events, as EventBridge delivers them (SES developer guide, "Monitoring SES events using
//! Amazon EventBridge") and as event publishing writes them to SNS ("Contents of event data that
//! Amazon SES publishes to Amazon SNS"). `detail` of the one is the whole of the other.

use super::{MESSAGE_ID, Reading, TENANT, any_id, instant, items, marked, need, text, words};
use ceap_engagement::message::State;
use ceap_engagement::profile;
use ceap_engagement::receipt::{About, News, Receipt};
use ceap_engagement::suppression::Reason;
use ceap_kernel::Fault;
use serde_json::Value;

const CHANNEL: &str = "email";

/// What both forms call each kind of event.
const KINDS: [(&str, &str); 10] = [
    ("Email Bounced", "Bounce"),
    ("Email Complaint Received", "Complaint"),
    ("Email Delivered", "Delivery"),
    ("Email Sent", "Send"),
    ("Email Rejected", "Reject"),
    ("Email Opened", "Open"),
    ("Email Clicked", "Click"),
    ("Email Rendering Failed", "Rendering Failure"),
    ("Email Delivery Delayed", "DeliveryDelay"),
    ("Email Subscribed", "Subscription"),
];

/// An event of EventBridge. SES also tells of its advice and of the account there.
pub(super) fn event_bridge(kind: &str, detail: &Value) -> Reading {
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    match known {
        Some((_, kind)) => read(kind, detail).map_err(|fault| fault.within("detail")),
        None if kind.starts_with("Email ") => Err(unknown("detail-type")),
        None => Ok(None),
    }
}

/// An event that SNS brings.
pub(super) fn event(event: &Value) -> Reading {
    read(need(event, "/eventType")?, event)
}

fn unknown(field: &str) -> Fault {
    Fault::invalid(field, "is no event of SES that is known here; narrow the event destination")
}

/// What an event means.
struct Meaning {
    state: State,
    /// Where its instant is.
    at: &'static str,
    detail: Option<String>,
    /// Why its recipients must not be sent to.
    reason: Option<Reason>,
}

impl Meaning {
    const fn new(state: State, at: &'static str) -> Self {
        Self { state, at, detail: None, reason: None }
    }
}

/// An email without our tags is another system's.
fn read(kind: &str, event: &Value) -> Reading {
    let Some(about) = about(event)? else { return Ok(None) };
    let meaning = match kind {
        "Send" => Some(Meaning::new(State::Sent, "/mail/timestamp")),
        "Delivery" => Some(Meaning::new(State::Delivered, "/delivery/timestamp")),
        "Open" => Some(Meaning::new(State::Opened, "/open/timestamp")),
        // The link may hold what is only for the recipient; it is not kept.
        "Click" => Some(Meaning::new(State::Clicked, "/click/timestamp")),
        // Neither has an instant of its own. SES words a rendering failure with names of ours.
        "Reject" => Some(Meaning {
            detail: text(event, "/reject/reason").and_then(words),
            ..Meaning::new(State::Failed, "/mail/timestamp")
        }),
        "Rendering Failure" => Some(Meaning {
            detail: Some(kind.to_owned()),
            ..Meaning::new(State::Failed, "/mail/timestamp")
        }),
        "Bounce" => Some(bounce(event)?),
        "Complaint" => complaint(event),
        "DeliveryDelay" => None,
        "Subscription" => subscription(event),
        _ => return Err(unknown("eventType")),
    };
    let Some(Meaning { state, at, detail, reason }) = meaning else { return Ok(None) };
    let suppress = |reason| recipients(event).map(move |to| (CHANNEL.to_owned(), to, reason));
    Ok(Some(News::Receipt(Receipt {
        about,
        state,
        at: instant(event, at)?,
        provider_id: any_id(event, "/mail/messageId"),
        detail,
        suppress: reason.into_iter().flat_map(suppress).collect(),
    })))
}

/// Tags are lists of values.
fn about(event: &Value) -> Result<Option<About>, Fault> {
    let tag = |name: &str| text(event, &format!("/mail/tags/{name}/0"));
    marked(tag(TENANT), tag(MESSAGE_ID)).map_err(|fault| fault.within("mail.tags"))
}

/// Whom it was about. An email to one recipient is about that one, whatever the report says: a
/// mailbox that forwards bounces or complains under another address than the one that was sent to.
fn recipients(event: &Value) -> impl Iterator<Item = String> {
    let destination = items(event, "/mail/destination");
    let reported = ["/bounce/bouncedRecipients", "/complaint/complainedRecipients"]
        .into_iter()
        .flat_map(|list| items(event, list))
        .filter_map(|recipient| text(recipient, "/emailAddress"));
    let addresses: Vec<&str> = match destination {
        [Value::String(one)] => vec![one.as_str()],
        _ => reported.collect(),
    };
    addresses.into_iter().filter(|to| profile::email(to).is_ok()).map(str::to_owned)
}

/// "Bounce types". An event is published only once SES gives up.
///
/// - `Permanent`: the address should not be sent to again. Not so where SES itself did not try:
///   the account's own suppression list also holds complaints to other tenants of the account, and
///   who takes an address off it expects to reach it; an unsubscription leaves the address good.
/// - `Transient` and `Undetermined`: not delivered this time. An answer of an absent recipient also
///   counts as such, though the email was delivered, so a delivery is not taken back by it.
fn bounce(event: &Value) -> Result<Meaning, Fault> {
    let kind = need(event, "/bounce/bounceType")?;
    let subtype = text(event, "/bounce/bounceSubType").unwrap_or_default();
    let (state, reason) = match (kind, subtype) {
        ("Permanent", "OnAccountSuppressionList") => (State::Failed, None),
        ("Permanent", "UnsubscribedRecipient") => (State::Failed, Some(Reason::Unsubscribe)),
        ("Permanent", _) => (State::Bounced, Some(Reason::Bounce)),
        ("Transient" | "Undetermined", _) => (State::Failed, None),
        _ => {
            return Err(Fault::invalid(
                "bounce.bounceType",
                "must be Permanent, Transient or Undetermined",
            ));
        }
    };
    let detail = words(format!("{kind}/{subtype}").trim_end_matches('/'));
    Ok(Meaning { detail, reason, ..Meaning::new(state, "/bounce/timestamp") })
}

/// "Complaint types": `not-spam` takes the email's side. "Complaint subtypes": on the account's
/// suppression list SES accepted the email and did not try, so nobody complained of this one.
fn complaint(event: &Value) -> Option<Meaning> {
    const AT: &str = "/complaint/timestamp";
    let kind = text(event, "/complaint/complaintFeedbackType");
    if let Some("OnAccountSuppressionList") = text(event, "/complaint/complaintSubType") {
        let detail = Some("Complaint/OnAccountSuppressionList".to_owned());
        return Some(Meaning { detail, ..Meaning::new(State::Failed, AT) });
    }
    (kind != Some("not-spam")).then(|| Meaning {
        detail: kind.and_then(words),
        reason: Some(Reason::Complaint),
        ..Meaning::new(State::Complained, AT)
    })
}

/// "Subscription object": who unsubscribes by SES's own link or header had the email. The platform
/// has no topics of SES's, so only leaving all of them counts.
fn subscription(event: &Value) -> Option<Meaning> {
    let all = event.pointer("/subscription/newTopicPreferences/unsubscribeAll")?.as_bool()?;
    all.then(|| Meaning {
        detail: Some("unsubscribeAll".to_owned()),
        reason: Some(Reason::Unsubscribe),
        ..Meaning::new(State::Delivered, "/subscription/timestamp")
    })
}

#[cfg(test)]
mod tests {
    use super::super::queue;
    use super::*;
    use ceap_engagement::receipt::Told;
    use rstest::rstest;
    use serde_json::json;

    const AT: &str = "2026-11-21T10:00:05.218Z";

    fn of(kind: &str, object: &str, inner: &Value) -> Value {
        json!({
            "eventType": kind,
            "mail": {
                "timestamp": "2026-11-21T10:00:00.000Z",
                "messageId": "0107019-1",
                "destination": ["ada@example.com"],
                "tags": {
                    "ses:configuration-set": ["ceap"],
                    "ceap-tenant": ["acme"],
                    "ceap-message-id": ["7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00"],
                },
            },
            object: inner,
        })
    }

    fn receipt(event: &Value) -> Receipt {
        match queue(&event.to_string()).pop().unwrap() {
            Told::News(News::Receipt(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    fn bounced(kind: &str, subtype: &str) -> Value {
        let recipients = json!([{"emailAddress": "ada@elsewhere.example", "status": "5.1.1"}]);
        let bounce = json!({"bounceType": kind, "bounceSubType": subtype,
            "bouncedRecipients": recipients, "timestamp": AT});
        of("Bounce", "bounce", &bounce)
    }

    #[rstest]
    #[case("Permanent", "General", State::Bounced, Some(Reason::Bounce))]
    #[case("Permanent", "NoEmail", State::Bounced, Some(Reason::Bounce))]
    #[case("Permanent", "Suppressed", State::Bounced, Some(Reason::Bounce))]
    #[case("Permanent", "OnAccountSuppressionList", State::Failed, None)]
    #[case("Permanent", "UnsubscribedRecipient", State::Failed, Some(Reason::Unsubscribe))]
    #[case("Transient", "MailboxFull", State::Failed, None)]
    #[case("Transient", "General", State::Failed, None)]
    #[case("Undetermined", "Undetermined", State::Failed, None)]
    fn bounces(
        #[case] kind: &str,
        #[case] subtype: &str,
        #[case] state: State,
        #[case] reason: Option<Reason>,
    ) {
        let receipt = receipt(&bounced(kind, subtype));
        assert_eq!(receipt.state, state);
        assert_eq!(receipt.detail, Some(format!("{kind}/{subtype}")));
        assert_eq!(receipt.at, AT.parse().unwrap());
        let suppressed: Vec<_> = receipt.suppress;
        let expected = reason.map(|r| ("email".to_owned(), "ada@example.com".to_owned(), r));
        assert_eq!(suppressed, Vec::from_iter(expected));
    }

    #[test]
    fn with_several_recipients_the_report_says_which() {
        let mut event = bounced("Permanent", "General");
        event["mail"]["destination"] = json!(["ada@example.com", "bob@example.com"]);
        event["bounce"]["bouncedRecipients"] =
            json!([{"emailAddress": "bob@example.com"}, {"emailAddress": "no address"}, 1]);
        let to: Vec<String> = receipt(&event).suppress.into_iter().map(|entry| entry.1).collect();
        assert_eq!(to, ["bob@example.com"]);
    }

    #[rstest]
    #[case("Send", "send", json!({}), State::Sent)]
    #[case("Delivery", "delivery", json!({"timestamp": AT, "recipients": ["ada@example.com"]}), State::Delivered)]
    #[case("Open", "open", json!({"timestamp": AT, "ipAddress": "192.0.2.1"}), State::Opened)]
    #[case("Click", "click", json!({"timestamp": AT, "link": "https://example.com/?t=1"}), State::Clicked)]
    #[case("Reject", "reject", json!({"reason": "Bad content"}), State::Failed)]
    #[case("Rendering Failure", "failure", json!({"errorMessage": "x", "templateName": "y"}), State::Failed)]
    fn kinds(#[case] kind: &str, #[case] object: &str, #[case] inner: Value, #[case] state: State) {
        let plain = of(kind, object, &inner);
        let seen = receipt(&plain);
        assert_eq!(seen.state, state);
        assert_eq!(seen.provider_id.as_deref(), Some("0107019-1"));
        assert!(seen.suppress.is_empty());
        let About::Message(tenant, id) = &seen.about else { panic!("{seen:?}") };
        assert_eq!((tenant.as_str(), id.as_str()), ("acme", "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00"));
        // EventBridge brings the same, with and without the name inside.
        let name = KINDS.iter().find(|(_, known)| *known == kind).unwrap().0;
        let mut bridged = json!({"source": "aws.ses", "detail-type": name, "detail": plain});
        assert_eq!(receipt(&bridged), seen);
        bridged["detail"].as_object_mut().unwrap().remove("eventType");
        assert_eq!(receipt(&bridged), seen);
    }

    #[test]
    fn a_complaint_suppresses_unless_it_is_none() {
        let complaint = json!({"timestamp": AT, "complaintFeedbackType": "abuse",
            "complainedRecipients": [{"emailAddress": "ada@example.com"}]});
        let mut event = of("Complaint", "complaint", &complaint);
        let seen = receipt(&event);
        assert_eq!((seen.state, seen.detail.as_deref()), (State::Complained, Some("abuse")));
        assert_eq!(seen.suppress[0].2, Reason::Complaint);
        event["complaint"]["complaintSubType"] = json!("OnAccountSuppressionList");
        let seen = receipt(&event);
        assert_eq!((seen.state, seen.suppress.len()), (State::Failed, 0));
        event["complaint"]["complaintSubType"] = json!(null);
        event["complaint"]["complaintFeedbackType"] = json!("not-spam");
        assert_eq!(queue(&event.to_string()), [Told::Other]);
    }

    #[test]
    fn who_leaves_all_topics_unsubscribes() {
        let mut event = of(
            "Subscription",
            "subscription",
            &json!({"timestamp": AT,
            "source": "UnsubscribeHeader", "newTopicPreferences": {"unsubscribeAll": true}}),
        );
        assert_eq!(receipt(&event).suppress[0].2, Reason::Unsubscribe);
        event["subscription"]["newTopicPreferences"]["unsubscribeAll"] = json!(false);
        assert_eq!(queue(&event.to_string()), [Told::Other]);
    }

    #[test]
    fn what_is_not_ours_or_of_no_interest_is_left() {
        let delay = of("DeliveryDelay", "deliveryDelay", &json!({"timestamp": AT}));
        assert_eq!(queue(&delay.to_string()), [Told::Other]);
        let mut foreign = bounced("Permanent", "General");
        foreign["mail"]["tags"] = json!({"ses:caller-identity": ["billing"]});
        assert_eq!(queue(&foreign.to_string()), [Told::Other]);
        let advice = json!({"source": "aws.ses", "detail-type": "Sending Status Enabled"});
        assert_eq!(queue(&advice.to_string()), [Told::Other]);
    }

    #[rstest]
    #[case("/mail/tags/ceap-tenant", json!(null), "mail.tags.ceap-tenant")]
    #[case("/mail/tags/ceap-tenant", json!(["Not A Tenant"]), "mail.tags.ceap-tenant")]
    #[case("/mail/tags/ceap-message-id", json!([7]), "mail.tags.ceap-message-id")]
    #[case("/bounce/bounceType", json!("Hard"), "bounce.bounceType")]
    #[case("/bounce/timestamp", json!("yesterday"), "bounce.timestamp")]
    #[case("/bounce/timestamp", json!("1970-01-01T00:00:00Z"), "bounce.timestamp")]
    #[case("/eventType", json!("Evaporation"), "eventType")]
    fn what_cannot_be_read_names_its_field(
        #[case] pointer: &str,
        #[case] value: Value,
        #[case] field: &str,
    ) {
        let mut event = bounced("Permanent", "General");
        *event.pointer_mut(pointer).unwrap() = value;
        let told = queue(&event.to_string());
        let [Told::Bad { fault: Fault::Invalid { field: found, .. }, payload }] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!((found.as_str(), payload), (field, &event));
    }
}
