//! All profiles of a tenant, page by page.

use crate::profile::Profile;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ceap_kernel::{Fault, SubjectId, TenantId, hash64};

/// Parts that a tenant's profiles are listed in, so that no partition of the index holds a large
/// tenant alone (DynamoDB takes 1,000 writes a second in one).
pub const SHARDS: u8 = 16;

/// The part that a subject's profile is listed in; it never changes.
#[must_use]
pub fn shard(subject: &SubjectId) -> u8 {
    let part = hash64(&[subject.as_str()]).checked_rem(u64::from(SHARDS));
    part.and_then(|part| u8::try_from(part).ok()).unwrap_or_default()
}

/// Where a page begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// In which part.
    pub shard: u8,
    /// After whom; at the part's beginning when there is none.
    pub after: Option<SubjectId>,
}

impl Place {
    /// The place as a cursor: `<shard>:<subject in base64url>`.
    #[must_use]
    pub fn cursor(&self) -> String {
        let after = self.after.as_ref().map_or("", |subject| subject.as_str());
        format!("{}:{}", self.shard, BASE64.encode(after))
    }

    /// This place and, after it, the beginnings of the parts that follow.
    pub fn onward(self) -> impl Iterator<Item = Self> {
        let following = self.shard.saturating_add(1)..SHARDS;
        std::iter::once(self).chain(following.map(|shard| Self { shard, after: None }))
    }

    /// The place that a cursor names; the beginning without one.
    ///
    /// # Errors
    /// `Invalid` when it is none of ours.
    pub fn read(cursor: Option<&str>) -> Result<Self, Fault> {
        let Some(cursor) = cursor else { return Ok(Self::default()) };
        let place = || {
            let (shard, after) = cursor.split_once(':')?;
            let shard = shard.parse().ok().filter(|shard| *shard < SHARDS)?;
            let after = String::from_utf8(BASE64.decode(after).ok()?).ok()?;
            let after = match after.as_str() {
                "" => None,
                after => Some(SubjectId::new(after).ok()?),
            };
            Some(Self { shard, after })
        };
        place().ok_or_else(not_ours)
    }
}

/// What a cursor that nobody was given is answered with.
pub(crate) fn not_ours() -> Fault {
    Fault::invalid("cursor", "is none of ours; send the one of the page before, as it came")
}

/// Lists profiles.
#[allow(async_fn_in_trait)]
pub trait ProfileList {
    /// At most `limit` profiles from `from` on, and where the next page begins; none after the last.
    /// A page may hold fewer, and a profile that was made a moment ago may be missing.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn profiles(
        &self,
        tenant: &TenantId,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<(SubjectId, Profile)>, Option<Place>), Fault>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_where_it_goes_on() {
        for after in [None, Some("u1"), Some("ü/𝄞: #")] {
            let after = after.map(|text| SubjectId::new(text).unwrap());
            let place = Place { shard: 15, after };
            let cursor = place.cursor();
            assert!(cursor.is_ascii());
            assert_eq!(Place::read(Some(&cursor)).unwrap(), place);
        }
        assert_eq!(Place::read(None).unwrap(), Place::default());
        for bad in ["", "1", "16:", "-1:", "1:!", "1:/w", "x:"] {
            let fault = Place::read(Some(bad)).unwrap_err().to_string();
            assert!(fault.starts_with("cursor: is none of ours"), "{bad}: {fault}");
        }
    }

    #[test]
    fn after_a_place_the_parts_that_follow_begin() {
        let after = Some(SubjectId::new("u1").unwrap());
        let here = Place { shard: 13, after };
        let places: Vec<Place> = here.clone().onward().collect();
        let start = |shard| Place { shard, after: None };
        assert_eq!(places, [here, start(14), start(15)]);
        assert_eq!(start(15).onward().count(), 1);
    }

    #[test]
    fn subjects_are_spread_over_all_parts() {
        let mut parts = [0_u32; 16];
        for n in 0..1600 {
            parts[usize::from(shard(&SubjectId::new(format!("u{n}")).unwrap()))] += 1;
        }
        assert!(parts.iter().all(|count| (50..200).contains(count)), "{parts:?}");
    }
}
