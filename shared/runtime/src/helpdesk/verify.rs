//! The pages that links of the helpdesk's letters open: where people show that an address is theirs, and where they say
//! how they were helped. A GET changes nothing: mail scanners follow every link.

use super::Office;
use crate::bootstrap::log;
use crate::http::{Asked, Reply};
use ceap_engagement::preferences::pages::{self, Frame};
use ceap_engagement::preferences::words::Language;
use ceap_helpdesk::user::Verification;
use ceap_kernel::Fault;
use ceap_kernel::access::Credential;

const NAME: &str = "helpdesk-verify";

/// The route of the page of a survey.
const SURVEY: &str = " /v1/satisfaction/{token}";

impl Office {
    /// Serves the pages.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn verify(&self) -> Result<(), lambda_runtime::Error> {
        crate::http::open(NAME, async |asked: &Asked| Ok(self.page(asked).await)).await
    }

    pub(super) async fn page(&self, asked: &Asked) -> Reply {
        let languages = asked.header("accept-language").unwrap_or_default();
        let language = Language::accepted(languages).unwrap_or(Language::English);
        let frame = Frame { language, brand: "" };
        let token = asked.path("token").unwrap_or_default();
        let shown = match asked.route().ends_with(SURVEY) {
            true => self.surveyed(&frame, asked, &token).await,
            false => self.shown(&frame, asked.method(), &token).await.map(|html| (200, html)),
        };
        let (status, html) = match shown {
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
        let reply = Reply::text(status, "text/html; charset=utf-8", html);
        pages::headers().into_iter().fold(reply, |reply, (name, value)| reply.header(name, value))
    }

    async fn shown(&self, frame: &Frame<'_>, method: &str, token: &str) -> Result<String, Fault> {
        let token = Credential::parse(token)?;
        let (store, gone) = (&*self.store, || Fault::NotFound("no such link".to_owned()));
        if method == "POST" {
            let done = Verification::finish(store, &token, self.clock.now()).await?;
            return Ok(frame.verified(&done.email));
        }
        let asked = Verification::of(store, &token).await?.ok_or_else(gone)?;
        Ok(frame.verify(&asked.email))
    }
}
