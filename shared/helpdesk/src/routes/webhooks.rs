//! Webhooks ([webhooks](https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/)).

use super::Shown;
use crate::access::Action::ManageWebhooks;
use crate::api::{Answer, Ask, Call, Guard, Page, Paging, Refused, Route, list};
use crate::ids::RecordId;
use crate::record::{Kept, Record, places};
use crate::routes;
use crate::store::{Key, Range};
use crate::webhook::{
    Attempt, Authentication, Credential, Delivered, Draft, Edit, Format, Invocation, Plan, Scheme,
    Status, TEST_SECRET, Undelivered, Verb, Webhook, credential, prepare, signing, ulid,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Webhooks.
pub const ROUTES: &[Route] = routes![
    GET "/webhooks" Guard::May(ManageWebhooks) => list, "Lists webhooks";
    POST "/webhooks" Guard::May(ManageWebhooks) => create, "Adds a webhook, or a copy of one";
    POST "/webhooks/test" Guard::May(ManageWebhooks) => test, "Makes a webhook's request to see what comes of it";
    GET "/webhooks/{id}" Guard::May(ManageWebhooks), needs path_needs => show, "Shows a webhook";
    PUT "/webhooks/{id}" Guard::May(ManageWebhooks), needs path_needs => update, "Changes a webhook as a whole";
    PATCH "/webhooks/{id}" Guard::May(ManageWebhooks), needs path_needs => patch, "Changes a webhook in part";
    DELETE "/webhooks/{id}" Guard::May(ManageWebhooks), needs path_needs => delete, "Deletes a webhook";
    GET "/webhooks/{id}/signing_secret" Guard::May(ManageWebhooks), needs path_needs => show_secret, "Shows what a webhook's requests are signed with";
    POST "/webhooks/{id}/signing_secret" Guard::May(ManageWebhooks), needs path_needs => reset_secret, "Signs a webhook's requests with a new secret";
    GET "/webhooks/{id}/invocations" Guard::May(ManageWebhooks), needs path_needs => invocations, "Lists the requests of a webhook of the last seven days";
    GET "/webhooks/{id}/invocations/{invocation_id}/attempts" Guard::May(ManageWebhooks), needs path_needs => attempts, "Lists how often a request was tried";
];

/// Requests of one list: the newest.
const INVOCATIONS: usize = 1_000;

impl Shown for Webhook {
    fn shown(&self, _: &Call<'_>) -> Value {
        let headers = &self.custom_headers;
        json!({
            "id": self.shown_id(),
            "name": self.name,
            "description": self.description,
            "status": self.status,
            "subscriptions": self.subscriptions,
            "created_at": self.created_at,
            "created_by": self.created_by.to_string(),
            "updated_at": self.updated_at,
            "updated_by": self.updated_by.to_string(),
            "endpoint": self.endpoint,
            "http_method": self.http_method,
            "request_format": self.request_format,
            "authentication": self.authentication.as_ref().map(authentication),
            "custom_headers": (!headers.is_empty()).then_some(headers),
            "external_source": self.external_source,
        })
    }
}

/// What may be told of it: never what is secret.
fn authentication(authentication: &Authentication) -> Value {
    match &authentication.scheme {
        Scheme::BasicAuth { username } => {
            json!({"type": "basic_auth", "data": {"username": username}, "add_position": "header"})
        }
        Scheme::BearerToken => json!({"type": "bearer_token", "add_position": "header"}),
        Scheme::ApiKey { name } => {
            json!({"type": "api_key", "data": {"name": name}, "add_position": "header"})
        }
    }
}

fn not_found() -> Refused {
    Refused::Listed(404, "WebhookNotFound", "Webhook not found".to_owned())
}

fn invalid(rule: impl Into<String>) -> Refused {
    Refused::Listed(400, "InvalidWebhook", rule.into())
}

/// The webhook that the path names.
fn path_needs(ask: &Ask) -> Vec<Key> {
    let id = ask.segments().nth(1).and_then(ulid::read);
    id.map(|id| places::record(Webhook::KIND, id)).into_iter().collect()
}

/// The webhook that is shown under this id.
async fn found(call: &Call<'_>, id: &str) -> Result<Kept<Webhook>, Refused> {
    let id = ulid::read(id).ok_or_else(not_found)?;
    call.find::<Webhook>(id).await?.ok_or_else(not_found)
}

async fn named(call: &Call<'_>) -> Result<Kept<Webhook>, Refused> {
    found(call, call.variable("id")).await
}

/// Its pages begin with cursors, whether one is asked for or not.
fn paging(call: &Call<'_>) -> Result<Paging, Refused> {
    Ok(match Paging::of(call.ask)? {
        Paging::Number { .. } => {
            Paging::Cursor { size: crate::api::page::MOST, at: None, before: false }
        }
        cursor @ Paging::Cursor { .. } => cursor,
    })
}

async fn list(call: &Call<'_>) -> Result<Answer, Refused> {
    let part = call.ask.query("filter[name_contains]").unwrap_or_default().to_lowercase();
    let status = call.ask.query("filter[status]").filter(|word| !word.is_empty());
    let status = status
        .map(|word| Status::named(word).ok_or_else(|| invalid("filter[status] is not valid")))
        .transpose()?;
    let sort = call.ask.query("sort").filter(|sort| !sort.is_empty());
    let backward = sort.is_some_and(|sort| sort.starts_with('-'));
    let by = sort.map(|sort| sort.trim_start_matches('-'));
    let rank = |it: &Webhook| {
        let first = match by {
            None => String::new(),
            Some("name") => it.name.to_lowercase(),
            Some("status") => it.status.as_str().to_owned(),
            Some(_) => return Err(invalid("sort must be name or status")),
        };
        Ok(format!("{first}#{}", places::rank(it.id.get())))
    };
    let fits = |it: &Kept<Webhook>| {
        it.name.to_lowercase().contains(&part) && status.is_none_or(|status| it.status == status)
    };
    let all = list::whole::<Webhook>(call).await?.into_iter().filter(fits);
    let all: Result<Vec<(String, Kept<Webhook>)>, Refused> =
        all.map(|it| Ok((rank(&it)?, it))).collect();
    let mut all = all?;
    all.sort_by(|(a, _), (b, _)| if backward { b.cmp(a) } else { a.cmp(b) });
    let page = Page::cut(paging(call)?, all).map(|it| it.shown(call));
    Ok(Answer::ok(page.envelope(call.ask, "webhooks")))
}

async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(super::one(call, &named(call).await?.record)))
}

