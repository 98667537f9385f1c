//! The pages of recipients over HTTP.

use crate::http::{Asked, Reply};
use crate::limit::Limit;
use crate::problem;
use ceap_engagement::link;
use ceap_engagement::message::Suppressions;
use ceap_engagement::pipeline::accept::EventStream;
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::ingest::Subjects;
use ceap_engagement::preferences::pages::{self, Frame};
use ceap_engagement::preferences::words::Language;
use ceap_engagement::preferences::{Ask, Preferences};
use ceap_engagement::secret::Secrets;
use ceap_engagement::suppression::SuppressionKeeper;
use ceap_engagement::use_case::UseCases;
use ceap_kernel::quota::Quota;
use ceap_kernel::{Clock, Fault, TenantId};

/// Answers with a page, whatever is asked; who opens one link again and again is told to wait.
///
/// # Errors
/// `Invalid` when the body is larger than any form is, or not what its encoding says.
pub async fn page<S, U, K, E, X, A, C, Q, T>(
    preferences: &Preferences<S, U, K, E, X, A, C>,
    limit: &Limit<Q, T>,
    asked: &Asked,
) -> Result<Reply, Fault>
where
    S: Subjects,
    U: UseCases,
    K: Suppressions + SuppressionKeeper,
    E: EventStream,
    X: Secrets,
    A: Addresses,
    C: Clock,
    Q: Quota,
    T: Clock,
{
    let token = asked.path("token").unwrap_or_default();
    // What names no tenant is no link, which the page tells.
    if let Ok(tenant) = link::tenant(&token)
        && let Some(wait) = waits(limit, &tenant, &token, asked).await
    {
        return Ok(wait);
    }
    let ask = Ask {
        route: &asked.route(),
        token: &token,
        languages: asked.header("accept-language").unwrap_or_default(),
        content_type: asked.content_type(),
        body: &asked.body()?,
    };
    let page = preferences.answer(&ask).await;
    Ok(html(page.status, page.html))
}

/// A page as an answer.
pub(crate) fn html(status: u16, html: String) -> Reply {
    let reply = Reply::text(status, "text/html; charset=utf-8", html);
    pages::headers().into_iter().fold(reply, |reply, (name, value)| reply.header(name, value))
}

/// The words that who asks reads.
pub(crate) fn frame(asked: &Asked) -> Frame<'static> {
    let languages = asked.header("accept-language").unwrap_or_default();
    Frame { language: Language::accepted(languages).unwrap_or(Language::English), brand: "" }
}

/// The page of who asks too often by the link of this token, if they do.
pub(crate) async fn waits<Q: Quota, T: Clock>(
    limit: &Limit<Q, T>,
    tenant: &TenantId,
    token: &str,
    asked: &Asked,
) -> Option<Reply> {
    let fault = limit.admit_holder(tenant, token).await.err()?;
    let page = html(429, frame(asked).trouble());
    Some(problem::headers(&fault).fold(page, |page, (name, value)| page.header(name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answered;
    use ceap_engagement::link::Links;
    use ceap_engagement::secret::Secret;
    use ceap_kernel::TenantId;
    use ceap_testkit::World;
    use ceap_testkit::builders::{customer, noon, plan, tenant};
    use serde_json::Value;

    /// The key that the samples are signed with.
    struct Key;

    impl Secrets for Key {
        async fn get(&self, _: &TenantId, _: &str) -> Result<Secret, Fault> {
            Ok(Secret::new("07".repeat(32)))
        }
    }

    fn sample(case: &str) -> Value {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/preferences/");
        let text = std::fs::read_to_string(format!("{folder}{case}.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The answer to a sample, and how many addresses are suppressed and events told after it.
    async fn asked(event: &Value) -> (Value, usize, usize) {
        asked_again(event, 0).await
    }

    /// The same, of who asked so often before.
    async fn asked_again(event: &Value, before: usize) -> (Value, usize, usize) {
        let acme = tenant("acme");
        let world = World::new(noon()).with(&acme, plan(&[]));
        world.ingest(&[customer("u1").of(&acme)]).await;
        let preferences = Preferences {
            subjects: world.clone(),
            use_cases: world.clone(),
            suppressions: world.clone(),
            events: world.clone(),
            links: Links::new(Key, "https://ceap.example"),
            addresses: world.clone(),
            channels: vec!["email", "sms"],
            clock: world.clone(),
        };
        let limit = Limit::new(world.clone(), world.clone(), 3);
        let served = async |asked: &Asked| page(&preferences, &limit, asked).await;
        for _ in 0..before {
            answered(served, event).await;
        }
        let answer = answered(served, event).await;
        let stores = world.stores();
        (answer, stores.suppressed.len(), stores.stream.len())
    }

    #[tokio::test]
    async fn the_samples_are_answered_as_they_come_from_the_gateway() {
        for (case, status, suppressed, told) in [
            ("unsubscribe-get", 200, 0, 0),
            ("unsubscribe-one-click", 200, 2, 1),
            ("unsubscribe-multipart", 200, 2, 1),
            ("preferences-get", 200, 0, 0),
            ("preferences-save", 200, 1, 1),
            ("preferences-all-off", 200, 2, 1),
            ("confirm-get", 200, 0, 0),
            ("confirm-post", 200, 0, 1),
            ("not-a-link", 404, 0, 0),
        ] {
            let (answer, suppressions, events) = asked(&sample(case)).await;
            assert_eq!(answer["statusCode"], status, "{case}");
            assert_eq!((suppressions, events), (suppressed, told), "{case}");
            let headers = &answer["headers"];
            assert_eq!(headers["content-type"], "text/html; charset=utf-8");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["cache-control"], "no-store");
            assert_eq!(headers["x-robots-tag"], "noindex, nofollow");
            assert!(headers["content-security-policy"].as_str().unwrap().contains("form-action"));
            assert!(answer["body"].as_str().unwrap().contains("<html lang=\"de\">"), "{case}");
            assert!(
                answer["headers"].get("location").is_none() && headers.get("set-cookie").is_none()
            );
        }
    }

    #[tokio::test]
    async fn who_opens_a_link_again_and_again_waits() {
        let (answer, ..) = asked_again(&sample("preferences-get"), 30).await;
        assert_eq!(answer["statusCode"], 429);
        assert_eq!(answer["headers"]["retry-after"], "60");
        assert!(answer["body"].as_str().unwrap().contains("<html lang=\"de\">"));
    }

    #[tokio::test]
    async fn a_form_that_is_not_in_base64_is_one_too() {
        let mut event = sample("unsubscribe-one-click");
        event["body"] = "List-Unsubscribe=One-Click".into();
        event["isBase64Encoded"] = false.into();
        assert_eq!(asked(&event).await.1, 2);
    }
}
