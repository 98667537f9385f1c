//! Requests to the helpdesk's routes, each as an account's owner may make it: with any variables, query and body.

use crate::promise::{acme, at_once, halves, noon, text};
use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::access::sign_in::Clients;
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::api::{self, Ask, Desk, Does, Method, Route, Told};
use ceap_helpdesk::message::Nothing;
use ceap_helpdesk::presence::Connections;
use ceap_helpdesk::routes;
use ceap_helpdesk::search::{Recent, index};
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::store::memory::Memory;
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Fault, FixedClock, TenantId};
use std::cell::Cell;
use std::sync::Arc;

/// What the rest of the platform says, which is not there.
const ABSENT: &str = "a message asks for records only";

/// Bytes that an answer to a few kilobytes has at most.
const MOST: usize = 4 * 1024 * 1024;

/// One ticket is there. What is asked is answered in JSON, and never by a defect of ours.
pub fn run(data: &[u8]) {
    let [high, low, rest @ ..] = data else { return };
    let all: Vec<&Route> = routes::all()
        .into_iter()
        .flatten()
        .filter(|route| matches!(route.does, Does::Run(..)))
        .collect();
    let route = all[usize::from(u16::from_be_bytes([*high, *low])) % all.len()];
    let (line, body) = halves(rest);
    let line = text(line);
    let (variable, query) = line.split_once('?').unwrap_or((&line, ""));
    let variable = if variable.is_empty() { "1" } else { variable };
    let segments = route.path.split('/').map(|it| if it.starts_with('{') { variable } else { it });
    let path = segments.collect::<Vec<_>>().join("/");
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let told = Room::default().ask(route.method, &path, query, body.to_vec());
    let absent = told.fault == Some(Fault::Internal(ABSENT.to_owned()));
    assert!(told.fault.is_none() || absent, "{:?} {path}: {told:?}", route.method);
    assert!(absent || told.status != 500, "{told:?}");
    assert!((200..600).contains(&told.status) && told.body.len() <= MOST);
}

/// What the owner asks.
pub fn owners(method: Method, path: &str, query: Vec<(String, String)>, body: Vec<u8>) -> Ask {
    let credential = Credential::generate(acme(), &[1; 32]);
    let headers = vec![("authorization".to_owned(), format!("Bearer {}", credential.reveal()))];
    let base = "http://desk.example".to_owned();
    Ask { method, base, raw_path: format!("/api/v2{path}"), query, headers, body }
}

/// A helpdesk of one owner, with one ticket.
pub struct Room {
    /// Its records.
    pub store: Memory,
    accounts: Remembered,
    count: Cell<u64>,
}

impl Default for Room {
    fn default() -> Self {
        let store = Memory::new(Arc::new(FixedClock(noon())));
        let room = Self { store, accounts: Remembered::default(), count: Cell::new(0) };
        let ticket = r#"{"ticket": {"subject": "Printer", "comment": {"body": "It <b>burns</b>"}, "tags": ["hot"],
            "requester": {"name": "Ada", "email": "ada@acme.example"}}}"#;
        let told = room.ask(Method::Post, "/tickets", Vec::new(), ticket.into());
        assert_eq!(told.status, 201, "{told:?}");
        room
    }
}

impl Room {
    /// What the owner is answered.
    pub fn ask(
        &self,
        method: Method,
        path: &str,
        query: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Told {
        let ask = owners(method, path, query, body);
        self.at(&Nothing, async |desk| api::answer(desk, &routes::all(), &ask).await)
    }

    /// Does something at its desk.
    pub fn at<T>(&self, connections: &dyn Connections, act: impl AsyncFn(&Desk<'_>) -> T) -> T {
        let (clients, recent) = (Clients::default(), Recent::default());
        let (index, random) = (index::memory::Memory::default(), || self.bits());
        let desk = Desk {
            store: &self.store,
            accounts: &self.accounts,
            platform: &Owner,
            sign_in: &Nothing,
            clients: &clients,
            ceiling: &ceap_helpdesk::api::NoCeiling,
            clock: &FixedClock(noon()),
            files: &Nothing,
            secrets: &Nothing,
            deliver: &Nothing,
            index: &index,
            recent: &recent,
            connections,
            random: &random,
        };
        at_once(act(&desk))
    }

    /// Numbers that differ, and count up at their beginning.
    fn bits(&self) -> [u8; 32] {
        self.count.set(self.count.get() + 1);
        let mut bits = [7; 32];
        bits[..2].copy_from_slice(&u16::try_from(self.count.get() % 0x800).unwrap().to_be_bytes());
        bits[2..10].copy_from_slice(&self.count.get().to_be_bytes());
        bits
    }
}

/// Everybody owns the account.
struct Owner;

impl Platform for Owner {
    fn principal<'a>(
        &'a self,
        tenant: &'a TenantId,
        _: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>> {
        let email = Some("owner@acme.example".to_owned());
        let principal =
            Principal { tenant: tenant.clone(), role: Role::Admin, email, source: None };
        Box::pin(async { Ok(Some(principal)) })
    }

    fn client<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Option<SignInClient>, Fault>> {
        Box::pin(async { Ok(None) })
    }
}
