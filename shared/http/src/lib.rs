//! One HTTP request: asked once, within a time, and only of whom may be asked. Channels and connectors that speak HTTP
//! themselves ask through it.

use ceap_kernel::Fault;
use reqwest::Client;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
pub use reqwest::{Method, Url};
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// The whole exchange, from the name's resolution to the end of the answer. Well below the
/// function's own timeout.
const TIMEOUT: Duration = Duration::from_secs(10);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Who may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, over HTTPS.
    Public,
    /// Loopback addresses too, also over plain HTTP: for local use.
    Loopback,
}

impl Reach {
    /// From a function's setting: `true` allows loopback.
    #[must_use]
    pub const fn loopback(allowed: bool) -> Self {
        if allowed { Self::Loopback } else { Self::Public }
    }

    /// Whether a connection to `ip` may be opened.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        (self == Self::Loopback && ip.is_loopback())
            || match ip {
                IpAddr::V4(ip) => public_v4(ip),
                IpAddr::V6(ip) => public_v6(ip),
            }
    }

    /// Reads a URL that may be asked.
    ///
    /// # Errors
    /// The rule that it breaks. Whether its host resolves to what may be asked is seen when it is.
    pub fn url(self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL holds a user or password".to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let local = ip.map_or(host == "localhost", |ip| ip.to_canonical().is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if self == Self::Loopback && local => {}
            _ => return Err("the URL must start with https://".to_owned()),
        }
        // An address in the URL itself never meets the resolver.
        match ip {
            Some(ip) if !self.allows(ip) => Err("the host is not a public address".to_owned()),
            _ => Ok(url),
        }
    }
}

/// What the IANA special-purpose registry (RFC 6890 and its updates) calls globally reachable;
/// 169.254.169.254 and .170.2, where clouds keep credentials, are link-local and so left out.
fn public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

/// Global unicast (2000::/3) without what only wraps or documents other addresses. fd00:ec2::254,
/// EC2's metadata, is unique-local and so left out.
fn public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let teredo_and_protocols = a == 0x2001 && b < 0x200;
    let documentation = (a == 0x2001 && b == 0xdb8) || (a == 0x3fff && b < 0x1000);
    let six_to_four = a == 0x2002;
    (0x2000..0x4000).contains(&a) && !teredo_and_protocols && !documentation && !six_to_four
}

/// The address is not one that may be asked.
#[derive(Debug)]
struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host resolves to an address that is not public")
    }
}

impl Error for Forbidden {}

/// Resolves, and refuses a host of which any address may not be asked. The connection goes to the
/// very addresses that were checked, so a name that changes meanwhile gains nothing.
struct Guard(Reach);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().all(|found| reach.allows(found.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(Forbidden.into())
            }
        })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Its beginning.
    pub body: Vec<u8>,
    /// Whether that is all of it: not more than was to be read, and not broken off.
    pub whole: bool,
    /// Its headers.
    pub headers: HeaderMap,
    /// For how many seconds it wants to be left alone. `Retry-After` may also be a date (RFC 9110
    /// §10.2.3), which is as good as none: the queue has a delay of its own.
    pub retry_after_s: Option<u32>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// Asking is not allowed, or not possible with such a request. Nothing was sent.
    Refused(String),
    /// There was no connection. Nothing was sent.
    NotAsked(String),
    /// It was asked, or may have been.
    Lost(String),
}

/// The client.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    timeout: Duration,
    /// Who may be asked.
    pub reach: Reach,
}

impl Http {
    /// A client. It follows no redirect (the signed request and its secrets are for one host), asks
    /// no proxy (which would resolve by itself), retries nothing, and opens a connection for each
    /// request: one kept across a freeze of the function may be dead, which is only seen after
    /// the request was written, when nobody knows what became of it.
    ///
    /// # Errors
    /// `Internal` when TLS cannot be set up.
    pub fn new(reach: Reach) -> Result<Self, Fault> {
        Self::within(reach, TIMEOUT)
    }

    /// The same with another limit on the whole exchange.
    ///
    /// # Errors
    /// As [`Http::new`].
    pub fn within(reach: Reach, timeout: Duration) -> Result<Self, Fault> {
        let client = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent("CEAP")
            .dns_resolver(Guard(reach))
            .build()
            .map_err(|error| Fault::Internal(format!("no HTTP client: {error}")))?;
        Ok(Self { client, timeout, reach })
    }

