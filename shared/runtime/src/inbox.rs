//! The API of in-app inboxes.

use crate::http::{Asked, Reply};
use crate::limit::Limit;
use ceap_engagement::inbox::access::{Holder, Issue, issue};
use ceap_engagement::inbox::{Desk, Inbox, Mark, NotificationId, Wanted};
use ceap_engagement::pipeline::aftermath::Aftermath;
use ceap_engagement::pipeline::receive::Receipts;
use ceap_engagement::secret::Secrets;
use ceap_kernel::access::Credentials;
use ceap_kernel::quota::Quota;
use ceap_kernel::{Clock, Fault, SubjectId};
use serde::de::DeserializeOwned;

/// What credentials begin with. A token begins with its tenant, which never has an underscore.
const CREDENTIAL: &str = "ceap_";

/// All that is needed.
#[derive(Debug)]
pub struct InboxApi<K, S, I, R, A, C, Q, T> {
    /// Credentials.
    pub credentials: K,
    /// Secrets, for the key that tokens are signed with.
    pub secrets: S,
    /// How much who holds a token may ask.
    pub limit: Limit<Q, T>,
    /// The inboxes.
    pub desk: Desk<I, R, A, C>,
}

impl<K, S, I, R, A, C, Q, T> InboxApi<K, S, I, R, A, C, Q, T>
where
    K: Credentials,
    S: Secrets,
    I: Inbox,
    R: Receipts,
    A: Aftermath,
    C: Clock,
    Q: Quota,
    T: Clock,
{
    /// Answers a request.
    ///
    /// # Errors
    /// `Unauthorized` or `Forbidden` for whoever may not; `Limited` for who asks too often; `Invalid`, naming the field; `NotFound`;
    /// `Unavailable` or `Throttled`: the same may be asked again.
    pub async fn answer(&self, asked: &Asked) -> Result<Reply, Fault> {
        // Who asks is settled before what is asked is looked at.
        let holder = self.holder(asked).await?;
        let subject = SubjectId::new(asked.path("subject").unwrap_or_default())?;
        let route = asked.route();
        if route == "POST /v1/inbox/{subject}/token" {
            let (tenant, wish) = (holder.issues()?, body::<Issue>(asked)?);
            let now = self.desk.clock.now();
            let token = issue(tenant, &subject, wish, &self.secrets, now).await?;
            return Reply::json(201, &token);
        }
        let tenant = holder.opens(&subject)?;
        asked.of(tenant);
        match route.as_str() {
            "GET /v1/inbox/{subject}" => {
                let query = |name| asked.query(name);
                let (unread, cursor, limit) = (query("unread"), query("cursor"), query("limit"));
                let wanted = Wanted::parse(unread.as_deref(), cursor.as_deref(), limit.as_deref())?;
                Reply::json(200, &self.desk.list(tenant, &subject, &wanted).await?)
            }
            "GET /v1/inbox/{subject}/unread" => {
                Reply::json(200, &self.desk.unread(tenant, &subject).await?)
            }
            "POST /v1/inbox/{subject}/read" => {
                let (done, tally) = self.desk.read_all(tenant, &subject, &body(asked)?).await?;
                Ok(Reply::json(200, &done)?.counted(tally))
            }
            "POST /v1/inbox/{subject}/{id}/{mark}" => {
                let id = NotificationId::parse("id", &asked.path("id").unwrap_or_default())?;
                let mark = Mark::parse(&asked.path("mark").unwrap_or_default())?;
                let (now, tally) = self.desk.mark(tenant, &subject, &id, mark).await?;
                Ok(Reply::json(200, &now)?.counted(tally))
            }
            _ => Err(Fault::NotFound("there is no such route".to_owned())),
        }
    }

    async fn holder(&self, asked: &Asked) -> Result<Holder, Fault> {
        match asked.bearer().filter(|given| !given.starts_with(CREDENTIAL)) {
            Some(token) => {
                let claimed = asked.header("x-ceap-tenant");
                let now = self.desk.clock.now();
                let holder = Holder::of(token, claimed, &self.secrets, now).await?;
                if let Holder::Owner { tenant, subject } = &holder {
                    self.limit.admit_holder(tenant, subject.as_str()).await?;
                }
                Ok(holder)
            }
            None => asked.principal(&self.credentials).await.map(Holder::Member),
        }
    }
}

/// The body as a value; one that is not there asks for nothing in particular.
fn body<T: DeserializeOwned + Default>(asked: &Asked) -> Result<T, Fault> {
    if asked.body()?.is_empty() { Ok(T::default()) } else { asked.json("body") }
}

#[cfg(test)]
mod tests;
