//! A tenant's helpdesk. Its records are reached through the world, which counts and strikes; who looks at it as a
//! client of its API is not struck.

use crate::World;
use ceap_helpdesk::access::credential::Platform;
use ceap_helpdesk::access::sign_in::Clients;
use ceap_helpdesk::account::Remembered;
use ceap_helpdesk::api::{self, Ask, Desk, Method};
use ceap_helpdesk::erasure::Shredder;
use ceap_helpdesk::message::{Counter, Nothing};
use ceap_helpdesk::routes;
use ceap_helpdesk::search::Recent;
use ceap_helpdesk::store::memory::Memory;
use ceap_helpdesk::store::{Failure, Found, Item, Key, Range, Soon, Store, Write};
use ceap_kernel::access::{Credential, Principal, Role, SignInClient};
use ceap_kernel::{Fault, TenantId, Timestamp};
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// A helpdesk in a world.
#[derive(Clone)]
pub struct Helpdesk {
    world: World,
    records: Memory,
    random: Arc<AtomicU64>,
}

/// What memory answers, which never waits for anything but its turn.
fn at_once<T>(answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    loop {
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return answer;
        }
    }
}

impl Helpdesk {
    /// One that nobody has set up yet.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let records = Memory::new(Arc::new(world.clone()));
        Self { world: world.clone(), records, random: Arc::default() }
    }

    /// Where messages are handed in.
    #[must_use]
    pub fn counter(&self) -> Counter {
        let own = self.clone();
        Counter {
            store: Box::new(self.clone()),
            accounts: Remembered::default(),
            clock: Box::new(self.world.clone()),
            random: Box::new(move || own.bits()),
        }
    }

    /// What takes people out of it. There are no files.
    #[must_use]
    pub fn shredder(&self) -> Shredder {
        let own = self.clone();
        Shredder {
            store: Box::new(self.clone()),
            files: Box::new(Nothing),
            accounts: Remembered::default(),
            clock: Box::new(self.world.clone()),
            random: Box::new(move || own.bits()),
        }
    }

    /// Every item of every tenant, without a call that counts.
    #[must_use]
    pub fn dump(&self) -> Vec<(TenantId, Key, String)> {
        self.records.dump()
    }

    /// Numbers that differ, and count up at their beginning.
    fn bits(&self) -> [u8; 32] {
        let count = self.random.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bits = [0; 32];
        bits[..2].copy_from_slice(&u16::try_from(count % 0x800).unwrap().to_be_bytes());
        bits[2..10].copy_from_slice(&count.to_be_bytes());
        bits
    }

    /// What an administrator of `tenant` is answered, who sets it up with the first request.
    pub async fn ask(
        &self,
        tenant: &TenantId,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let credential = Credential::generate(tenant.clone(), &[1; 32]);
        let (raw_path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter_map(|it| it.split_once('='));
        let ask = Ask {
            method: Method::named(method).unwrap(),
            base: "http://desk.example".to_owned(),
            raw_path: format!("/api/v2{raw_path}"),
            query: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            headers: vec![("authorization".to_owned(), format!("Bearer {}", credential.reveal()))],
            body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        };
        let (accounts, clients) = (Remembered::default(), Clients::default());
        let recent = Recent::default();
        let random = || self.bits();
        let desk = Desk {
            store: &self.records,
            accounts: &accounts,
            platform: &Owners,
            sign_in: &Nothing,
            clients: &clients,
            ceiling: &ceap_helpdesk::api::NoCeiling,
            clock: &self.world,
            files: &Nothing,
            secrets: &Nothing,
            deliver: &Nothing,
            index: &Nothing,
            recent: &recent,
            connections: &Nothing,
            random: &random,
        };
        let told = api::answer(&desk, &routes::all(), &ask).await;
        assert_eq!(told.fault, None, "{path}");
        (told.status, serde_json::from_str(&told.body).unwrap_or_default())
    }

    /// What an administrator gets, who asks for something that is there.
    pub async fn get(&self, tenant: &TenantId, path: &str) -> Value {
        let (status, body) = self.ask(tenant, "GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

/// Everybody is an administrator.
struct Owners;

impl Platform for Owners {
    fn principal<'a>(
        &'a self,
        tenant: &'a TenantId,
        _: &'a str,
    ) -> Soon<'a, Result<Option<Principal>, Fault>> {
        let email = Some(format!("owner@{tenant}.example"));
        let (tenant, role) = (tenant.clone(), Role::Admin);
        Box::pin(async move { Ok(Some(Principal { tenant, role, email, source: None })) })
    }

    fn client<'a>(&'a self, _: &'a str) -> Soon<'a, Result<Option<SignInClient>, Fault>> {
        Box::pin(async { Ok(None) })
    }
}

impl Store for Helpdesk {
    fn get<'a>(
        &'a self,
        tenant: &'a TenantId,
        keys: &'a [Key],
    ) -> Soon<'a, Result<Vec<Item>, Fault>> {
        Box::pin(self.world.step("helpdesk.get", |_| at_once(self.records.get(tenant, keys))))
    }

    fn range<'a>(
        &'a self,
        tenant: &'a TenantId,
        range: &'a Range,
    ) -> Soon<'a, Result<Found, Fault>> {
        Box::pin(self.world.step("helpdesk.range", |_| at_once(self.records.range(tenant, range))))
    }

    fn count<'a>(&'a self, tenant: &'a TenantId, range: &'a Range) -> Soon<'a, Result<u64, Fault>> {
        Box::pin(self.world.step("helpdesk.count", |_| at_once(self.records.count(tenant, range))))
    }

    fn commit<'a>(
        &'a self,
        tenant: &'a TenantId,
        writes: &'a [Write],
    ) -> Soon<'a, Result<(), Failure>> {
        Box::pin(async move {
            let commit = |_: &mut _| Ok(at_once(self.records.commit(tenant, writes)));
            self.world.step("helpdesk.commit", commit).await?
        })
    }

    fn add<'a>(
        &'a self,
        tenant: &'a TenantId,
        key: &'a Key,
        by: u64,
        expires_at: Option<Timestamp>,
    ) -> Soon<'a, Result<u64, Fault>> {
        Box::pin(
            self.world.step("helpdesk.add", move |_| {
                at_once(self.records.add(tenant, key, by, expires_at))
            }),
        )
    }
}
