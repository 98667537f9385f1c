//! Requests to the helpdesk that go wrong on our side, for the tests of alarms.

use super::*;

/// So many requests that fail, since nobody can say whose the credential is, and so many that are answered.
pub(crate) async fn requests(bad: usize, good: usize) {
    let (fine, _) = office();
    let (mut broken, _) = office();
    broken.platform = Box::new(Unreached);
    for n in 0..bad.saturating_add(good) {
        let office = if n < bad { &broken } else { &fine };
        let answer = told(office, &GROUPS, event("GET", "/api/v2/groups", "", &[])).await;
        let status = answer["statusCode"].as_u64().unwrap();
        assert_eq!(status >= 500, n < bad, "{answer}");
    }
}