fn blank(call: &Call<'_>, id: RecordId) -> Result<Webhook, Refused> {
    let me = call.actor()?.id();
    Ok(Webhook {
        id,
        created_at: call.at,
        created_by: me,
        updated_at: call.at,
        updated_by: me,
        name: String::new(),
        description: None,
        endpoint: String::new(),
        http_method: Verb::Post,
        request_format: Format::Json,
        status: Status::Active,
        subscriptions: Vec::new(),
        authentication: None,
        custom_headers: BTreeMap::new(),
        external_source: None,
    })
}

/// The name under which a new credential is kept. It is never kept in another's place: a webhook that is not changed
/// in the end still has its own.
fn credential_name(call: &Call<'_>) -> String {
    format!("webhook_credential_{}", call.new_id())
}

/// Keeps what is secret of a webhook, before the webhook itself.
async fn keep(call: &Call<'_>, draft: &Draft) -> Result<(), Refused> {
    let authentication = draft.webhook.authentication.as_ref();
    if let (Some(credential), Some(authentication)) = (&draft.credential, authentication) {
        let text = serde_json::to_string(credential).map_err(|error| invalid(error.to_string()))?;
        call.desk.secrets.keep(&call.tenant, &authentication.kept_as, &text).await?;
    }
    Ok(())
}

async fn new_signing(call: &Call<'_>, webhook: &Webhook) -> Result<String, Refused> {
    let secret = STANDARD.encode((call.desk.random)());
    call.desk.secrets.keep(&call.tenant, &webhook.signing_name(), &secret).await?;
    Ok(secret)
}

async fn create(call: &Call<'_>) -> Result<Answer, Refused> {
    let id = RecordId::fresh(call)?;
    let draft = match call.ask.query("clone_webhook_id").filter(|id| !id.is_empty()) {
        Some(of) => copied(call, &found(call, of).await?.record, id).await?,
        None => {
            let edit: Edit = call.ask.record("webhook")?;
            if let Some(name) = edit.missing().first() {
                return Err(invalid(format!("{name} is required")));
            }
            edit.apply(blank(call, id)?, &credential_name(call), true).map_err(invalid)?
        }
    };
    futures::try_join!(keep(call, &draft), new_signing(call, &draft.webhook))?;
    call.add(&draft.webhook).await?;
    let location = call.url(&format!("/webhooks/{}", draft.webhook.shown_id()));
    Ok(Answer::created(super::one(call, &draft.webhook), location))
}

