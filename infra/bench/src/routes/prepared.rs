//! What is there before the platform's API is asked, and no request to it brings: what other functions keep, and the links
//! that are in letters.

use super::desk::Desk;
use super::script::{Body, Request};
use crate::aws::ANSWER;
use crate::platform::Platform;
use crate::templates::Templates;
use crate::workload::TENANT;
use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_aws::dynamodb::{
    self, HelpdeskStore, InboxStore, Objects, SecretStore, SubjectStore, Table,
};
use ceap_engagement::inbox::{Inbox, Notification};
use ceap_engagement::link::{self, Allows, Signer};
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::ingest::{Subjects, Versioned};
use ceap_engagement::secret::{Secret, SecretKeeper, Secrets};
use ceap_engagement::source::object::{Named, Object, ObjectStore};
use ceap_helpdesk::api::Method;
use ceap_helpdesk::satisfaction::{Survey, Surveys};
use ceap_helpdesk::store::Soon;
use ceap_helpdesk::user::Verification;
use ceap_kernel::access::Credential;
use ceap_kernel::{Clock, Fault, ModelId, SourceId, SubjectId, SystemClock, TenantId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Who the requests are about.
const SUBJECT: &str = "u1";

/// Their address.
const ADDRESS: &str = "u1@example.com";

/// The message that told them something.
const MESSAGE: &str = "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00";

/// What webhooks and callbacks are signed with.
const SECRET: &str = "a-secret-of-the-benchmark";

/// Secrets that providers know, too: of WhatsApp's callbacks, and of a source of webhooks.
const SHARED: [&str; 3] = ["whatsapp_app_secret", "whatsapp_verify_token", "source_repository"];

/// Puts it there; what the requests may name of it, by the names that they use.
///
/// # Errors
/// When something could not be put there.
pub async fn all(templates: &Templates, platform: &Platform) -> Result<BTreeMap<String, Value>> {
    let tenant = platform.tenant.clone();
    let there = There { platform, client: dynamodb::client(&platform.config), tenant };
    there.profile().await?;
    let signer = there.secrets().await?;
    platform.aws.put(ANSWER, LAKE.as_bytes());
    let (file, model) = there.model()?;
    let mut known = BTreeMap::from([
        ("tenant".to_owned(), json!(TENANT)),
        ("shared".to_owned(), json!(SECRET)),
        ("notification".to_owned(), there.notification().await?),
        ("object".to_owned(), there.file().await?),
        ("model".to_owned(), model),
        ("model_file".to_owned(), file),
    ]);
    known.extend(links(&signer)?);
    known.extend(there.letters(templates, signer).await?);
    Ok(known)
}

/// A request with a small model of LightGBM's.
const MODEL: &str = include_str!("../../../../events/models/put.json");

/// What Athena answers who asks for events.
const LAKE: &str = "subject,id,source,type,time,at,data
u1,e-1,shop,order_placed,2026-11-20 12:00:00.000000,2026-11-20 12:00:01.000000,\"{\"\"value\"\": 74.5}\"
";

fn failed(fault: Fault) -> anyhow::Error {
    anyhow!("{fault}")
}

fn subject() -> Result<SubjectId> {
    SubjectId::new(SUBJECT).map_err(failed)
}

/// The links of a message, and the one that asks for a consent.
fn links(signer: &Signer) -> Result<[(String, Value); 3]> {
    let unsubscribe = json!({"a": "unsubscribe", "s": SUBJECT, "c": "email", "p": "marketing", "t": ADDRESS, "m": MESSAGE});
    let confirm =
        json!({"a": "confirm", "s": SUBJECT, "n": "email.marketing", "x": 4_102_444_800_i64});
    let token = |name: &str, allows: Value| {
        let allows: Allows = serde_json::from_value(allows)?;
        Ok((name.to_owned(), json!(signer.token(&allows).map_err(failed)?)))
    };
    let each = [
        token("unsubscribe", unsubscribe),
        token("preferences", json!({"a": "preferences", "s": SUBJECT})),
        token("confirm", confirm),
    ];
    let [unsubscribe, preferences, confirm]: [Result<_>; 3] = each;
    Ok([unsubscribe?, preferences?, confirm?])
}

/// Where things are put.
struct There<'a> {
    platform: &'a Platform,
    client: dynamodb::Client,
    tenant: TenantId,
}

