//! What rows of reports are called.

use super::{By, Place};
use crate::account::{Account, Brand, Group, Staff};
use crate::record::Record;
use ceap_kernel::Fault;
use serde_json::json;
use std::collections::BTreeMap;

/// What groups, agents and brands are called.
pub(super) struct Names {
    groups: BTreeMap<u64, String>,
    agents: BTreeMap<u64, String>,
    brands: BTreeMap<u64, String>,
}

impl Names {
    pub(super) fn of(account: &Account) -> Result<Self, Fault> {
        fn all<R: Record + Send + Sync + 'static>(
            account: &Account,
            name: fn(&R) -> &String,
        ) -> Result<BTreeMap<u64, String>, Fault> {
            let all = account.all::<R>()?;
            Ok(all.iter().map(|it| (it.id(), name(&it.record).clone())).collect())
        }
        Ok(Self {
            groups: all::<Group>(account, |it| &it.name)?,
            agents: all::<Staff>(account, |it| &it.name)?,
            brands: all::<Brand>(account, |it| &it.name)?,
        })
    }

    pub(super) fn row(
        &self,
        by: &[By],
        place: &Place,
    ) -> BTreeMap<&'static str, serde_json::Value> {
        let mut row = BTreeMap::new();
        let mut named = |id: &'static str,
                         name: &'static str,
                         of: Option<u64>,
                         names: &BTreeMap<u64, String>| {
            row.insert(id, json!(of));
            row.insert(name, json!(of.and_then(|it| names.get(&it))));
        };
        for it in by {
            match it {
                By::Group => {
                    named("group_id", "group", place.group.map(|it| it.get()), &self.groups)
                }
                By::Agent => {
                    named("agent_id", "agent", place.agent.map(|it| it.get()), &self.agents)
                }
                By::Brand => {
                    named("brand_id", "brand", place.brand.map(|it| it.get()), &self.brands)
                }
                By::Day | By::Channel => {}
            }
        }
        if by.contains(&By::Day) {
            row.insert("day", json!(place.day));
        }
        if by.contains(&By::Channel) {
            row.insert("channel", json!(place.channel));
        }
        row
    }
}
