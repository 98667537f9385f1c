//! Reports, as they are told.

use super::keep::month;
use super::names::Names;
use super::rebuild::generations;
use super::{Asked, By, Cells, Figures, Kind, Place, Told};
use crate::account::Account;
use crate::store::{Range, Store};
use ceap_kernel::{Fault, TenantId};
use futures::future::try_join_all;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskReport")]
pub struct Report {
    /// Which.
    pub report: Kind,
    /// The first day that it tells of.
    #[schemars(with = "String")]
    pub from: Date,
    /// The last day.
    #[schemars(with = "String")]
    pub to: Date,
    /// Where days begin: the account's time zone (IANA).
    pub time_zone: String,
    /// By what figures are told apart.
    #[schemars(with = "Vec<String>")]
    pub by: Vec<By>,
    /// Figures by these, in their order; what has none is left out.
    pub rows: Vec<Row>,
    /// All of them together.
    pub total: Told,
}

/// Figures of a day, a group, an agent, a brand or a channel, or several of these.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "HelpdeskReportRow")]
pub struct Row {
    /// What they are of: `day`, `group_id`, `group`, `agent_id`, `agent`, `brand_id`, `brand`, `channel`, as far as figures are
    /// told apart by them. Null is none; a name is null of what is no more.
    #[serde(flatten)]
    pub of: BTreeMap<&'static str, serde_json::Value>,
    /// The figures.
    #[serde(flatten)]
    pub told: Told,
}

/// A place as far as figures are told apart: of all else it says nothing, in the order in which it is asked.
fn coarse(place: &Place, by: &[By], first: Date) -> Place {
    let has = |it: By| by.contains(&it);
    Place {
        day: if has(By::Day) { place.day } else { first },
        group: place.group.filter(|_| has(By::Group)),
        agent: place.agent.filter(|_| has(By::Agent)),
        brand: place.brand.filter(|_| has(By::Brand)),
        channel: if has(By::Channel) { place.channel.clone() } else { String::new() },
    }
}

/// Figures of one month that one report reads at most: a hundred thousand places.
const MOST_CELLS: usize = 100_000;

/// The figures of these months of an account, place by place: those that serve.
///
/// # Errors
/// `Invalid` when there are too many; `Unavailable` or `Throttled`.
pub async fn served(
    store: &dyn Store,
    tenant: &TenantId,
    months: &[String],
) -> Result<Cells, Fault> {
    let serves = generations(store, tenant).await?.serves;
    let read = months.iter().map(|it| async move {
        let range = Range::of(month(serves, it), MOST_CELLS);
        let found = store.range(tenant, &range).await?;
        if found.more {
            return Err(Fault::invalid("from", "there is too much of it: ask for fewer days"));
        }
        Ok(found.items)
    });
    let items = try_join_all(read).await?.into_iter().flatten();
    let unreadable = |what: &dyn std::fmt::Display| Fault::Internal(format!("a figure: {what}"));
    let cell = |item: crate::store::Item| {
        let place: Place = item.key.sort.parse().map_err(|error: String| unreadable(&error))?;
        let figures: Figures =
            serde_json::from_str(&item.body).map_err(|error| unreadable(&error))?;
        Ok((place, figures))
    };
    items.map(cell).collect()
}

/// A report as it is asked for.
///
/// # Errors
/// `Invalid` when there is too much of it; `Unavailable` or `Throttled`.
pub async fn report(
    store: &dyn Store,
    tenant: &TenantId,
    account: &Account,
    kind: Kind,
    asked: &Asked,
) -> Result<Report, Fault> {
    let cells = served(store, tenant, &asked.period.months()).await?;
    let (mut rows, mut total) = (Cells::default(), Figures::default());
    for (place, figures) in cells.iter().filter(|(place, _)| asked.holds(place)) {
        rows.put(&coarse(place, &asked.by, asked.period.from), figures);
        total.merge(figures);
    }
    let names = Names::of(account)?;
    let row = |(place, figures): (&Place, &Figures)| Row {
        of: names.row(&asked.by, place),
        told: Told::of(kind, figures),
    };
    Ok(Report {
        report: kind,
        from: asked.period.from,
        to: asked.period.to,
        time_zone: account.zone()?,
        by: asked.by.clone(),
        rows: rows.iter().map(row).collect(),
        total: Told::of(kind, &total),
    })
}
