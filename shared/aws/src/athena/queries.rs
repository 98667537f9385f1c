//! A tenant's own queries: sources that Athena answers.
//!
//! Each is asked as the tenant's role, which an operator makes. So what a tenant may read is what that role may, whatever
//! the tenant's SQL says; a tenant without a role reads nothing.

use super::typed;
use crate::fault::fault;
use aws_sdk_athena::Client;
use aws_sdk_athena::config::Credentials;
use aws_sdk_athena::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_athena::types::{QueryExecution, QueryExecutionContext, QueryExecutionState};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use ceap_engagement::source::poll::{Ask, AthenaSource, Next, Order, Page};
use ceap_kernel::{Clock, Fault, SystemClock, TenantId, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Times that a query is run of which Athena says that it may be run again.
const ATTEMPTS: u32 = 3;

/// Seconds before it is.
const AGAIN_S: u32 = 60;

/// Seconds before its end that a role's session is renewed: longer than a page takes.
const EARLY_S: i64 = 300;

/// Asks Athena as tenants' roles.
#[derive(Debug)]
pub struct AthenaQueries {
    config: aws_config::SdkConfig,
    sts: aws_sdk_sts::Client,
    role_prefix: String,
    /// A client for each tenant, and when its session ends, in seconds since 1970.
    clients: Mutex<BTreeMap<TenantId, (Client, i64)>>,
}

/// Where an answer is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Place {
    /// The query's execution; none before it is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// Which page of its answer; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// How often it was run before.
    #[serde(default)]
    attempt: u32,
}

impl AthenaQueries {
    /// Tenants' roles have the ARN `<role_prefix><tenant>`.
    pub fn new(config: &aws_config::SdkConfig, role_prefix: impl Into<String>) -> Self {
        Self {
            config: config.clone(),
            sts: aws_sdk_sts::Client::new(config),
            role_prefix: role_prefix.into(),
            clients: Mutex::default(),
        }
    }

    /// A page of `source`.
    ///
    /// # Errors
    /// As [`ceap_engagement::source::poll::Pages::page`].
    pub async fn page(&self, ask: &Ask<'_>, source: &AthenaSource) -> Result<Page, Fault> {
        let place = ask.place.map(Place::deserialize).transpose();
        let place = place.map_err(|error| Fault::Internal(format!("a place: {error}")))?;
        let place = place.unwrap_or_default();
        match self.read(ask, source, place).await {
            Err(Fault::Throttled(why) | Fault::Unavailable(why)) => {
                let next = Next::Later { place: ask.place.cloned(), why, seconds: None };
                Ok(Page { rows: Vec::new(), next })
            }
            read => read,
        }
    }

    async fn read(
        &self,
        ask: &Ask<'_>,
        source: &AthenaSource,
        place: Place,
    ) -> Result<Page, Fault> {
        let client = self.client(ask.tenant).await?;
        let Some(query) = &place.query else {
            let query = start(&client, ask, source, place.attempt).await?;
            let next = Next::Running(written(Place { query: Some(query), ..place })?);
            return Ok(Page { rows: Vec::new(), next });
        };
        if place.token.is_none() {
            let seen = client.get_query_execution().query_execution_id(query).send().await;
            let seen = seen.map_err(|error| said("GetQueryExecution", &error))?.query_execution;
            let seen =
                seen.ok_or_else(|| Fault::Internal("GetQueryExecution: no answer".to_owned()))?;
            match seen.status().and_then(|status| status.state()) {
                Some(QueryExecutionState::Succeeded) => {}
                Some(QueryExecutionState::Queued | QueryExecutionState::Running) => {
                    return Ok(Page { rows: Vec::new(), next: Next::Running(written(place)?) });
                }
                _ => return failed(&seen, place.attempt),
            }
        }
        let answer = client.get_query_results().query_execution_id(query);
        let answer = answer.set_next_token(place.token.clone()).send().await;
        let answer = answer.map_err(|error| said("GetQueryResults", &error))?;
        let rows = answer.result_set().map(|set| typed::rows(set, place.token.is_none()));
        let next = match answer.next_token {
            Some(token) => Next::Page(written(Place { token: Some(token), ..place })?),
            None => Next::End,
        };
        Ok(Page { rows: rows.unwrap_or_default(), next })
    }