impl There<'_> {
    fn table(&self, variable: &str) -> Table {
        Table::new(&self.client, self.platform.env.get(variable))
    }

    /// Keeps the secrets that others know; the tenant's own, that signs links.
    async fn secrets(&self) -> Result<Signer> {
        let Platform { config, env, .. } = self.platform;
        let secrets =
            SecretStore::new(config, self.table("PLATFORM_TABLE"), env.get("SECRETS_KEY"));
        for name in SHARED {
            secrets.keep(&self.tenant, name, &Secret::new(SECRET)).await.map_err(failed)?;
        }
        let key = secrets.get(&self.tenant, link::KEY).await.map_err(failed)?;
        Ok(Signer::new(self.tenant.clone(), key))
    }

    /// Somebody who has bought something, and agreed to email.
    async fn profile(&self) -> Result<()> {
        let subjects = SubjectStore::new(self.table("PROFILES_TABLE"));
        let mut known = Versioned::default();
        known.state.profile.email = Some(ADDRESS.to_owned());
        known.state.profile.consents.insert("email.marketing".to_owned(), true);
        subjects.save_profile(&self.tenant, &subject()?, &known).await.map_err(failed)
    }

    /// A model's file, and its id, under which it was sent and waits to be accepted.
    fn model(&self) -> Result<(Value, Value)> {
        let event: Value = serde_json::from_str(MODEL)?;
        let file = event.get("body").and_then(Value::as_str).context("no model")?;
        let file = STANDARD.decode(file)?;
        let id = ModelId::of(&file);
        let key = format!("{TENANT}/models/{id}");
        self.platform.aws.put((self.platform.env.get("MODELS_BUCKET"), &key), &file);
        Ok((json!(String::from_utf8(file)?), json!(id)))
    }

    async fn notification(&self) -> Result<Value> {
        let dispatch: Dispatch = serde_json::from_value(json!({
            "id": MESSAGE, "tenant": TENANT, "subject": SUBJECT, "to": SUBJECT,
            "channel": "in-app", "purpose": "marketing", "expires_at": "2100-01-01T00:00:00Z", "content": {"text": "Your order is on its way"},
        }))?;
        let notification = Notification::of(&dispatch, SystemClock.now());
        let inbox = InboxStore::new(self.table("ENGAGEMENT_TABLE"));
        inbox.put(&self.tenant, &subject()?, &notification).await.map_err(failed)?;
        Ok(json!(notification.id))
    }

    /// A file that was put for the source `shop`.
    async fn file(&self) -> Result<Value> {
        let named = json!({"key": format!("{TENANT}/shop/customers.csv"), "size": 1024, "etag": "e", "sequencer": "1"});
        let (named, shop): (Named, _) = (serde_json::from_value(named)?, SourceId::new("shop"));
        let (shop, now) = (shop.map_err(failed)?, SystemClock.now());
        let object = Object::new(&self.tenant, &shop, &named, "it", now);
        let objects = Objects::new(self.table("PLATFORM_TABLE"));
        Ok(json!(objects.create(&object).await.map_err(failed)?.object.id))
    }

    /// The links of the helpdesk's letters: the one that shows whose an address is, and the one that asks how somebody was
    /// helped.
    async fn letters(&self, templates: &Templates, signer: Signer) -> Result<[(String, Value); 2]> {
        let memory = templates.memory()?;
        let mut desk = Desk::new(self.platform, &memory)?;
        let store = HelpdeskStore::new(self.table("HELPDESK_TABLE"), SystemClock);
        let user = json!({"user": {"name": "Ada", "email": ADDRESS}});
        let user = asked(&mut desk, Method::Post, "/users", user, "/user/id").await?;
        let identities = format!("/users/{user}/identities");
        let identity = "/identities/0/id";
        let identity = asked(&mut desk, Method::Get, &identities, Value::Null, identity).await?;
        let now = SystemClock.now();
        let verification = Credential::generate(self.tenant.clone(), &[3; 32]);
        let invitation = serde_json::from_value(json!({"user_id": user, "identity_id": identity}))?;
        let begun = Verification::begin(&store, &verification, (&invitation, ADDRESS), now);
        begun.await.map_err(failed)?;
        let agent = asked(&mut desk, Method::Get, "/users/me", Value::Null, "/user/id").await?;
        let ticket = json!({"ticket": {"subject": "Broken kettle", "requester_id": user, "status": "solved",
            "assignee_id": agent, "comment": {"body": "It leaks"}}});
        let ticket = asked(&mut desk, Method::Post, "/tickets", ticket, "/ticket/id").await?;
        let survey: Survey = serde_json::from_value(json!({"ticket_id": ticket, "user_id": user}))?;
        let survey = survey.link(&store, &self.tenant, &Letters(signer), now).await;
        Ok([
            ("verification".to_owned(), json!(verification.reveal())),
            ("survey".to_owned(), json!(survey.map_err(failed)?)),
        ])
    }
}

/// What an answer to an administrator says.
async fn asked(
    desk: &mut Desk<'_>,
    method: Method,
    path: &str,
    body: Value,
    wanted: &str,
) -> Result<Value> {
    let mut request = Request::of(method, path);
    if !body.is_null() {
        request.body = Body::Json(body);
    }
    let (_, answer) = desk.ask(&request).await?;
    let found = answer.pointer(wanted).cloned();
    found.with_context(|| format!("{path}: no {wanted} in {answer}"))
}

/// Makes links, of which the token alone is wanted here.
struct Letters(Signer);

impl Surveys for Letters {
    fn secret<'a>(&'a self, _: &'a TenantId, name: &'a str) -> Soon<'a, Result<[u8; 32], Fault>> {
        Box::pin(async move { self.0.secret(name) })
    }

    fn url(&self, token: &str) -> String {
        token.to_owned()
    }
}
