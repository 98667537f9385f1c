//! A small HTTP server on loopback for tests: it answers as it is told, and keeps what it was asked.

use http::HeaderMap;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// One answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An HTTP response, as it goes over the wire.
    Text(String),
    /// The connection breaks once the request was read.
    Break,
    /// Nothing comes.
    Hang,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self::Text(format!("HTTP/1.1 {status} X\r\nconnection: close\r\n\r\n"))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        match self {
            Self::Text(text) => {
                Self::Text(text.replacen("\r\n", &format!("\r\n{name}: {value}\r\n"), 1))
            }
            other => other,
        }
    }

    pub fn body(self, body: impl AsRef<str>) -> Self {
        match self {
            Self::Text(text) => Self::Text(text + body.as_ref()),
            other => other,
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: String,
    pub headers: BTreeMap<String, String>,
    /// The body, as text where it is text.
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Asked {
    pub fn header_map(&self) -> HeaderMap {
        let headers = self.headers.iter();
        headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }
}

#[derive(Debug)]
pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Gives `replies` in turn, then breaks every connection.
    pub async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, connections) = <(Arc<Mutex<Vec<Asked>>>, Arc<AtomicUsize>)>::default();
        let (kept, counted) = (asked.clone(), connections.clone());
        let task = tokio::spawn(async move {
            let mut replies = VecDeque::from(replies);
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let reply = replies.pop_front().unwrap_or(Reply::Break);
                tokio::spawn(serve(stream, reply, kept.clone()));
            }
        });
        Self { port, asked, connections, task }
    }

    pub fn url(&self) -> Url {
        format!("http://127.0.0.1:{}/hook", self.port).parse().unwrap()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Stops listening; the URL where it did.
    pub async fn closed(self) -> Url {
        let url = self.url();
        self.task.abort();
        while !self.task.is_finished() {
            tokio::task::yield_now().await;
        }
        url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, reply: Reply, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut bytes = Vec::new();
    let request = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or_default() == 0 {
            return;
        }
        if let Some(request) = read(&bytes) {
            break request;
        }
    };
    asked.lock().unwrap().push(request);
    match reply {
        Reply::Text(text) => drop(stream.write_all(text.as_bytes()).await),
        Reply::Break => {}
        Reply::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
    }
}

/// A request, once it is whole.
fn read(bytes: &[u8]) -> Option<Asked> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = bytes.split_at(end);
    let (head, body) = (String::from_utf8_lossy(head), &rest[4..]);
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(Ok(0), |text| text.parse()).ok()?;
    let text = String::from_utf8_lossy(body).into_owned();
    (body.len() >= length).then(|| Asked { line, headers, body: text, bytes: body.to_vec() })
}
