//! A helpdesk in memory: what every test asks.

use crate::outside::{Lines, Outside};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::access::sign_in::{Clients, SignIn, Verified};
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::api::{self, Ask, Ceiling, Desk, Method, Told};
use ceap_helpdesk::automation::Duty;
use ceap_helpdesk::file::{Files, Stored};
use ceap_helpdesk::job::{self, Job};
use ceap_helpdesk::record::places;
use ceap_helpdesk::routes;
use ceap_helpdesk::search::{Recent, index};
use ceap_helpdesk::store::memory::Memory;
use ceap_helpdesk::store::{Expect, Item, Key, Range, Soon, Store, Write};
use ceap_helpdesk::user::Invitation;
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Clock, Fault, TenantId, Timestamp};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// Nobody's time but the test's.
#[derive(Debug, Clone)]
pub struct Hands(Arc<Mutex<Timestamp>>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The platform's credentials, and files.
#[derive(Default)]
pub struct Around {
    pub principals: RefCell<HashMap<String, Principal>>,
    /// App clients, and how often one was looked up.
    pub clients: RefCell<HashMap<String, SignInClient>>,
    pub lookups: Cell<usize>,
    /// What is said by tokens that are good, and what becomes of those that are not.
    pub tokens: RefCell<HashMap<String, Result<Verified, Fault>>>,
    /// How much tenants may still ask, of those that may not ask as much as they like.
    pub left: RefCell<BTreeMap<TenantId, u64>>,
    pub files: RefCell<BTreeMap<String, (String, Vec<u8>)>>,
    /// Those of them that do not go by themselves.
    pub kept: RefCell<BTreeSet<String>>,
}

impl Platform for Around {
    fn principal<'a>(
        &'a self,
        tenant: &'a TenantId,
        fingerprint: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>> {
        let known = self.principals.borrow().get(fingerprint).cloned();
        Box::pin(async move { Ok(known.filter(|it| it.tenant == *tenant)) })
    }

    fn client<'a>(&'a self, id: &'a str) -> Soon<'a, Result<Option<SignInClient>, Fault>> {
        self.lookups.set(self.lookups.get() + 1);
        let known = self.clients.borrow().get(id).cloned();
        Box::pin(async move { Ok(known) })
    }
}

impl SignIn for Around {
    fn verify<'a>(&'a self, token: &'a str) -> Soon<'a, Result<Verified, Fault>> {
        let said = self.tokens.borrow().get(token).cloned();
        let said = said.unwrap_or_else(|| Err(Fault::Unauthorized("not good".to_owned())));
        Box::pin(async move { said })
    }
}

impl Ceiling for Around {
    fn ready<'a>(&'a self, _: &'a TenantId) -> Soon<'a, ()> {
        Box::pin(async {})
    }

    fn let_in(&self, tenant: &TenantId) -> Result<(), Fault> {
        let mut all = self.left.borrow_mut();
        let Some(left) = all.get_mut(tenant) else { return Ok(()) };
        *left = left.checked_sub(1).ok_or(Fault::Limited(37))?;
        Ok(())
    }
}

impl Files for Around {
    fn put<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        content_type: &'a str,
        bytes: Vec<u8>,
    ) -> Soon<'a, Result<(), Fault>> {
        let name = format!("{tenant}/{name}");
        self.files.borrow_mut().insert(name, (content_type.to_owned(), bytes));
        Box::pin(async { Ok(()) })
    }

    fn upload<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        _: &'a str,
        size: u64,
    ) -> Soon<'a, Result<String, Fault>> {
        Box::pin(async move { Ok(format!("https://files.example/{tenant}/{name}?put={size}")) })
    }

    fn keep<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>> {
        self.kept.borrow_mut().insert(format!("{tenant}/{name}"));
        Box::pin(async { Ok(()) })
    }

    fn download<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
        file_name: &'a str,
        _: &'a str,
    ) -> Soon<'a, Result<String, Fault>> {
        Box::pin(async move { Ok(format!("https://files.example/{tenant}/{name}?as={file_name}")) })
    }

    fn look<'a>(
        &'a self,
        tenant: &'a TenantId,
        name: &'a str,
    ) -> Soon<'a, Result<Option<Stored>, Fault>> {
        let files = self.files.borrow();
        let found = files
            .get(&format!("{tenant}/{name}"))
            .map(|(kind, bytes)| Stored { size: bytes.len() as u64, content_type: kind.clone() });
        Box::pin(async move { Ok(found) })
    }

    fn delete<'a>(&'a self, tenant: &'a TenantId, name: &'a str) -> Soon<'a, Result<(), Fault>> {
        self.files.borrow_mut().remove(&format!("{tenant}/{name}"));
        Box::pin(async { Ok(()) })
    }
}

