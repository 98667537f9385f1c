//! The API as an OpenAPI 3.1 document, made from its [operations](super::GROUPS).

use super::schemas::Schemas;
use super::{Access, Answer, Content, GROUPS, Group, Operation, Parameter, Place};
use crate::problem::{Problem, Status};
use ceap_kernel::access::Role;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

/// What the document says of the API as a whole.
const ABOUT: &str = "Events in, messages out, and all that is between. Every call but those of recipients and \
    providers carries a credential, which names its tenant. Errors are problem documents (RFC 9457). Bodies have at \
    most 1 MiB. Times are RFC 3339, durations whole numbers with `s`, `m`, `h` or `d`.";

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for group in GROUPS {
        for operation in group.operations {
            let path = paths.entry(operation.path()).or_insert_with(|| json!({}));
            if let Some(methods) = path.as_object_mut() {
                let method = operation.method().to_ascii_lowercase();
                methods.insert(method, described(group, operation, &mut schemas));
            }
        }
    }
    let tags: Vec<Value> =
        GROUPS.iter().map(|it| json!({"name": it.tag, "description": it.about})).collect();
    let problem = schemas.given(SchemaGenerator::subschema_for::<Problem>);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "CEAP",
            "summary": "The Customer Engagement & Action Platform",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Where this document is served"}],
        "tags": tags,
        "paths": paths,
        "components": {"responses": problems(&problem), "securitySchemes": schemes()},
    });
    let settled = schemas.settle(&mut document);
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("schemas".to_owned(), Value::Object(settled));
    }
    plain(&mut document);
    document
}

fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ceap_<tenant>_<secret>",
            "description": "A credential of the tenant. `X-Ceap-Tenant` may name the tenant, too; another one is \
                refused with 403.",
        },
        "writeKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Write-Key",
            "description": "The same credential, for sources that cannot set `Authorization`.",
        },
        "basicWriteKey": {
            "type": "http",
            "scheme": "basic",
            "description": "The same credential as the user; no password.",
        },
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "AWS Signature Version 4, for the service `mobiletargeting` and any region, with an access \
                key of the source that the path names.",
        },
        "inboxToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "<tenant>.<claims>.<signature>",
            "description": "Opens one subject's inbox, for a limited time.",
        },
    })
}

fn described(group: &Group, operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut said = json!({
        "operationId": operation.id,
        "tags": [group.tag],
        "summary": operation.summary,
        "security": security(operation.access),
        "responses": responses(operation, schemas),
    });
    let Some(fields) = said.as_object_mut() else { return said };
    let about = [operation.about, &roles(operation.access)].join("\n\n");
    if !about.trim().is_empty() {
        fields.insert("description".to_owned(), Value::from(about.trim()));
    }
    if !operation.parameters.is_empty() {
        let all = operation.parameters.iter().map(|it| parameter(it, schemas));
        fields.insert("parameters".to_owned(), all.collect());
    }
    if !operation.body.is_empty() {
        let contents = operation.body.iter().map(|it| {
            let schema = schemas.taken(it.schema);
            (it.media.to_owned(), content(it, schema))
        });
        let contents: Map<String, Value> = contents.collect();
        let body = json!({"required": !operation.optional_body, "content": contents});
        fields.insert("requestBody".to_owned(), body);
    }
    said
}

fn security(access: Access) -> Value {
    match access {
        Access::Role(_) => json!([{"bearer": []}, {"writeKey": []}]),
        Access::Inbox(_) => json!([{"inboxToken": []}, {"bearer": []}, {"writeKey": []}]),
        Access::WriteKey => json!([{"basicWriteKey": []}, {"writeKey": []}, {"bearer": []}, {}]),
        Access::SigV4 => json!([{"signature": []}]),
        Access::Link | Access::Signature | Access::Anyone => json!([]),
    }
}

fn roles(access: Access) -> String {
    match access {
        Access::Role(allowed) | Access::Inbox(allowed) => {
            let names = Role::ALL.into_iter().filter(|role| allowed(*role)).map(Role::as_str);
            format!("Roles: {}.", names.collect::<Vec<_>>().join(", "))
        }
        Access::Link => "Whoever has the link may ask.".to_owned(),
        Access::WriteKey => "Whoever has a write key: as the user of Basic authentication, as \
            `X-Write-Key`, or as `writeKey` in the body."
            .to_owned(),
        Access::SigV4 => "Whoever signs with an access key of the application.".to_owned(),
        Access::Signature => "The provider proves itself.".to_owned(),
        Access::Anyone => String::new(),
    }
}

fn parameter(of: &Parameter, schemas: &mut Schemas) -> Value {
    let place = match of.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": of.name,
        "in": place,
        "required": of.required,
        "description": of.about,
        "schema": schemas.taken(of.schema),
    })
}

fn content(of: &Content, schema: Value) -> Value {
    let mut said = json!({"schema": schema});
    if let (Some(fields), false) = (said.as_object_mut(), of.example.is_empty()) {
        let json = of.is_json().then(|| serde_json::from_str(of.example).ok());
        fields.insert("example".to_owned(), json.flatten().unwrap_or_else(|| of.example.into()));
    }
    said
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Map<String, Value> {
    let problems = Status::of(operation).into_iter().map(|status| {
        let at = format!("#/components/responses/{}", status.name());
        (status.number().to_string(), json!({"$ref": at}))
    });
    let mut all: Map<String, Value> = problems.collect();
    for answer in operation.answers {
        all.insert(answer.status.to_string(), response(answer, schemas));
    }
    all
}

fn response(answer: &Answer, schemas: &mut Schemas) -> Value {
    let mut said = json!({"description": answer.about});
    let Some(fields) = said.as_object_mut() else { return said };
    if let Some(of) = answer.content {
        let schema = schemas.given(of.schema);
        fields.insert("content".to_owned(), json!({(of.media): content(&of, schema)}));
    }
    let headers = answer.headers.iter().map(|it| {
        let said = json!({"description": it.about, "schema": schemas.given(it.schema)});
        (it.name.to_owned(), said)
    });
    let headers: Map<String, Value> = headers.collect();
    if !headers.is_empty() {
        fields.insert("headers".to_owned(), Value::Object(headers));
    }
    said
}

fn problems(schema: &Value) -> Map<String, Value> {
    let all = Status::ALL.into_iter().map(|status| {
        let headers: Map<String, Value> = status
            .headers()
            .iter()
            .map(|(name, about, _)| {
                ((*name).to_owned(), json!({"description": about, "schema": {"type": "string"}}))
            })
            .collect();
        let mut said = json!({
            "description": status.about(),
            "content": {"application/problem+json": {"schema": schema}},
        });
        if let (Some(fields), false) = (said.as_object_mut(), headers.is_empty()) {
            fields.insert("headers".to_owned(), Value::Object(headers));
        }
        (status.name().to_owned(), said)
    });
    all.collect()
}

/// Descriptions come from docstrings, whose links lead nowhere here.
fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.replace("[`", "`").replace("`]", "`");
            }
            fields.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}
