//! Names of consents: a channel, a purpose, or both: `email`, `marketing`, `email.marketing`.

use crate::use_case::Purpose;
use ceap_kernel::Fault;

/// A name, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The channel.
    pub channel: Option<&'a str>,
    /// The purpose.
    pub purpose: Option<Purpose>,
}

const PURPOSES: [Purpose; 3] = [Purpose::Marketing, Purpose::Transactional, Purpose::Operational];

impl<'a> Name<'a> {
    /// Reads `name`, which stands at `field`. One of an unknown channel would have no effect, so it
    /// is a mistake.
    pub fn read(field: &str, name: &'a str, channels: &[&str]) -> Result<Self, Fault> {
        let purpose = |name: &str| PURPOSES.into_iter().find(|purpose| purpose.as_str() == name);
        let channel = |name: &'a str| channels.contains(&name).then_some(name);
        let read = match name.split_once('.') {
            Some((first, second)) => match (channel(first), purpose(second)) {
                (channel @ Some(_), purpose @ Some(_)) => Some(Self { channel, purpose }),
                _ => None,
            },
            None => match (channel(name), purpose(name)) {
                (None, None) => None,
                (channel, purpose) => Some(Self { channel, purpose }),
            },
        };
        read.ok_or_else(|| {
            let message = format!(
                "must be named by a channel ({}), a purpose (marketing, transactional, \
                 operational), or both, as email.marketing",
                channels.join(", ")
            );
            Fault::invalid(field, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let read = |name| Name::read("consent", name, &["email", "web-push"]);
        let both = Name { channel: Some("web-push"), purpose: Some(Purpose::Marketing) };
        assert_eq!(read("web-push.marketing").unwrap(), both);
        assert_eq!(read("email").unwrap(), Name { channel: Some("email"), purpose: None });
        assert_eq!(read("marketing").unwrap().purpose, Some(Purpose::Marketing));
        for bad in ["", ".", "emial", "email.", "email.news", "marketing.email", "email.a.b"] {
            let fault = read(bad).unwrap_err().to_string();
            assert!(fault.starts_with("consent: must be named by a channel (email, web-push)"));
        }
    }
}
