//! Sources that are asked: each kind by its own connector.

use ceap_aws::athena::AthenaQueries;
use ceap_connectors::http_poll::HttpPoll;
use ceap_connectors::snowflake::Snowflake;
use ceap_engagement::secret::Secrets;
use ceap_engagement::source::SourceKind;
use ceap_engagement::source::poll::{Ask, Page, Pages};
use ceap_kernel::Fault;

/// All that can be asked.
#[derive(Debug)]
pub struct Connections<S> {
    /// Athena.
    pub athena: AthenaQueries,
    /// Snowflake.
    pub snowflake: Snowflake<S>,
    /// JSON APIs.
    pub http: HttpPoll<S>,
}

impl<S: Secrets> Pages for Connections<S> {
    async fn page(&self, ask: &Ask<'_>) -> Result<Page, Fault> {
        match ask.kind {
            SourceKind::Athena(source) => self.athena.page(ask, source).await,
            SourceKind::Snowflake(source) => self.snowflake.page(ask, source).await,
            SourceKind::HttpPoll(source) => self.http.page(ask, source).await,
            other => Err(Fault::Internal(format!("`{}` is not asked", other.as_str()))),
        }
    }
}
