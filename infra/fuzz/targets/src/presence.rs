//! What clients of the WebSocket API say: anybody who is connected may say anything.

use crate::helpdesk::{Room, owners};
use crate::promise::text;
use ceap_helpdesk::api::Method;
use ceap_helpdesk::presence::{Connections, Live, Posted, connect};
use ceap_helpdesk::store::Soon;
use ceap_kernel::Fault;
use serde_json::Value;
use std::sync::Mutex;

/// Bytes of one answer at most: what was said is at most 1 KiB, and no more of it is told back.
const MOST: usize = 4 * 1024;

/// What a client is told.
#[derive(Default)]
struct Line(Mutex<Vec<String>>);

impl Connections for Line {
    fn url(&self) -> &str {
        "wss://desk.example"
    }

    fn post<'a>(&'a self, _: &'a str, text: &'a str) -> Soon<'a, Result<Posted, Fault>> {
        self.0.lock().unwrap().push(text.to_owned());
        Box::pin(async { Ok(Posted::Sent) })
    }
}

/// An agent at a connection says it twice: each time it is done or refused, in JSON and briefly.
pub fn run(data: &[u8]) {
    let (room, line) = (Room::default(), Line::default());
    let ask = owners(Method::Get, "/presence", Vec::new(), Vec::new());
    let connected = room.at(&line, async |desk| connect(desk, &ask, "c-1").await);
    assert!(connected.is_ok(), "{connected:?}");
    let said = text(data);
    for _ in 0..2 {
        let heard = room.at(&line, async |desk| Live::of(desk).hear("c-1", &said).await);
        assert!(heard.is_ok(), "{said:?}: {heard:?}");
    }
    for told in line.0.lock().unwrap().iter() {
        assert!(told.len() <= MOST, "{told}");
        assert!(serde_json::from_str::<Value>(told).is_ok_and(|it| it.is_object()), "{told}");
    }
}
