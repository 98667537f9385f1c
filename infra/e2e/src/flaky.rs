//! A loopback proxy in front of the API that fails one request in five: before the API saw it, or after,
//! when only the answer is lost.

use crate::{aws, http};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Which requests fail.
const EVERY: usize = 5;

/// What becomes of one that fails.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// Answered without asking the API.
    Refused(&'static str),
    /// Asked, and the answer is lost.
    Lost,
    /// Asked, and answered as if that had failed.
    Hidden(&'static str),
}

const FAILURES: [Failure; 5] = [
    Failure::Refused("500 Internal Server Error\r\n"),
    Failure::Lost,
    Failure::Refused("429 Too Many Requests\r\nretry-after: 1\r\n"),
    Failure::Hidden("502 Bad Gateway\r\n"),
    Failure::Refused("503 Service Unavailable\r\nretry-after: 1\r\n"),
];

/// A proxy that lives as long as the test.
#[derive(Debug)]
pub struct Flaky {
    /// Where it listens.
    pub url: String,
    count: Arc<AtomicUsize>,
}

impl Flaky {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || serve(&stream.unwrap(), &counted));
            }
        });
        Self { url, count }
    }

    /// How many requests came, and how many of them failed.
    #[must_use]
    pub fn requests(&self) -> (usize, usize) {
        let count = self.count.load(Ordering::SeqCst);
        (count, count / EVERY)
    }
}

/// A request, as it came.
struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// One request a connection: the answer says so.
fn serve(stream: &TcpStream, count: &AtomicUsize) {
    let Some(asked) = read(stream) else { return };
    let place = count.fetch_add(1, Ordering::SeqCst) + 1;
    let failure = place.is_multiple_of(EVERY).then(|| FAILURES[place / EVERY % FAILURES.len()]);
    if let Some(Failure::Refused(status)) = failure {
        return answer(stream, status, br#"{"code":"unlucky","message":"try again"}"#);
    }
    // The host stays: some sign it.
    let skipped = ["connection", "content-length", "accept-encoding", "transfer-encoding"];
    let kept = asked.headers.iter().filter(|(name, _)| !skipped.contains(&name.as_str()));
    let kept: Vec<(&str, &str)> = kept.map(|(name, value)| (&**name, &**value)).collect();
    let url = format!("{}{}", aws::API, asked.path);
    let told = http::call(&asked.method, &url, &kept, &asked.body);
    match failure {
        Some(Failure::Lost) => {}
        Some(Failure::Hidden(status)) => answer(stream, status, b"{}"),
        _ => {
            let after = told.header("retry-after");
            let after =
                if after.is_empty() { String::new() } else { format!("retry-after: {after}\r\n") };
            let name = told.header("x-amzn-errortype");
            let name = if name.is_empty() {
                String::new()
            } else {
                format!("x-amzn-errortype: {name}\r\n")
            };
            answer(stream, &format!("{} X\r\n{after}{name}", told.status), &told.body);
        }
    }
}

/// None where a client closes its connection instead of asking.
fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return None;
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(it, _)| it == name).map(|(_, value)| value);
    assert!(
        header("transfer-encoding").is_none(),
        "no SDK sends in chunks; this one does: {headers:?}"
    );
    let length = header("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}

fn answer(mut stream: &TcpStream, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // Who does not wait for the answer asks again.
    drop(stream.write_all(&[head.as_bytes(), body].concat()));
}
