//! What stands in links and headers: signed links, credentials, access keys, tokens of files, ids.

use crate::promise::{acme, chosen, named, noon, text};
use ceap_engagement::link::{Allows, Signer, tenant};
use ceap_engagement::secret::Secret;
use ceap_helpdesk::file::Attachment;
use ceap_kernel::access::{AccessKey, Credential};
use ceap_kernel::{ItemId, MessageId, ModelId, SubjectId, TenantId, Trace, UseCaseId};

/// Nobody makes a link without its key; what is taken as a credential or an id is written as it came, and no id holds
/// what parts of keys are told apart by.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    let given = text(rest);
    match choice % 4 {
        0 => {
            let signer = Signer::new(acme(), Secret::new("a key that nobody knows"));
            match signer.read(&given, noon()) {
                Ok(allows) => panic!("{given} allows {allows:?}"),
                Err(fault) => named(&fault),
            }
            match tenant(&given) {
                Ok(tenant) => slug(tenant.as_str()),
                Err(fault) => named(&fault),
            }
        }
        1 => linked(rest),
        2 => credentials(&given),
        _ => ids(&given),
    }
}

/// What a link allows is what its maker said; of another tenant, or with one sign changed, it is nothing.
fn linked(json: &[u8]) {
    let Ok(allows) = serde_json::from_slice::<Allows>(json) else { return };
    let signer = Signer::new(acme(), Secret::new("key"));
    let token = signer.token(&allows).unwrap();
    match signer.read(&token, noon()) {
        Ok(read) => assert_eq!(read, allows),
        Err(fault) => {
            named(&fault);
            let (Allows::Confirm { expires, .. } | Allows::Inbox { expires, .. }) = allows else {
                panic!("{allows:?} does not end, and did");
            };
            assert!(expires <= noon().as_second());
        }
    }
    let other = Signer::new(TenantId::new("acme-2").unwrap(), Secret::new("key"));
    assert!(other.read(&token, noon()).is_err());
    let at = token.len() / 2;
    let mut changed = token.clone();
    changed.replace_range(at..=at, if token.as_bytes()[at] == b'A' { "B" } else { "A" });
    assert!(signer.read(&changed, noon()).is_err());
}

fn credentials(given: &str) {
    match Credential::parse(given) {
        Ok(credential) => {
            assert_eq!(credential.reveal(), given);
            assert!(!format!("{credential:?}").contains(given.get(given.len() - 64..).unwrap()));
            slug(credential.tenant.as_str());
            assert!(AccessKey::parse(given).is_err());
        }
        Err(fault) => named(&fault),
    }
    match AccessKey::parse(given) {
        Ok(key) => assert_eq!(key.reveal(), given),
        Err(fault) => named(&fault),
    }
    if let Some(id) = Attachment::id_of(given) {
        assert!(id.get() < 1 << 56);
    }
}

fn ids(given: &str) {
    for id in [TenantId::new(given).map(String::from), UseCaseId::new(given).map(String::from)] {
        match id {
            Ok(id) => slug(&id),
            Err(fault) => named(&fault),
        }
    }
    let hex = [MessageId::new(given).map(String::from), ModelId::new(given).map(String::from)];
    assert!(hex.into_iter().flatten().all(|id| id.bytes().all(|b| b.is_ascii_hexdigit())));
    let free = [SubjectId::new(given).map(String::from), ItemId::new(given).map(String::from)];
    for id in free.into_iter().flatten() {
        assert!(id.len() <= 256 && !id.trim().is_empty() && !id.chars().any(char::is_control));
    }
    for trace in [Trace::of_parent(given), Trace::of_xray(given)].into_iter().flatten() {
        assert_eq!(Trace::new(trace.as_str()), Some(trace));
    }
}

/// No key is ambiguous: nothing in it but small letters, digits and hyphens.
fn slug(id: &str) {
    assert!((1..=63).contains(&id.len()));
    assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
}
