//! Reports of tickets, as they are asked for over the platform's API.

use ceap_helpdesk::account::Account;
use ceap_helpdesk::report::{Asked, Kind, Report, report};
use ceap_helpdesk::store::Store;
use ceap_kernel::{Fault, TenantId, Timestamp};

/// The parameters that they take.
const PARAMETERS: [&str; 7] = ["from", "to", "by", "group_id", "agent_id", "brand_id", "channel"];

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
    let given = PARAMETERS.map(|name| (name, query(name)));
    let find = |name: &str| given.iter().find(|(it, _)| *it == name)?.1.as_deref();
    let asked = Asked::read(find, account.today(now)?, usual)?;
    report(store, tenant, &account, kind, &asked).await
}
