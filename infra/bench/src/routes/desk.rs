//! The helpdesk that is asked.

use super::script::{By, Request};
use super::{Asked, Written, answering, gateway, name};
use crate::invoke::{Bill, Invoker};
use crate::platform::Platform;
use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_aws::dynamodb::{self, HelpdeskStore, Leases, Table};
use ceap_aws::search_bucket::SearchBucket;
use ceap_helpdesk::api::Method;
use ceap_helpdesk::routes::{GROUPS, SEARCH};
use ceap_kernel::{SystemClock, TenantId};
use ceap_runtime::drive;
use ceap_runtime::helpdesk::Office;
use ceap_search::desk::{Indexes, Keeping, Rebuild};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Requests with one token: below what the API takes of one in a minute.
const PER_TOKEN: usize = 500;

/// How long building an index may take.
const BUDGET: Duration = Duration::from_secs(60);

/// Its functions, and what they have taken so far.
pub struct Desk<'a> {
    platform: &'a Platform,
    office: Office,
    invoker: Invoker<'a>,
    asked: usize,
    indexed: bool,
}

impl<'a> Desk<'a> {
    /// One that was not asked anything yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn new(platform: &'a Platform, memory: &'a BTreeMap<String, u64>) -> Result<Self> {
        let office = Office::of(&platform.env, &platform.config);
        let office = office.map_err(|fault| anyhow!("{fault}"))?;
        let bucket = SearchBucket::new(&platform.config, platform.env.get("SEARCH_BUCKET"));
        let indexes = Indexes::open(Arc::new(bucket)).map_err(|fault| anyhow!("{fault}"))?;
        let office = office.searching(indexes);
        let invoker = Invoker::new(&platform.aws, memory);
        Ok(Self { platform, office, invoker, asked: 0, indexed: false })
    }

    /// Builds the search index of what is there now.
    async fn index(&mut self) -> Result<()> {
        let Platform { config, env, .. } = self.platform;
        let table = Table::new(&dynamodb::client(config), env.get("HELPDESK_TABLE"));
        let leases = Leases::new(table.clone());
        let store = HelpdeskStore::new(table, SystemClock);
        let bucket = SearchBucket::new(config, env.get("SEARCH_BUCKET"));
        let failed = |fault| anyhow!("no index: {fault}");
        let keeping = Keeping::new(
            Box::new(store),
            Arc::new(bucket),
            Arc::new(leases),
            Arc::new(SystemClock),
        );
        let tenant = self.platform.tenant.clone();
        let anew = Rebuild { tenant, build: None, done: false, documents: 0 };
        let built = keeping.map_err(failed)?.rebuild(anew, BUDGET).await.map_err(failed)?;
        ensure!(built.done, "the index was not built within {} s", BUDGET.as_secs());
        self.indexed = true;
        Ok(())
    }

    /// Has the functions read how the account is set up by now, as those of a busy one have.
    async fn settle(&mut self) -> Result<()> {
        let request = Request::of(Method::Get, "/groups");
        let event = event(self.token()?, &self.platform.tenant, &request);
        let answer = drive::helpdesk(&self.office, &GROUPS, &event).await;
        answer.map(drop).map_err(|error| anyhow!("{request}: {error}"))
    }

    fn token(&mut self) -> Result<&'a str> {
        let token = self.platform.tokens.get(self.asked / PER_TOKEN).context("too few tokens")?;
        self.asked = self.asked.saturating_add(1);
        Ok(token)
    }

    /// Asks, and says what it took and what the answer was.
    ///
    /// # Errors
    /// When no route answers, or its function fails.
    pub async fn ask(&mut self, request: &Request) -> Result<(Asked, Value)> {
        let (family, route) = answering(request.method, &request.path)
            .with_context(|| format!("no route is {request}"))?;
        if family.name == SEARCH.name && !self.indexed {
            self.index().await?;
        }
        if request.once.is_none() {
            self.settle().await?;
        }
        let event = event(self.token()?, &self.platform.tenant, request);
        let function = format!("helpdesk-{}", family.name);
        self.invoker.bill = Bill::default();
        let answer = drive::helpdesk(&self.office, family, &event);
        let (answer, cpu) = self.invoker.invoke(&function, answer).await?;
        let Written { status, text } = Written::read(&answer)?;
        let meter = &self.invoker.bill.meter;
        let asked = Asked::of(function, name(route), status, cpu, meter, text.len());
        Ok((asked, serde_json::from_str(&text).unwrap_or_default()))
    }
}

/// A request with what shows who makes it.
fn event(token: &str, tenant: &TenantId, request: &Request) -> Vec<u8> {
    let path = format!("/api/v2{}", request.path);
    let basic = |address: &str| STANDARD.encode(format!("{address}/token:{token}"));
    let authorization = match &request.by {
        By::Administrator => Some(format!("Basic {}", basic("ada@example.com"))),
        By::Address(address) => Some(format!("Basic {}", basic(address))),
        By::Bearer(token) => Some(format!("Bearer {token}")),
        By::Key(_) | By::Source | By::Sdk(_) | By::Hub(_) | By::Nobody => None,
    };
    let shown = authorization.map(|it| ("authorization".to_owned(), it));
    let tenant = ("x-ceap-tenant".to_owned(), tenant.to_string());
    let shown = shown.into_iter().chain([tenant]);
    gateway::event(request, (&format!("ANY {path}"), &path), Map::new(), shown)
}
