//! A client of a WebSocket API.

use crate::PATIENCE;
use serde_json::Value;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::client::ClientRequestBuilder;
use tungstenite::{Error, Message, WebSocket};

/// A connection.
pub struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Connects to `ws://host:port/…` with these headers; `None` if the handshake is refused.
    #[must_use]
    pub fn open(url: &str, headers: &[(&str, &str)]) -> Option<Self> {
        let host = url.strip_prefix("ws://").and_then(|rest| rest.split('/').next());
        let stream =
            TcpStream::connect(host.unwrap_or_else(|| panic!("not local: {url}"))).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let request = ClientRequestBuilder::new(url.parse().unwrap());
        let request =
            headers.iter().fold(request, |all, (name, value)| all.with_header(*name, *value));
        let (socket, _) = tungstenite::client(request, stream).ok()?;
        socket.get_ref().set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        Some(Self(socket))
    }

    /// Says something.
    pub fn say(&mut self, said: &Value) {
        self.0.send(Message::text(said.to_string())).unwrap();
    }

    /// Waits until it is told something that fits; what comes before is passed over.
    pub fn hear(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let (began, mut others) = (Instant::now(), Vec::new());
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => {
                    let told: Value = serde_json::from_str(&text).unwrap();
                    if fits(&told) {
                        return told;
                    }
                    others.push(told);
                }
                Ok(_) => {}
                // The time to read is over: there is nothing yet.
                Err(Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(error) => panic!("{what}: {error}, after {others:?}"),
            }
            let waited = began.elapsed().as_secs();
            assert!(waited < PATIENCE, "{what}: not within {PATIENCE} s, but {others:?}");
        }
    }

    /// Goes away as a browser does whose tab is closed.
    pub fn close(mut self) {
        self.0.close(None).unwrap();
        // The other side's word that it heard ends it; one that is slow to say so does no harm.
        while self.0.read().is_ok() {}
    }
}
