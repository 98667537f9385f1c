//! Reports of tickets, as they are asked for over the platform's API.

use ceap_helpdesk::account::Account;
use ceap_helpdesk::report::{Asked, Kind, Report, report};
use ceap_helpdesk::store::Store;
use ceap_kernel::{Fault, TenantId, Timestamp};

/// The report of this name, of an account, by the query's parameters.
///
/// # Errors
/// `NotFound` if there is none of this name; `Invalid` that names the parameter; `Unavailable` or `Throttled`.
pub async fn ticket_report(
    store: &dyn Store,
    tenant: &TenantId,
    named: &str,
    query: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<Report, Fault> {
    let (kind, usual) = Kind::named(named)?;
    let account = Account::load(store, tenant).await?;
    let asked = Asked::read(query, account.today(now)?, usual)?;
    report(store, tenant, &account, kind, &asked).await
}
