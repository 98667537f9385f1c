//! Who sends as whom, and answers to requests for help.

use crate::World;
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::receive::{Help, Senders};
use ceap_engagement::receipt::Inbound;
use ceap_kernel::{Fault, SubjectId, TenantId};

impl Senders for World {
    async fn tenants(&self, channel: &str, sender: &str) -> Result<Vec<TenantId>, Fault> {
        self.step("senders.tenants", |stores| {
            let own = stores.plans.iter().filter(|(_, plan)| {
                Addresses::sender(self, channel, &plan.settings) == Some(sender)
            });
            Ok(own.map(|(tenant, _)| tenant.clone()).collect())
        })
        .await
    }
}

impl Help for World {
    async fn help(
        &self,
        tenant: &TenantId,
        subject: &SubjectId,
        inbound: &Inbound,
    ) -> Result<(), Fault> {
        let answer = (tenant.clone(), subject.clone(), inbound.id.clone());
        self.step("help.help", |stores| {
            stores.helped.insert(answer);
            Ok(())
        })
        .await
    }
}
