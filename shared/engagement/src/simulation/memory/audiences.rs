//! Who had to do with what.

use super::Memory;
use crate::audience::{Audiences, Seeks, Sought, Tie, Ties};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};

impl Ties for &Memory {
    async fn tie(&self, _: &TenantId, ties: &[Tie]) -> Result<(), Fault> {
        let mut kept = self.kept();
        for tie in ties.iter().cloned() {
            let until = kept.ties.entry((tie.kind, tie.thing, tie.subject)).or_insert(tie.until);
            *until = tie.until.max(*until);
        }
        Ok(())
    }
}

impl Audiences for &Memory {
    async fn audience(
        &self,
        _: &TenantId,
        kind: &str,
        thing: &str,
        _: Option<&SubjectId>,
        _: usize,
        now: Timestamp,
    ) -> Result<(Vec<SubjectId>, Option<SubjectId>), Fault> {
        let kept = self.kept();
        let tied = kept
            .ties
            .iter()
            .filter(|((of, which, _), until)| of == kind && which == thing && **until > now);
        Ok((tied.map(|((_, _, subject), _)| subject.clone()).collect(), None))
    }
}

impl Seeks for &Memory {
    async fn seek(&self, sought: &[Sought]) -> Result<(), Fault> {
        self.kept().sought.extend(sought.iter().cloned());
        Ok(())
    }
}
