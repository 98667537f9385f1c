//! Live candidates as the API lists them: of a use case, the best first, or of one subject.

use crate::candidate::Candidate;
use crate::profile_list::not_ours;
use crate::score::Recommended;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ceap_kernel::{CandidateId, Clock, Fault, SubjectId, TenantId, Timestamp, UseCaseId, hash64};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Candidates of one page, unless the caller says otherwise, and at most.
const PAGE: usize = 50;
const MAX_PAGE: usize = 100;

/// Where a candidate stands among those of its use case: a text that sorts by score, the highest first,
/// and by id among equals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(String);

impl Rank {
    /// Of a candidate with this score.
    #[must_use]
    pub fn of(score: f64, id: &CandidateId) -> Self {
        Self(format!("{}#{id}", descending(score)))
    }

    /// As it is kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose rank it is.
    #[must_use]
    pub fn id(&self) -> Option<CandidateId> {
        self.0.split_once('#').and_then(|(_, id)| CandidateId::new(id).ok())
    }

    /// One that was kept.
    ///
    /// # Errors
    /// `Invalid` when it is none.
    pub fn read(text: &str) -> Result<Self, Fault> {
        let parts = text.split_once('#').filter(|(score, id)| {
            score.len() == 16
                && score.bytes().all(|byte| byte.is_ascii_hexdigit())
                && CandidateId::new(*id).is_ok()
        });
        parts.map(|_| Self(text.to_owned())).ok_or_else(not_ours)
    }
}

/// Numbers of at least 0 sort as their bits do (IEEE 754-2019 §5.10), so the larger first as their inverse.
fn descending(score: f64) -> String {
    let score = if score > 0.0 { score } else { 0.0 };
    format!("{:016x}", !score.to_bits())
}

/// A part of a use case's ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// After this one; from the best on without it.
    pub after: Option<Rank>,
    /// Only scores of at least this.
    pub min_score: f64,
}

impl Stretch {
    /// The first and the last text that a rank in it can have; none when nothing can be in it.
    #[must_use]
    pub fn bounds(&self) -> Option<(String, String)> {
        // A space sorts before all that can follow, `~` behind it.
        let from =
            self.after.as_ref().map_or_else(|| "0".to_owned(), |rank| format!("{} ", rank.0));
        let to = format!("{}~", descending(self.min_score));
        (from <= to).then_some((from, to))
    }

    /// Whether a candidate belongs to it.
    #[must_use]
    pub fn holds(&self, candidate: &Candidate) -> bool {
        let rank = candidate.rank();
        self.bounds().is_some_and(|(from, to)| from <= rank.0 && rank.0 <= to)
    }
}

impl Candidate {
    /// Where it stands among those of its use case.
    #[must_use]
    pub fn rank(&self) -> Rank {
        Rank::of(self.scored.score, &self.id)
    }
}

/// Lists candidates that are live.
#[allow(async_fn_in_trait)]
pub trait CandidateList {
    /// At most `limit` candidates of the use case that are live at `now`, in the order of their ranks, and
    /// where the next page goes on; none after the last. A page may hold fewer, and what was written a
    /// moment ago may be missing or stand where it stood before.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn ranked(
        &self,
        tenant: &TenantId,
        use_case: &UseCaseId,
        stretch: &Stretch,
        limit: usize,
        now: Timestamp,
    ) -> Result<(Vec<Candidate>, Option<Rank>), Fault>;

    /// The subject's candidates that are live at `now`, in any order: of one use case, or of all, those that are no more too.
    ///
    /// # Errors
    /// `Unavailable` or `Throttled`.
    async fn of_subject(
        &self,
        tenant: &TenantId,
        use_case: Option<&UseCaseId>,
        subject: &SubjectId,
        now: Timestamp,
    ) -> Result<Vec<Candidate>, Fault>;
}

/// A candidate as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Candidate")]
pub struct View {
    /// Which.
    pub id: CandidateId,
    /// Of which use case.
    pub use_case: UseCaseId,
    /// Of whom.
    pub subject: SubjectId,
    /// What tells apart candidates of one subject; left out when it is empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// In [0, 1].
    pub score: f64,
    /// Why, the weightiest first.
    pub reasons: Vec<String>,
    /// What is recommended, the best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Recommended>,
    /// The instant that it was judged as of.
    pub at: Timestamp,
    /// From then on it does not exist.
    pub expires_at: Timestamp,
    /// The event that its best signal is of; of `data` the fields that the document names.
    pub event: Value,
    /// The features as of `at`.
    pub features: Value,
}

impl From<Candidate> for View {
    fn from(candidate: Candidate) -> Self {
        let Candidate { id, signal, scored, expires_at, .. } = candidate;
        Self {
            id,
            use_case: signal.use_case,
            subject: signal.subject,
            key: signal.key,
            score: scored.score,
            reasons: scored.reasons,
            items: scored.items,
            at: signal.at,
            expires_at,
            event: signal.event,
            features: signal.features,
        }
    }
}

