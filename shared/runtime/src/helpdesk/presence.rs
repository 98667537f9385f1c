//! What API Gateway's WebSocket API hands to a function: that somebody connects, says something, is gone
//! ([events](https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html)).
//! The same function serves the HTTP API's routes of the family, by which sessions begin.

use super::{Office, record};
use crate::stage;
use ceap_helpdesk::api::{Ask, Method, Refused};
use ceap_helpdesk::presence::{Live, connect};
use ceap_helpdesk::routes::Family;
use ceap_kernel::{Fault, TenantId};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Instant;

/// A message of the WebSocket API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    headers: Option<HashMap<String, String>>,
    query_string_parameters: Option<HashMap<String, String>>,
    body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    connection_id: String,
    event_type: Happened,
}

/// What happened.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Happened {
    Connect,
    Message,
    Disconnect,
}

impl Happened {
    /// The API's route.
    const fn route(self) -> &'static str {
        match self {
            Self::Connect => "$connect",
            Self::Message => "$default",
            Self::Disconnect => "$disconnect",
        }
    }
}

impl Event {
    /// The handshake, as a request that only reads. Names of headers come as they were sent.
    fn ask(self) -> Ask {
        let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
        Ask {
            method: Method::Get,
            base: String::new(),
            raw_path: "/api/v2/presence".to_owned(),
            query: self.query_string_parameters.into_iter().flatten().collect(),
            headers: self.headers.into_iter().flatten().map(lower).collect(),
            body: Vec::new(),
        }
    }
}

/// How it ended: the status, whose account it was, and what went wrong on our side.
struct Ended {
    status: u16,
    tenant: Option<TenantId>,
    fault: Option<Fault>,
}

impl From<Result<Option<TenantId>, Fault>> for Ended {
    /// Who said something was told over the connection: the gateway has nothing to add.
    fn from(done: Result<Option<TenantId>, Fault>) -> Self {
        match done {
            Ok(tenant) => Self { status: 200, tenant, fault: None },
            Err(fault) => Self { status: 200, tenant: None, fault: Some(fault) },
        }
    }
}

impl From<Result<TenantId, Refused>> for Ended {
    fn from(done: Result<TenantId, Refused>) -> Self {
        match done {
            Ok(tenant) => Self { status: 200, tenant: Some(tenant), fault: None },
            Err(refused) => {
                let status = refused.status();
                let fault = if let Refused::Fault(fault) = refused { Some(fault) } else { None };
                Self { status, tenant: None, fault }
            }
        }
    }
}

impl Office {
    /// Serves the WebSocket API, and a family's routes behind the HTTP API.
    ///
    /// # Errors
    /// From Lambda's runtime API.
    pub async fn attend(&self, family: &Family) -> Result<(), Error> {
        stage::asked(family.name, async |event: Value| {
            self.attended(family, event).await.map_err(Error::from)
        })
        .await
    }

    pub(super) async fn attended(
        &self,
        family: &Family,
        event: Value,
    ) -> Result<Value, serde_json::Error> {
        if event.pointer("/requestContext/connectionId").is_some() {
            let status = self.heard(family, serde_json::from_value(event)?).await;
            return Ok(json!({"statusCode": status}));
        }
        let asked = serde_json::from_value(event)?;
        serde_json::to_value(self.answer(family, asked).await)
    }

    /// The status that the gateway is answered: who connects is let in with 200 alone.
    async fn heard(&self, family: &Family, event: Event) -> u16 {
        let began = Instant::now();
        let Context { connection_id, event_type } = &event.request_context;
        let (line, happened) = (connection_id.clone(), *event_type);
        let desk = self.desk();
        let live = Live::of(&desk);
        let Ended { status, tenant, fault } = match happened {
            Happened::Connect => Box::pin(connect(&desk, &event.ask(), &line)).await.into(),
            Happened::Message => {
                live.hear(&line, event.body.as_deref().unwrap_or_default()).await.into()
            }
            Happened::Disconnect => live.ended(&line).await.into(),
        };
        // What failed counts as such, though the gateway is told nothing of it.
        let counted = if fault.is_some() { status.max(500) } else { status };
        record(family, happened.route(), counted, tenant.as_ref(), fault.as_ref(), began);
        status
    }
}
