//! Whom a run is about: all profiles of a tenant, by the order of their keys.

use crate::profile_list::Place;
use ceap_kernel::{Fault, SubjectId, TenantId};

/// Lists the subjects that have a profile. One that only has features is not among them: a population
/// of an event finds it.
#[allow(async_fn_in_trait)]
pub trait Population {
    /// At most `limit` subjects from `from` on in the order of [`Place`], and where the next ones
    /// begin; none after the last. There may be fewer, and one whose profile was made a moment ago
    /// may be missing.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn subjects(
        &self,
        tenant: &TenantId,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<SubjectId>, Option<Place>), Fault>;
}