    /// A client that asks as the tenant's role.
    async fn client(&self, tenant: &TenantId) -> Result<Client, Fault> {
        let now = SystemClock.now().as_second();
        let known = {
            let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            clients.get(tenant).filter(|(_, ends)| now < *ends).map(|(client, _)| client.clone())
        };
        if let Some(client) = known {
            return Ok(client);
        }
        let role = format!("{}{tenant}", self.role_prefix);
        let assumed = self.sts.assume_role().role_arn(&role).role_session_name("ceap-poll-source");
        let assumed = assumed.send().await.map_err(|error| match error.code() {
            Some("AccessDenied" | "AccessDeniedException" | "ValidationError") => {
                let name = role.rsplit('/').next().unwrap_or_default();
                Fault::Forbidden(format!(
                    "there is no role `{name}` that may be assumed for this tenant's queries; an operator makes it"
                ))
            }
            _ => fault("AssumeRole", &error),
        })?;
        let none = || Fault::Unavailable("AssumeRole: no credentials".to_owned());
        let given = assumed.credentials.ok_or_else(none)?;
        let ends = given.expiration.secs().saturating_sub(EARLY_S);
        let expires = SystemTime::try_from(given.expiration).ok();
        let credentials = Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            expires,
            "AssumeRole",
        );
        let config = aws_sdk_athena::config::Builder::from(&self.config);
        let client = Client::from_conf(config.credentials_provider(credentials).build());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|_, (_, ends)| now < *ends);
        clients.insert(tenant.clone(), (client.clone(), ends));
        Ok(client)
    }
}

/// Begins the query; the same attempt of the same poll once (Athena API reference, `ClientRequestToken`).
async fn start(
    client: &Client,
    ask: &Ask<'_>,
    source: &AthenaSource,
    attempt: u32,
) -> Result<String, Fault> {
    let context = QueryExecutionContext::builder().database(&source.database);
    let context = context.set_catalog(source.catalog.clone()).build();
    let parameter = source.watermark.as_ref().zip(ask.since).map(|(watermark, since)| {
        // Athena reads a parameter as it reads a literal in SQL. That a number is one was checked where it came in.
        vec![match watermark.order {
            Order::Number => since.to_owned(),
            Order::Text | Order::Time => format!("'{}'", since.replace('\'', "''")),
        }]
    });
    let started = client
        .start_query_execution()
        .work_group(&source.workgroup)
        .query_execution_context(context)
        .query_string(&source.query)
        .client_request_token(digest(&[ask.poll.as_str(), &attempt.to_string()]))
        .set_execution_parameters(parameter)
        .send()
        .await
        .map_err(|error| said("StartQueryExecution", &error))?;
    let none = || Fault::Internal("StartQueryExecution: no id".to_owned());
    started.query_execution_id.ok_or_else(none)
}

/// A query that did not succeed. Athena says whether another try may (Athena API reference, `AthenaError`: category 1 is
/// the system's).
fn failed(execution: &QueryExecution, attempt: u32) -> Result<Page, Fault> {
    let status = execution.status();
    let reason = status.and_then(|it| it.state_change_reason()).unwrap_or("no reason was given");
    let error = status.and_then(|it| it.athena_error());
    let passes = error.is_some_and(|error| error.retryable() || error.error_category() == Some(1));
    let attempt = attempt.saturating_add(1);
    if passes && attempt < ATTEMPTS {
        let place = Some(written(Place { attempt, ..Place::default() })?);
        let next = Next::Later { place, why: format!("Athena: {reason}"), seconds: Some(AGAIN_S) };
        return Ok(Page { rows: Vec::new(), next });
    }
    Err(Fault::invalid("query", format!("Athena: {reason}")))
}

fn written(place: Place) -> Result<Value, Fault> {
    serde_json::to_value(place).map_err(|error| Fault::Internal(error.to_string()))
}

/// What an error of Athena's means for the source: a request that it does not take is the document's.
fn said<E: ProvideErrorMetadata>(what: &str, error: &SdkError<E, HttpResponse>) -> Fault {
    let why = || format!("Athena: {}", error.message().unwrap_or("it does not take the request"));
    match error.code() {
        Some("InvalidRequestException") => Fault::invalid("query", why()),
        Some("AccessDenied" | "AccessDeniedException") => Fault::Forbidden(why()),
        _ => fault(what, error),
    }
}