/// A copy has secrets of its own.
async fn copied(call: &Call<'_>, of: &Webhook, id: RecordId) -> Result<Draft, Refused> {
    let credential = credential(call.desk, &call.tenant, of).await?;
    let blank = blank(call, id)?;
    let authentication = of
        .authentication
        .as_ref()
        .map(|it| Authentication { scheme: it.scheme.clone(), kept_as: credential_name(call) });
    let webhook = Webhook {
        id,
        created_at: blank.created_at,
        created_by: blank.created_by,
        updated_at: blank.updated_at,
        updated_by: blank.updated_by,
        authentication,
        ..of.clone()
    };
    Ok(Draft { webhook, credential })
}

async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = named(call).await?;
    let edit: Edit = call.ask.record("webhook")?;
    if let Some(name) = edit.missing().first() {
        return Err(invalid(format!("{name} is required")));
    }
    change(call, before, edit.whole()).await
}

async fn patch(call: &Call<'_>) -> Result<Answer, Refused> {
    let before = named(call).await?;
    change(call, before, call.ask.record("webhook")?).await
}

async fn change(call: &Call<'_>, before: Kept<Webhook>, edit: Edit) -> Result<Answer, Refused> {
    let mut webhook = before.record.clone();
    (webhook.updated_at, webhook.updated_by) = (call.at, call.actor()?.id());
    let draft = edit.apply(webhook, &credential_name(call), false).map_err(invalid)?;
    keep(call, &draft).await?;
    call.change(&before, &draft.webhook).await?;
    if before.authentication != draft.webhook.authentication {
        forget(call, &before).await?;
    }
    Ok(Answer::gone())
}

/// Forgets what a webhook showed.
async fn forget(call: &Call<'_>, webhook: &Webhook) -> Result<(), Refused> {
    if let Some(authentication) = &webhook.authentication {
        call.desk.secrets.forget(&call.tenant, &authentication.kept_as).await?;
    }
    Ok(())
}

async fn delete(call: &Call<'_>) -> Result<Answer, Refused> {
    let webhook = named(call).await?;
    let gone = call.remove(&webhook).await?;
    let signing = webhook.signing_name();
    let signing = async { Ok(call.desk.secrets.forget(&call.tenant, &signing).await?) };
    futures::try_join!(forget(call, &webhook), signing)?;
    Ok(gone)
}

fn secret_shown(secret: &str) -> Value {
    json!({"signing_secret": {"algorithm": "SHA256", "secret": secret}})
}

async fn show_secret(call: &Call<'_>) -> Result<Answer, Refused> {
    let webhook = named(call).await?;
    Ok(Answer::ok(secret_shown(&signing(call.desk, &call.tenant, &webhook).await?)))
}

async fn reset_secret(call: &Call<'_>) -> Result<Answer, Refused> {
    let webhook = named(call).await?;
    Ok(Answer::json(201, secret_shown(&new_signing(call, &webhook).await?)))
}

/// What is asked of a test.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Test {
    #[serde(flatten)]
    edit: Edit,
    payload: Option<Value>,
}

/// Sent as the webhook sends it, with what the request says otherwise; nothing of it is remembered.
async fn test(call: &Call<'_>) -> Result<Answer, Refused> {
    let asked = match call.ask.json()? {
        Value::Object(mut body) => body.remove("request").filter(|it| !it.is_null()),
        _ => None,
    };
    let asked: Test = asked.map(crate::api::ask::read).transpose()?.unwrap_or_default();
    let of = call.ask.query("webhook_id").filter(|id| !id.is_empty());
    let (webhook, secret, kept) = match of {
        Some(id) => {
            let webhook = found(call, id).await?.record;
            let (secret, kept) = futures::try_join!(
                signing(call.desk, &call.tenant, &webhook),
                credential(call.desk, &call.tenant, &webhook)
            )?;
            (webhook, secret, kept)
        }
        None => (of_test(call)?, TEST_SECRET.to_owned(), None),
    };
    let given: Option<Option<Credential>> = asked.edit.credential().map_err(invalid)?;
    let payload = payload(asked.payload, webhook.request_format);
    let webhook = asked.edit.apply(webhook, "", true).map_err(invalid)?.webhook;
    let headers: Vec<(String, String)> = webhook.custom_headers.clone().into_iter().collect();
    let prepared = prepare(&Plan {
        method: webhook.http_method,
        url: &webhook.endpoint,
        format: webhook.request_format,
        headers: &headers,
        credential: given.unwrap_or(kept).as_ref(),
        payload: &payload,
        tenant: &call.tenant,
        ids: (&webhook.shown_id(), &ulid::shown(call.new_id())),
        secret: &secret,
        at: call.at,
    });
    match call.desk.deliver.deliver(&prepared).await? {
        Ok(Delivered { status, headers, body, .. }) => {
            let headers =
                headers.into_iter().map(|(key, value)| json!({"key": key, "value": value}));
            let headers: Vec<Value> = headers.collect();
            let response = json!({"status_code": status, "headers": headers, "payload": body});
            Ok(Answer::ok(json!({"response": response})))
        }
        Err(Undelivered::Refused(why) | Undelivered::Unreachable(why) | Undelivered::Lost(why)) => {
            let text = format!("{} gave no answer: {why}", webhook.endpoint);
            Err(Refused::Listed(400, "WebhookTestFailed", text))
        }
    }
}

