//! Ids as Zendesk's API has them: numbers, which fit in 53 bits so that every client's JSON holds them exactly
//! (RFC 8259 §6).

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// The largest.
pub const MAX: u64 = (1 << 53) - 1;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The greatest that there can be.
            pub const LAST: Self = Self(MAX);

            /// The id with this number, if it can be one: 1 to [`MAX`].
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                if number >= 1 && number <= MAX { Some(Self(number)) } else { None }
            }

            /// A new one.
            ///
            /// # Errors
            /// `Internal` once ids are used up.
            pub fn fresh(call: &crate::api::Call<'_>) -> Result<Self, ceap_kernel::Fault> {
                Self::new(call.new_id())
                    .ok_or_else(|| ceap_kernel::Fault::Internal("out of ids".to_owned()))
            }

            /// Its number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                number(deserializer).map(Self)
            }
        }
    )+};
}

id! {
    /// A ticket. They count up from 1 in their tenant.
    TicketId,
    /// A person: end-user or agent.
    UserId,
    /// A group of agents.
    GroupId,
    /// An organization of end-users.
    OrganizationId,
    /// A ticket field.
    FieldId,
    /// A ticket form.
    FormId,
    /// A brand.
    BrandId,
    /// A custom status.
    CustomStatusId,
    /// A custom role.
    RoleId,
    /// What a person is known by.
    IdentityId,
    /// That a person belongs to an organization, or an agent to a group.
    MembershipId,
    /// What an update did.
    AuditId,
    /// Something said; also the event of its audit.
    CommentId,
    /// A file.
    AttachmentId,
    /// Any other record.
    RecordId,
}

/// A number, or its digits as text: clients send both.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    struct Number;
    impl Visitor<'_> for Number {
        type Value = u64;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an id: a whole number from 1 to {MAX}")
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
            let fits = (1..=MAX).contains(&number);
            if fits {
                Ok(number)
            } else {
                Err(E::invalid_value(Unexpected::Unsigned(number), &self))
            }
        }
        fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
            let wrong = |_| E::invalid_value(Unexpected::Signed(number), &self);
            u64::try_from(number).map_err(wrong).and_then(|number| self.visit_u64(number))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
            let wrong = |_| E::invalid_value(Unexpected::Str(text), &self);
            text.trim().parse().map_err(wrong).and_then(|number| self.visit_u64(number))
        }
    }
    deserializer.deserialize_any(Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1", Some(1))]
    #[case("\"35436\"", Some(35_436))]
    #[case("9007199254740991", Some(MAX))]
    #[case("9007199254740992", None)]
    #[case("0", None)]
    #[case("-1", None)]
    #[case("1.5", None)]
    #[case("\"\"", None)]
    #[case("null", None)]
    fn an_id_is_a_number_that_json_holds_exactly(
        #[case] json: &str,
        #[case] expected: Option<u64>,
    ) {
        let read: Option<TicketId> = serde_json::from_str(json).ok();
        assert_eq!(read.map(TicketId::get), expected);
    }
}
