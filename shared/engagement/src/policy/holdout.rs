//! Holdout: a stable share of subjects is never sent to, so that an effect can be measured.

use ceap_kernel::{SubjectId, TenantId, UseCaseId, hash64};

/// Whether the subject is among the `percent` held out. The same subject always is or never is.
#[must_use]
pub fn holds_out(
    tenant: &TenantId,
    use_case: &UseCaseId,
    subject: &SubjectId,
    percent: u8,
) -> bool {
    let parts = ["holdout", tenant.as_str(), use_case.as_str(), subject.as_str()];
    hash64(&parts) % 100 < u64::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_out_about_that_share() {
        let (tenant, use_case) = (TenantId::new("acme").unwrap(), UseCaseId::new("x").unwrap());
        let held = |percent| {
            (0..2_000)
                .filter(|n| {
                    let subject = SubjectId::new(format!("u{n}")).unwrap();
                    holds_out(&tenant, &use_case, &subject, percent)
                })
                .count()
        };
        assert_eq!((held(0), held(100)), (0, 2_000));
        assert!((150..250).contains(&held(10)), "{}", held(10));
    }
}