/// A webhook that is not kept.
fn of_test(call: &Call<'_>) -> Result<Webhook, Refused> {
    Ok(Webhook { name: "Test".to_owned(), ..blank(call, RecordId::fresh(call)?)? })
}

/// What a test sends: as it was given, or the least that its form takes.
fn payload(given: Option<Value>, format: Format) -> String {
    match (given, format) {
        (Some(Value::String(text)), _) => text,
        (Some(Value::Null) | None, Format::Json) => "{}".to_owned(),
        (Some(Value::Null) | None, Format::Xml | Format::FormEncoded) => String::new(),
        (Some(value), Format::Json | Format::Xml | Format::FormEncoded) => value.to_string(),
    }
}

fn invocation_shown(invocation: &Invocation) -> Value {
    let last = invocation.attempts.last();
    json!({
        "id": ulid::shown(invocation.id.get()),
        "latest_completed_at": last.map(|it| it.completed_at),
        "status": last.map(|it| it.status.as_str()),
        "status_code": last.and_then(|it| it.status_code),
    })
}

async fn invocations(call: &Call<'_>) -> Result<Answer, Refused> {
    let webhook = named(call).await?;
    let time = |name: &str| -> Result<Option<Timestamp>, Refused> {
        let wrong = |_| invalid(format!("{name} must be a time"));
        let given = call.ask.query(name).filter(|text| !text.is_empty());
        given.map(|text| text.parse().map_err(wrong)).transpose()
    };
    let (from, to) = (time("filter[from_ts]")?, time("filter[to_ts]")?);
    let status = call.ask.query("filter[status]").filter(|word| !word.is_empty());
    let backward = match call.ask.query("sort") {
        None | Some("" | "-latest_completed_at") => true,
        Some("latest_completed_at") => false,
        Some(_) => return Err(invalid("sort must be latest_completed_at")),
    };
    let newest = Range::of(Invocation::partition(webhook.id.get()), INVOCATIONS).backward(true);
    let newest = call.range(&newest).await?.items;
    let mut all = Vec::new();
    for item in newest {
        let invocation: Invocation = read(&item.body)?;
        let last = invocation.attempts.last();
        let fits = |it: &Attempt| {
            from.is_none_or(|from| it.completed_at >= from)
                && to.is_none_or(|to| it.completed_at <= to)
                && status.is_none_or(|status| it.status == status)
        };
        if last.is_some_and(fits) {
            all.push((item.key.sort, invocation_shown(&invocation)));
        }
    }
    if !backward {
        all.reverse();
    }
    Ok(Answer::ok(Page::cut(paging(call)?, all).envelope(call.ask, "invocations")))
}

fn read(body: &str) -> Result<Invocation, Refused> {
    let wrong = |error| ceap_kernel::Fault::Internal(format!("unreadable invocation: {error}"));
    Ok(serde_json::from_str(body).map_err(wrong)?)
}

async fn attempts(call: &Call<'_>) -> Result<Answer, Refused> {
    let webhook = named(call).await?;
    let missing =
        || Refused::Listed(404, "InvocationNotFound", "Webhook invocation not found".to_owned());
    let id = ulid::read(call.variable("invocation_id")).ok_or_else(missing)?;
    let key = crate::store::Key::new(Invocation::partition(webhook.id.get()), places::rank(id));
    let item = call.item(&key).await?.ok_or_else(missing)?;
    let invocation = read(&item.body)?;
    let headers = |all: &[(String, String)]| -> Value {
        let all = all.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Value::Object(all.collect::<Map<String, Value>>())
    };
    let shown = |it: &Attempt| {
        json!({
            "id": ulid::shown(it.id.get()),
            "invocation_id": ulid::shown(invocation.id.get()),
            "completed_at": it.completed_at,
            "status": it.status,
            "status_code": it.status_code,
            "request": {
                "endpoint": it.endpoint,
                "headers": headers(&it.headers),
                "payload": it.payload,
            },
            "response": {"headers": headers(&it.answer_headers), "payload": it.answer},
        })
    };
    let all: Vec<Value> = invocation.attempts.iter().map(shown).collect();
    Ok(Answer::ok(json!({"attempts": all})))
}
