//! What providers tell of messages: on the queue, and in WhatsApp's callbacks.

use crate::promise::{acme, chosen, halves, named, text};
use ceap_connectors::receipts::{queue, sns_sms, whatsapp};
use ceap_engagement::receipt::{About, News, Told};

/// Ids that become parts of keys are short and have no control characters; a callback speaks of its own tenant's
/// messages alone; what nobody signed is refused.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    match choice % 4 {
        0 => queue(&text(rest)).iter().for_each(check),
        1 => {
            let all = whatsapp::callback(&acme(), rest);
            for told in &all {
                check(told);
                if let Told::News(News::Receipt(receipt)) = told
                    && let About::Message(tenant, _) = &receipt.about
                {
                    assert_eq!(*tenant, acme());
                }
            }
        }
        2 => sns_sms::logs(&text(rest)).iter().for_each(check),
        _ => {
            let (signature, body) = halves(rest);
            assert!(whatsapp::verify("one two", Some(&text(signature)), body).is_err());
            let token = Some(text(signature)).filter(|it| it != "expected");
            let asked =
                whatsapp::challenge("expected", Some("subscribe"), token.as_deref(), Some("1"));
            assert!(asked.is_err());
        }
    }
}

fn check(told: &Told) {
    match told {
        Told::News(News::Receipt(receipt)) => {
            if let About::Provider(_, id) = &receipt.about {
                short(id);
            }
            receipt.provider_id.iter().for_each(|id| short(id));
            receipt.suppress.iter().for_each(|(_, address, _)| short(address));
            assert!(receipt.detail.as_ref().is_none_or(|it| !it.contains('@')), "{receipt:?}");
        }
        Told::News(News::Inbound(inbound)) => {
            [&inbound.id, &inbound.from, &inbound.to].into_iter().for_each(|id| short(id));
            assert!(inbound.text.chars().count() <= 65_536);
        }
        Told::Other => {}
        Told::Bad { fault, .. } => named(fault),
    }
}

fn short(id: &str) {
    assert!(id.len() <= 320 && !id.chars().any(char::is_control), "{id:?}");
}
