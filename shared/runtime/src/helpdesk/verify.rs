//! The pages that links of the helpdesk's letters open: where people show that an address is theirs, and where they say
//! how they were helped. A GET changes nothing: mail scanners follow every link.

use super::Office;
use crate::bootstrap::log;
use crate::env::Env;
use crate::http::{Asked, Reply};
use crate::limit::{self, Limit};
use crate::pages::{frame, html, waits};
use ceap_aws::dynamodb::{self, Table};
use ceap_engagement::preferences::pages::Frame;
use ceap_helpdesk::user::Verification;
use ceap_kernel::access::Credential;
use ceap_kernel::quota::Quota;
use ceap_kernel::{Clock, Fault};

const NAME: &str = "helpdesk-verify";

/// The route of the page of a survey.
const SURVEY: &str = " /v1/satisfaction/{token}";

impl Office {
    /// Serves the pages; who opens one link again and again is told to wait, which `PLATFORM_TABLE` counts.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn verify(&self, env: &Env) -> Result<(), lambda_runtime::Error> {
        let client = dynamodb::client(&ceap_aws::config().await);
        let limit = limit::of_holders(Table::new(&client, env.get("PLATFORM_TABLE")));
        crate::http::open(NAME, async |asked: &Asked| Ok(self.page(&limit, asked).await)).await
    }

    pub(super) async fn page(&self, limit: &Limit<impl Quota, impl Clock>, asked: &Asked) -> Reply {
        let frame = frame(asked);
        let token = asked.path("token").unwrap_or_default();
        if let Ok(Credential { tenant, .. }) = Credential::parse(&token)
            && let Some(wait) = waits(limit, &tenant, &token, asked).await
        {
            return wait;
        }
        let shown = match asked.route().ends_with(SURVEY) {
            true => self.surveyed(&frame, asked, &token).await,
            false => self.shown(&frame, asked.method(), &token).await.map(|html| (200, html)),
        };
        let (status, text) = match shown {
            Ok(shown) => shown,
            Err(fault) if fault.retryable() => {
                log(NAME, &fault);
                (503, frame.trouble())
            }
            Err(fault @ Fault::Internal(_)) => {
                log(NAME, &fault);
                (500, frame.trouble())
            }
            Err(Fault::Invalid { .. }) => (400, frame.bad()),
            Err(_) => (404, frame.unknown()),
        };
        html(status, text)
    }

    async fn shown(&self, frame: &Frame<'_>, method: &str, token: &str) -> Result<String, Fault> {
        let token = Credential::parse(token)?;
        let store = &*self.store;
        if method == "POST" {
            let email = Verification::finish(store, &token, self.clock.now()).await?;
            return Ok(frame.verified(&email));
        }
        Verification::of(store, &token).await.map(|email| frame.verify(&email))
    }
}