/// A helpdesk with two tenants, `acme` and `other`, each with an owner: `owner@<tenant>.example`.
pub struct World {
    pub store: Memory,
    pub hands: Hands,
    pub around: Around,
    pub outside: Outside,
    pub lines: Lines,
    pub accounts: Remembered,
    pub clients: Clients,
    pub index: index::memory::Memory,
    pub recent: Recent,
    tokens: HashMap<String, String>,
    /// Jobs that were begun.
    begun: RefCell<BTreeSet<(TenantId, Key)>>,
    /// Whether accounts keep the triggers that they come with. Without them only what a test sets up acts.
    standard: bool,
    /// What records were when the feed was checked last.
    pub seen: RefCell<HashMap<String, String>>,
    /// Whether it is not checked after each request: it looks at all that there is.
    pub unchecked: Cell<bool>,
    seed: Cell<u64>,
    count: Cell<u16>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Got {
    pub status: u16,
    pub body: Value,
    pub headers: Vec<(&'static str, String)>,
}

impl Got {
    /// What was answered, which must be of this status.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

pub const TENANTS: [&str; 2] = ["acme", "other"];

impl World {
    /// The same, whose accounts have the triggers that every account comes with.
    pub fn standard() -> Self {
        Self { standard: true, ..Self::new() }
    }

    pub fn new() -> Self {
        let hands = Hands(Arc::new(Mutex::new("2026-11-21T09:00:00.25Z".parse().unwrap())));
        let store = Memory::new(Arc::new(hands.clone()));
        let around = Around::default();
        let mut tokens = HashMap::new();
        for (index, name) in TENANTS.iter().enumerate() {
            let tenant = TenantId::new(*name).unwrap();
            let credential = Credential::generate(tenant.clone(), &[index as u8 + 1; 32]);
            let email = Some(format!("owner@{name}.example"));
            let principal = Principal { tenant, role: Role::Admin, email, source: None };
            around.principals.borrow_mut().insert(credential.fingerprint(), principal);
            tokens.insert((*name).to_owned(), credential.reveal());
        }
        let accounts = Remembered::default();
        let (outside, lines, clients) = (Outside::default(), Lines::default(), Clients::default());
        let (seed, count) = (Cell::new(7), Cell::new(0));
        let (index, recent) = (index::memory::Memory::default(), Recent::default());
        Self {
            store,
            hands,
            around,
            outside,
            lines,
            accounts,
            clients,
            index,
            recent,
            tokens,
            begun: RefCell::default(),
            standard: false,
            seen: RefCell::default(),
            unchecked: Cell::default(),
            seed,
            count,
        }
    }

    /// The platform's token of a tenant, which acts for any address.
    pub fn token(&self, tenant: &str) -> &str {
        &self.tokens[tenant]
    }

    /// Time goes on.
    pub fn pass(&self, seconds: i64) {
        self.tick(i128::from(seconds) * 1_000_000_000);
    }

    fn tick(&self, nanoseconds: i128) {
        let mut now = self.hands.0.lock().unwrap();
        *now = Timestamp::from_nanosecond(now.as_nanosecond() + nanoseconds).unwrap();
    }

    /// Asks as the owner of `acme`.
    pub async fn get(&self, path: &str) -> Got {
        self.ask("owner@acme.example", "GET", path, Value::Null).await
    }

    /// Asks as the owner of `acme`.
    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.ask("owner@acme.example", "POST", path, body).await
    }

    /// Asks as the owner of `acme`.
    pub async fn put(&self, path: &str, body: Value) -> Got {
        self.ask("owner@acme.example", "PUT", path, body).await
    }

    /// Asks as the owner of `acme`.
    pub async fn delete(&self, path: &str) -> Got {
        self.ask("owner@acme.example", "DELETE", path, Value::Null).await
    }

    /// Asks as `email`, of the tenant whose name the address has.
    pub async fn ask(&self, email: &str, method: &str, path: &str, body: Value) -> Got {
        let tenant = TENANTS.iter().find(|name| email.contains(**name)).unwrap();
        self.with(self.basic(email, self.token(tenant)), method, path, body).await
    }

    /// The header of Basic authentication.
    pub fn basic(&self, email: &str, token: &str) -> Vec<(String, String)> {
        let value = format!("Basic {}", STANDARD.encode(format!("{email}/token:{token}")));
        vec![("authorization".to_owned(), value)]
    }

    /// Asks with these headers.
    pub async fn with(
        &self,
        headers: Vec<(String, String)>,
        method: &str,
        path: &str,
        body: Value,
    ) -> Got {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.raw(headers, method, path, body).await
    }

    /// Asks with these headers and bytes. `path` is what follows `/api/v2`.
    pub async fn raw(
        &self,
        headers: Vec<(String, String)>,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Got {
        let (told, got) = self.told(headers, method, path, body).await;
        assert_eq!(told.fault, None, "{path}");
        got
    }

    /// The same, with what operators are told.
    pub async fn told(
        &self,
        headers: Vec<(String, String)>,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> (Told, Got) {
        let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter(|it| !it.is_empty());
        let query = pairs.map(|it| it.split_once('=').unwrap_or((it, "")));
        let ask = Ask {
            method: Method::named(method).unwrap(),
            base: "http://desk.example".to_owned(),
            raw_path: format!("/api/v2{raw_path}"),
            query: query.map(|(key, value)| (decoded(key), decoded(value))).collect(),
            headers,
            body,
        };
        let asked_at = self.hands.now();
        let told = self.at_desk(async |desk| api::answer(desk, &routes::all(), &ask).await).await;
        if !self.standard {
            self.strip().await;
        }
        if method != "GET" && !self.unchecked.get() {
            self.check_feed(asked_at);
        }
        let body = serde_json::from_str(&told.body).unwrap_or(Value::Null);
        // No two requests come in the same millisecond: ids have its order.
        self.tick(1_000_000);
        let got = Got { status: told.status, body, headers: told.headers.clone() };
        (told, got)
    }

    /// The addresses of `acme` that were invited, in this order.
    pub async fn invited(&self) -> Vec<String> {
        let acme = TenantId::new("acme").unwrap();
        let mut emails = Vec::new();
        for (tenant, key, body) in self.store.dump() {
            if tenant == acme && key.sort == Invitation::SORT {
                let invitation: Invitation = serde_json::from_str(&body).unwrap();
                let invited = invitation.invited(&self.store, &acme).await.unwrap();
                emails.push(invited.unwrap().email);
            }
        }
        emails
    }

    /// What time has to bring about in `acme`, by what is kept.
    pub fn due(&self) -> BTreeSet<Duty> {
        let acme = TenantId::new("acme").unwrap();
        let all = self.store.dump().into_iter().filter(|(tenant, ..)| *tenant == acme);
        all.filter_map(|(_, key, body)| Duty::of(&key, &body).unwrap()).collect()
    }

    /// Does the jobs that were kept since it last did.
    pub async fn work(&self) {
        for (tenant, key, body) in self.store.dump() {
            let is_new = || self.begun.borrow_mut().insert((tenant.clone(), key.clone()));
            if key.sort == Job::SORT && is_new() {
                let job: Job = serde_json::from_str(&body).unwrap();
                self.work_on(&tenant, &job.id).await;
            }
        }
    }

    /// Does a job, as the queue brings it.
    pub async fn work_on(&self, tenant: &TenantId, id: &str) {
        let all = routes::all();
        self.at_desk(async |desk| job::run(desk, &all, tenant, id).await).await.unwrap();
    }

    /// Starts a job, has it done, and tells what came of it.
    #[track_caller]
    pub fn done(&self, started: Got) -> impl Future<Output = Value> + '_ {
        let started = started.is(200);
        assert_eq!(started["job_status"]["status"], "queued");
        async move {
            self.work().await;
            let id = started["job_status"]["id"].as_str().unwrap();
            self.get(&format!("/job_statuses/{id}.json")).await.is(200)["job_status"].clone()
        }
    }

    /// Takes away the triggers that accounts come with, as soon as there is one.
    async fn strip(&self) {
        for tenant in TENANTS.map(|name| TenantId::new(name).unwrap()) {
            let triggers = Range::of(places::ACCOUNT, usize::MAX).starting("TRIGGER#");
            for Item { key, body, .. } in self.store.kept(&tenant, &triggers) {
                if body.contains("\"default\":true") {
                    let stamp = Write::Add { key: places::stamp(), by: 1 };
                    let gone = Write::Delete { key, expect: Expect::Anything };
                    self.store.commit(&tenant, &[gone, stamp]).await.unwrap();
                }
            }
        }
    }

    pub async fn at_desk<T>(&self, act: impl AsyncFn(&Desk<'_>) -> T) -> T {
        let random = || {
            // Any numbers that differ (SplitMix64), after one that counts: ids count up while the time stands still.
            let mut bytes = [0; 32];
            for part in bytes.chunks_mut(8) {
                let seed = self.seed.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
                self.seed.set(seed);
                let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                part.copy_from_slice(&(mixed ^ (mixed >> 27)).to_be_bytes());
            }
            self.count.set(self.count.get().wrapping_add(1));
            bytes[..2].copy_from_slice(&self.count.get().to_be_bytes());
            bytes
        };
        let desk = Desk {
            store: &self.store,
            accounts: &self.accounts,
            platform: &self.around,
            sign_in: &self.around,
            clients: &self.clients,
            ceiling: &self.around,
            clock: &self.hands,
            files: &self.around,
            secrets: &self.outside,
            deliver: &self.outside,
            index: &self.index,
            recent: &self.recent,
            connections: &self.lines,
            random: &random,
        };
        act(&desk).await
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = std::str::from_utf8(&digits).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}
