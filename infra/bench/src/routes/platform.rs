//! The routes of the platform's API, `/v1`: each function by itself, in a process that stays warm.

use super::script::{By, Request, Script};
use super::{Asked, Figures, Once, Written, gateway, prepared, signed};
use crate::aws::Aws;
use crate::cold::warm::{self, Warm};
use crate::platform::Platform;
use crate::templates::{FunctionOf, Templates};
use crate::workload::TENANT;
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Asks the functions whose binaries are in `folder`. The first request to each counts for
/// nothing: it reads the credential, which is remembered for a minute, and connects.
///
/// # Errors
/// When one is not built, does not start or fails, a request is not answered as it should be, or a route is not asked.
pub async fn routes(templates: &Templates, folder: &Path, latency: Duration) -> Result<Figures> {
    let aws = Aws::distant(&templates.data, latency)?;
    let platform = Platform::on(aws, TENANT, &[]).await?;
    let port = warm::aws(&platform.aws)?;
    let answering: BTreeMap<String, String> =
        templates.answering().into_iter().filter(|(key, _)| !key.contains("/api/v2")).collect();
    let functions: BTreeMap<String, FunctionOf> =
        templates.functions()?.into_iter().map(|it| (it.name.clone(), it)).collect();
    let mut started: BTreeMap<String, Warm> = BTreeMap::new();
    let mut dearest: BTreeMap<String, Asked> = BTreeMap::new();
    let mut script = Script::platform(prepared::all(templates, &platform).await?)?;
    let (mut once, mut wrong) = (Vec::new(), Vec::new());
    while let Some(request) = script.next() {
        let request = match request {
            Ok(request) => request,
            Err(why) => {
                wrong.push(format!("{why:#}"));
                continue;
            }
        };
        let (key, parameters) =
            fitting(&answering, &request).with_context(|| format!("no route is {request}"))?;
        let name = answering.get(key).context("no function")?;
        let is_first = !started.contains_key(name);
        if is_first {
            let binary = folder.join(name);
            ensure!(binary.exists(), "{name} is not built");
            let function = functions.get(name).with_context(|| format!("no function {name}"))?;
            started.insert(name.clone(), Warm::start(&binary, function, port)?);
        }
        let warm = started.get(name).context("not started")?;
        let event = event(&platform, &request, key, parameters)?;
        platform.aws.take_meter();
        let (answer, cpu) = warm.ask(event).with_context(|| request.to_string())?;
        let meter = platform.aws.take_meter();
        let Written { status, text } = Written::read(&answer)?;
        if request.fails(status) {
            wrong.push(format!("{request}: {status} {text}"));
            continue;
        }
        if let Err(why) = script.keep(&request, &serde_json::from_str(&text).unwrap_or_default()) {
            wrong.push(format!("{why:#}"));
        }
        let asked = Asked::of(name.clone(), key.clone(), status, cpu, &meter, text.len());
        match request.once {
            Some(why) => once.push(Once { why, asked }),
            None if is_first => {}
            None => super::keep_dearest(&mut dearest, asked),
        }
    }
    ensure!(wrong.is_empty(), "not as it should be:\n{}", wrong.join("\n"));
    let left = answering.into_keys().filter(|key| !key.starts_with('$'));
    let left: Vec<String> = left.filter(|key| !dearest.contains_key(key)).collect();
    ensure!(left.is_empty(), "nothing asks {}", left.join(", "));
    Ok(Figures { each: dearest.into_values().collect(), once })
}

/// The route that a request fits, by its key, and the variables of its path. Of several the one with the fewest is meant.
fn fitting<'a>(
    answering: &'a BTreeMap<String, String>,
    request: &Request,
) -> Option<(&'a String, Map<String, Value>)> {
    let fits = |key: &'a String| {
        let (method, pattern) = key.split_once(' ')?;
        let named = method == request.method.as_str() || method == "ANY";
        let (mut asked, mut parameters) = (request.path.split('/'), Map::new());
        for part in pattern.split('/') {
            let given = asked.next()?;
            match part.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
                Some(name) => drop(parameters.insert(name.to_owned(), given.into())),
                None if part == given => {}
                None => return None,
            }
        }
        (named && asked.next().is_none()).then_some((key, parameters))
    };
    answering.keys().filter_map(fits).min_by_key(|(_, parameters)| parameters.len())
}

/// A request with what shows who makes it.
fn event(
    platform: &Platform,
    request: &Request,
    key: &str,
    parameters: Map<String, Value>,
) -> Result<Vec<u8>> {
    let bearer = |token: &str| vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let shown = match &request.by {
        By::Administrator => bearer(platform.tokens.first().context("no token")?),
        By::Source => bearer(&platform.credential),
        By::Bearer(token) => bearer(token),
        By::Key(key) => {
            let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
            vec![("authorization".to_owned(), basic)]
        }
        By::Sdk(key) => signed::by_sdk(request, key)?,
        By::Hub(secret) => {
            vec![("x-hub-signature-256".to_owned(), signed::by_hub(request, secret)?)]
        }
        By::Address(_) | By::Nobody => Vec::new(),
    };
    Ok(gateway::event(request, (key, &request.path), parameters, shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceap_helpdesk::api::Method;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn a_request_fits_the_route_that_says_most_of_it() {
        let keys = ["GET /v1/schemas/use-case", "GET /v1/schemas/{type}", "PUT /v1/schemas/{type}"];
        let answering = keys.map(|key| (key.to_owned(), "schemas".to_owned())).into();
        let fits = |method, path| {
            fitting(&answering, &Request::of(method, path))
                .map(|(key, parameters)| (key.clone(), Value::from(parameters)))
        };
        let found = |key: &str, parameters| Some((key.to_owned(), parameters));
        assert_eq!(fits(Method::Get, "/v1/schemas/use-case"), found(keys[0], json!({})));
        assert_eq!(fits(Method::Put, "/v1/schemas/a"), found(keys[2], json!({"type": "a"})));
        assert_eq!(fits(Method::Get, "/v1/schemas/a/b"), None);
        assert_eq!(fits(Method::Delete, "/v1/schemas/a"), None);
    }

    #[test]
    fn every_route_is_asked() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut answering = Templates::read(&root).unwrap().answering();
        answering.retain(|key, _| !key.contains("/api/v2") && !key.starts_with('$'));
        let all: Vec<Request> = Script::platform(BTreeMap::new()).unwrap().shapes().collect();
        let asked =
            all.iter().map(|it| fitting(&answering, it).unwrap_or_else(|| panic!("{it}")).0);
        let asked: BTreeSet<&String> = asked.collect();
        let left: Vec<&String> = answering.keys().filter(|key| !asked.contains(key)).collect();
        assert!(left.is_empty(), "nothing asks {left:?}");
    }

    #[test]
    fn every_route_that_is_asked_has_a_function() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let answering = Templates::read(&root).unwrap().answering();
        assert_eq!(answering["GET /v1/profiles/{id}"], "profiles");
        assert_eq!(answering["POST /v1/track"], "ingest-tracking");
        assert!(answering.len() > 100, "{}", answering.len());
    }
}
