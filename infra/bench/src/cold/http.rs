//! As much of HTTP/1.1 as two programs on one machine need that agree on it: bodies with their length, connections that
//! stay.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// `GET`, `POST`, ….
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, but for the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Serves on a port of its own of this machine, which is returned, for as long as this program runs. Who has no answer
/// leaves the caller waiting.
///
/// # Errors
/// When there is no port.
pub fn serve(answer: impl Fn(Request) -> Option<Response> + Send + Sync + 'static) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // Who hangs up in the middle has been stopped: nobody waits for that answer.
            std::thread::spawn(move || drop(talk(stream, answer.as_ref())));
        }
    });
    Ok(port)
}

fn talk(mut stream: TcpStream, answer: &dyn Fn(Request) -> Option<Response>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let Some(response) = answer(request) else {
            loop {
                std::thread::park();
            }
        };
        let mut head = format!(
            "HTTP/1.1 {} x\r\ncontent-length: {}\r\n",
            response.status,
            response.body.len()
        );
        for (name, value) in response.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(&[head.into_bytes(), response.body].concat())?;
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> Result<Option<Request>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace();
    let (method, path) = words.next().zip(words.next()).context("no request line")?;
    let (method, path, mut headers) = (method.to_owned(), path.to_owned(), Vec::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
    if header("transfer-encoding").is_some() {
        bail!("a body without its length");
    }
    let length = header("content-length").map_or(Ok(0), |(_, length)| length.parse())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { method, path, headers, body }))
}
