//! Requests of the helpdesk's webhooks, over HTTP.

use ceap_channels::http::{HeaderMap, HeaderName, HeaderValue, Http, Method, NoAnswer, Reach};
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::webhook::{Deliver, Delivered, Prepared, Undelivered, Verb};
use ceap_kernel::Fault;
use std::sync::OnceLock;
use std::time::Instant;

/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 16 * 1024;

/// Makes the requests. The client is built when the first is made, for most functions make none.
pub(super) struct Deliverer {
    reach: Reach,
    http: OnceLock<Http>,
}

impl Deliverer {
    /// Whom `reach` allows may be asked.
    pub const fn new(reach: Reach) -> Self {
        Self { reach, http: OnceLock::new() }
    }

    fn http(&self) -> Result<&Http, Fault> {
        match self.http.get() {
            Some(http) => Ok(http),
            None => {
                let http = Http::new(self.reach)?;
                Ok(self.http.get_or_init(|| http))
            }
        }
    }

    async fn ask(&self, request: &Prepared) -> Result<Result<Delivered, Undelivered>, Fault> {
        let http = self.http()?;
        let url = match self.reach.url(&request.url) {
            Ok(url) => url,
            Err(rule) => return Ok(Err(Undelivered::Refused(rule))),
        };
        let Some(headers) = headers(&request.headers) else {
            return Ok(Err(Undelivered::Refused("a header cannot be sent".to_owned())));
        };
        let method = match request.method {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let began = Instant::now();
        let answer = http.ask(method, url, headers, request.body.clone(), MAX_ANSWER).await;
        Ok(match answer {
            Ok(answer) => Ok(Delivered {
                status: answer.status,
                headers: shown(&answer.headers),
                body: String::from_utf8_lossy(&answer.body).into_owned(),
                milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            }),
            Err(NoAnswer::Refused(why)) => Err(Undelivered::Refused(why)),
            Err(NoAnswer::NotAsked(why)) => Err(Undelivered::Unreachable(why)),
            Err(NoAnswer::Lost(why)) => Err(Undelivered::Lost(why)),
        })
    }
}

fn headers(all: &[(String, String)]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in all {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(headers)
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

impl Deliver for Deliverer {
    fn deliver<'a>(
        &'a self,
        request: &'a Prepared,
    ) -> Soon<'a, Result<Result<Delivered, Undelivered>, Fault>> {
        Box::pin(self.ask(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_testkit::server::{Reply, Server};

    fn request(url: &str, method: Verb) -> Prepared {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![header("Content-Type", "application/json"), header("X-Own", "1")];
        let body = if method == Verb::Get { Vec::new() } else { b"{}".to_vec() };
        Prepared { method, url: url.to_owned(), headers, body }
    }

    #[tokio::test]
    async fn asks_once_and_tells_what_was_answered() {
        let server = Server::start(vec![Reply::status(418).body("no")]).await;
        let deliverer = Deliverer::new(Reach::Loopback);
        let asked = request(server.url().as_str(), Verb::Patch);
        let answer = deliverer.deliver(&asked).await.unwrap().unwrap();
        assert_eq!((answer.status, &*answer.body), (418, "no"));
        let got = deliverer.deliver(&request("http://127.0.0.1:1/", Verb::Get)).await.unwrap();
        assert!(matches!(got, Err(Undelivered::Unreachable(_))), "{got:?}");
    }

    #[tokio::test]
    async fn asks_nobody_whom_nobody_may_ask() {
        let deliverer = Deliverer::new(Reach::Public);
        for url in ["http://127.0.0.1/", "https://10.0.0.1/", "file:///etc/passwd", "x"] {
            let got = deliverer.deliver(&request(url, Verb::Post)).await.unwrap();
            assert!(matches!(got, Err(Undelivered::Refused(_))), "{url}: {got:?}");
        }
    }
}