/// Candidates, the best first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "CandidateList")]
pub struct List {
    /// The candidates.
    pub candidates: Vec<View>,
    /// Where the next page begins: the `cursor` to ask for it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What is asked for, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `use_case`.
    pub use_case: Option<String>,
    /// `subject`, for one subject's alone.
    pub subject: Option<String>,
    /// `min_score`, in [0, 1].
    pub min_score: Option<String>,
    /// `limit`, from 1 to 100.
    pub limit: Option<String>,
    /// `cursor`, as the page before gave it.
    pub cursor: Option<String>,
}

/// A page of a use case's live candidates, the best first.
///
/// # Errors
/// `Invalid`, naming what was asked wrongly; `Unavailable` or `Throttled`.
pub async fn list(
    tenant: &TenantId,
    asked: &Asked,
    candidates: &impl CandidateList,
    clock: &impl Clock,
) -> Result<List, Fault> {
    let use_case = UseCaseId::new(asked.use_case.clone().unwrap_or_default())?;
    let subject = asked.subject.clone().map(SubjectId::new).transpose()?;
    let limit = number("limit", asked.limit.as_deref(), PAGE, "must be from 1 to 100", |limit| {
        (1..=MAX_PAGE).contains(limit)
    })?;
    let min_score =
        number("min_score", asked.min_score.as_deref(), 0.0, "must be from 0 to 1", |score| {
            (0.0..=1.0).contains(score)
        })?;
    let place = Place::new(tenant, &use_case, subject.as_ref());
    let after = asked.cursor.as_deref().map(|cursor| place.read(cursor)).transpose()?;
    let (stretch, now) = (Stretch { after, min_score }, clock.now());
    let (mut found, next) = match subject {
        None => candidates.ranked(tenant, &use_case, &stretch, limit, now).await?,
        Some(subject) => {
            let mut all = candidates.of_subject(tenant, Some(&use_case), &subject, now).await?;
            all.retain(|candidate| stretch.holds(candidate));
            all.sort_by_cached_key(Candidate::rank);
            let more = all.len() > limit;
            all.truncate(limit);
            let next = all.last().map(Candidate::rank).filter(|_| more);
            (all, next)
        }
    };
    found.sort_by_cached_key(Candidate::rank);
    Ok(List {
        candidates: found.into_iter().map(View::from).collect(),
        next: next.map(|rank| place.cursor(&rank)),
    })
}

fn number<T: std::str::FromStr>(
    field: &str,
    given: Option<&str>,
    default: T,
    rule: &str,
    allowed: impl Fn(&T) -> bool,
) -> Result<T, Fault> {
    let Some(given) = given else { return Ok(default) };
    given.parse().ok().filter(allowed).ok_or_else(|| Fault::invalid(field, rule))
}

/// What a cursor is of: it goes on nowhere else.
struct Place(u64);

impl Place {
    fn new(tenant: &TenantId, use_case: &UseCaseId, subject: Option<&SubjectId>) -> Self {
        let subject = subject.map_or("", |subject| subject.as_str());
        Self(hash64(&["candidates", tenant.as_str(), use_case.as_str(), subject]))
    }

    fn cursor(&self, rank: &Rank) -> String {
        BASE64.encode(format!("{:016x}:{}", self.0, rank.0))
    }

    fn read(&self, cursor: &str) -> Result<Rank, Fault> {
        let text = BASE64.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or_else(not_ours)?;
        let (place, rank) = text.split_once(':').ok_or_else(not_ours)?;
        if place != format!("{:016x}", self.0) {
            return Err(not_ours());
        }
        Rank::read(rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(n: u8) -> CandidateId {
        CandidateId::new(format!("{n:032x}")).unwrap()
    }

    proptest! {
        #[test]
        fn ranks_sort_as_scores_do_and_ids_among_equals(
            a in 0.0..=1.0_f64, b in 0.0..=1.0_f64, m in any::<u8>(), n in any::<u8>(),
        ) {
            let (one, other) = (Rank::of(a, &id(m)), Rank::of(b, &id(n)));
            let expected = b.total_cmp(&a).then(m.cmp(&n));
            prop_assert_eq!(one.cmp(&other), expected);
            prop_assert_eq!(Rank::read(one.as_str()).unwrap(), one.clone());
            // A stretch after one holds exactly what ranks behind it.
            let stretch = Stretch { after: Some(one.clone()), min_score: 0.0 };
            let (from, to) = stretch.bounds().unwrap();
            prop_assert_eq!(from.as_str() <= other.as_str() && other.as_str() <= to.as_str(), one < other);
            let least = Stretch { after: None, min_score: a };
            let (from, to) = least.bounds().unwrap();
            prop_assert_eq!(from.as_str() <= other.as_str() && other.as_str() <= to.as_str(), b >= a);
        }
    }

    #[test]
    fn zeros_and_what_is_no_score_rank_last() {
        for score in [0.0, -0.0, -1.0, f64::NAN] {
            assert_eq!(Rank::of(score, &id(1)), Rank::of(0.0, &id(1)));
        }
    }

    #[test]
    fn nothing_is_after_what_is_below_the_least() {
        let stretch = Stretch { after: Some(Rank::of(0.2, &id(1))), min_score: 0.5 };
        assert_eq!(stretch.bounds(), None);
    }
}