    /// The same client with another limit on the whole exchange. To make one anew takes milliseconds.
    #[must_use]
    pub fn patient(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Posts once. Of the answer's body at most `limit` bytes are read, and whatever else comes is
    /// left unread; a body that breaks off is as good as one that ends there.
    ///
    /// # Errors
    /// By whether anything can have been sent.
    pub async fn post(
        &self,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Answer, NoAnswer> {
        self.ask(Method::POST, url, headers, body, limit).await
    }

    /// Asks once, as [`Http::post`].
    ///
    /// # Errors
    /// By whether anything can have been sent.
    pub async fn ask(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Answer, NoAnswer> {
        let request = self.client.request(method, url).headers(headers).timeout(self.timeout);
        let request = if body.is_empty() { request } else { request.body(body) };
        let mut response = request.send().await.map_err(|error| no_answer(&error))?;
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after_s = after.and_then(|text| text.trim().parse().ok());
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut answer = Answer { status, body: Vec::new(), whole: false, headers, retry_after_s };
        while answer.body.len() <= limit {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    // One more byte tells that there is more than was to be read.
                    let room = limit.saturating_add(1).saturating_sub(answer.body.len());
                    answer.body.extend(chunk.into_iter().take(room));
                }
                Ok(None) => {
                    answer.whole = true;
                    break;
                }
                Err(_) => break,
            }
        }
        answer.whole = answer.whole && answer.body.len() <= limit;
        answer.body.truncate(limit);
        Ok(answer)
    }
}

/// Says what kind of failure it was, without the URL: it may hold a secret.
fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Forbidden>() {
            return NoAnswer::Refused(inner.to_string());
        }
        cause = inner.source();
    }
    if error.is_builder() {
        NoAnswer::Refused("malformed request".to_owned())
    } else if error.is_connect() {
        NoAnswer::NotAsked("no connection".to_owned())
    } else if error.is_timeout() {
        NoAnswer::Lost("timeout".to_owned())
    } else {
        NoAnswer::Lost("connection lost".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_testkit::server::{Reply, Server};
    use rstest::rstest;

    #[rstest]
    #[case("https://example.com/hook", true, true)]
    #[case("https://93.184.216.34/", true, true)]
    #[case("https://[2606:4700::1111]/", true, true)]
    #[case("http://127.0.0.1:8080/", false, true)]
    #[case("http://[::1]:8080/", false, true)]
    #[case("http://localhost/", false, true)]
    #[case("https://127.0.0.1/", false, true)]
    #[case("http://example.com/", false, false)]
    #[case("http://localhost.example.com/", false, false)]
    #[case("https://10.0.0.1/", false, false)]
    #[case("https://172.31.0.1/", false, false)]
    #[case("https://192.168.1.1/", false, false)]
    #[case("https://100.64.0.1/", false, false)]
    #[case("https://169.254.169.254/latest/meta-data/", false, false)]
    #[case("https://0xa9fea9fe/", false, false)]
    #[case("https://2852039166/", false, false)]
    #[case("https://169.254.170.2/v2/credentials", false, false)]
    #[case("https://0.0.0.0/", false, false)]
    #[case("https://255.255.255.255/", false, false)]
    #[case("https://[fd00:ec2::254]/", false, false)]
    #[case("https://[fe80::1]/", false, false)]
    #[case("https://[::ffff:10.0.0.1]/", false, false)]
    #[case("https://[64:ff9b::a9fe:a9fe]/", false, false)]
    #[case("https://[2002:a9fe:a9fe::1]/", false, false)]
    #[case("https://user:pass@example.com/", false, false)]
    #[case("ftp://example.com/", false, false)]
    #[case("file:///etc/passwd", false, false)]
    #[case("example.com", false, false)]
    #[case("", false, false)]
    fn who_may_be_asked(#[case] url: &str, #[case] public: bool, #[case] loopback: bool) {
        assert_eq!(Reach::Public.url(url).is_ok(), public, "{url}");
        assert_eq!(Reach::Loopback.url(url).is_ok(), loopback, "{url}");
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_forbidden_address_is_refused_and_not_asked() {
        let server = Server::start(vec![Reply::status(204)]).await;
        let http = Http::new(Reach::Public).unwrap();
        // By name: only the resolver can see where it leads.
        let url = format!("https://localhost:{}/", server.port).parse().unwrap();
        let refused = http.post(url, HeaderMap::new(), Vec::new(), 10).await.unwrap_err();
        assert!(matches!(&refused, NoAnswer::Refused(why) if why.contains("not public")));
        assert_eq!(server.connections(), 0);
    }

    #[tokio::test]
    async fn reads_no_more_of_the_answer_than_it_was_told() {
        let server = Server::start(vec![Reply::status(200).body("x".repeat(100_000))]).await;
        let http = Http::new(Reach::Loopback).unwrap();
        let answer = http.post(server.url(), HeaderMap::new(), Vec::new(), 1024).await.unwrap();
        assert_eq!((answer.status, answer.body.len(), answer.whole), (200, 1024, false));
    }

    #[rstest]
    #[case("30", Some(30))]
    #[case("4294967296", None)]
    #[case("-1", None)]
    #[case("Fri, 31 Dec 1999 23:59:59 GMT", None)]
    #[tokio::test]
    async fn how_long_to_wait(#[case] header: &str, #[case] seconds: Option<u32>) {
        let server = Server::start(vec![Reply::status(429).header("retry-after", header)]).await;
        let http = Http::new(Reach::Loopback).unwrap();
        let answer = http.post(server.url(), HeaderMap::new(), Vec::new(), 10).await.unwrap();
        assert_eq!(answer.retry_after_s, seconds);
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_was_asked() {
        let url = Server::start(Vec::new()).await.closed().await;
        let http = Http::new(Reach::Loopback).unwrap();
        let lost = http.post(url, HeaderMap::new(), Vec::new(), 10).await.unwrap_err();
        assert_eq!(lost, NoAnswer::NotAsked("no connection".to_owned()));
    }
}
