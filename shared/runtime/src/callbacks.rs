//! Providers that call back over HTTP, at an address of each tenant's own.

use crate::http::{Asked, Reply};
use crate::reception::Reception;
use ceap_connectors::receipts::whatsapp;
use ceap_engagement::secret::Secrets;
use ceap_kernel::{Fault, TenantId};

/// The secret with which Meta signs a tenant's callbacks: its app's secret.
pub const APP_SECRET: &str = "whatsapp_app_secret";

/// The secret that Meta repeats when a tenant makes the callback known to it.
pub const VERIFY_TOKEN: &str = "whatsapp_verify_token";

/// Answers Meta: its question whether the address is meant (GET), and its news (POST).
///
/// # Errors
/// `NotFound` for an unknown tenant; `Unauthorized` when the signature is not the tenant's;
/// `Unavailable` or `Throttled`: Meta calls again.
pub async fn whatsapp(
    asked: &Asked,
    secrets: &impl Secrets,
    reception: &Reception,
) -> Result<Reply, Fault> {
    let tenant = TenantId::new(asked.path("tenant").unwrap_or_default())
        .map_err(|_| Fault::NotFound("there is no such callback".to_owned()))?;
    if asked.route().starts_with("GET ") {
        let expected = secrets.get(&tenant, VERIFY_TOKEN).await?;
        let given = |name: &str| asked.query(name);
        let challenge = whatsapp::challenge(
            expected.reveal(),
            given("hub.mode").as_deref(),
            given("hub.verify_token").as_deref(),
            given("hub.challenge").as_deref(),
        )?;
        return Ok(Reply::text(200, "text/plain", challenge));
    }
    let body = asked.body()?;
    let secret = secrets.get(&tenant, APP_SECRET).await?;
    whatsapp::verify(secret.reveal(), asked.header("x-hub-signature-256"), &body)?;
    asked.of(&tenant);
    let told = whatsapp::callback(&tenant, &body);
    let tally = reception.take("whatsapp-callbacks", Some(&tenant), told).await?;
    Ok(Reply::text(200, "text/plain", String::new()).counted(tally))
}
