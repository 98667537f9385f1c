//! A service on this machine that answers as a test says, and keeps what it was asked.
#![allow(dead_code)] // each test crate uses a part

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with a request that it has read.
pub enum Reply {
    /// Answers with these bytes.
    Answer(String),
    /// Closes the connection.
    Close,
    /// Says nothing.
    Hang,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The operation: the end of `x-amz-target` (AWS JSON), or `Action` (AWS query).
    pub operation: String,
    pub body: String,
}

impl Asked {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The body as a form, without the operation and its version.
    pub fn form(&self) -> BTreeMap<String, String> {
        let mut form = form(&self.body);
        form.remove("Action");
        form.remove("Version");
        form
    }
}

pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn new(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (reply, seen) = (Arc::new(reply), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (reply, seen) = (Arc::clone(&reply), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream.unwrap(), reply.as_ref(), &seen));
            }
        });
        Self { url, asked }
    }

    /// Where nobody listens.
    pub fn gone() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, asked: Arc::default() }
    }

    /// All requests, in order, once those that a retry would make had time to come.
    pub async fn asked(&self) -> Vec<Asked> {
        tokio::time::sleep(Duration::from_millis(150)).await;
        self.asked.lock().unwrap().clone()
    }

    /// Their operations.
    pub async fn operations(&self) -> Vec<String> {
        self.asked().await.into_iter().map(|it| it.operation).collect()
    }
}

fn serve(mut stream: TcpStream, reply: &dyn Fn(&Asked) -> Reply, seen: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&stream) else { return };
    seen.lock().unwrap().push(asked.clone());
    match reply(&asked) {
        Reply::Answer(answer) => stream.write_all(answer.as_bytes()).unwrap(),
        Reply::Close => {}
        Reply::Hang => std::thread::sleep(Duration::from_secs(60)),
    }
}

/// Reads one request; none when the connection ends before it does.
fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut target) = (0, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let line = line.trim();
        match line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value)) {
            Some((name, value)) if name == "content-length" => length = value.parse().unwrap(),
            Some((name, value)) if name == "x-amz-target" => {
                target = value.rsplit('.').next().map(str::to_owned);
            }
            _ => {}
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let operation = target.or_else(|| form(&body).remove("Action")).unwrap_or_default();
    Some(Asked { operation, body })
}

/// Reads `application/x-www-form-urlencoded`.
fn form(body: &str) -> BTreeMap<String, String> {
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().replace('+', " ").into_bytes();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap();
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        bytes.extend(rest.replace('+', " ").into_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

/// An answer of this content type.
pub fn http(status: u16, kind: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Answer(format!(
        "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    ))
}

/// An answer in AWS JSON.
pub fn json(status: u16, body: &serde_json::Value) -> Reply {
    http(status, "application/x-amz-json-1.0", &body.to_string())
}

/// An answer in AWS query: what is in the operation's result.
pub fn query(operation: &str, result: &str) -> Reply {
    let body = format!(
        "<{operation}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
         <{operation}Result>{result}</{operation}Result></{operation}Response>"
    );
    http(200, "text/xml", &body)
}

/// An error in AWS query.
pub fn query_error(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    http(status, "text/xml", &body)
}
