//! Addresses, suppression lists, the channels' queues, and a provider that takes everything.

use crate::World;
use ceap_engagement::message::{ChannelQueues, Dispatch, Suppressions};
use ceap_engagement::pipeline::deliver::Addresses;
use ceap_engagement::pipeline::send::{Provider, SendError};
use ceap_engagement::profile::Profile;
use ceap_engagement::use_case::Settings;
use ceap_kernel::{Fault, TenantId};

impl Addresses for World {
    fn address<'a>(&self, channel: &str, profile: &'a Profile) -> Option<&'a str> {
        match channel {
            "email" => profile.email.as_deref(),
            "sms" => profile.phone.as_deref(),
            _ => None,
        }
    }

    fn reaches(&self, channel: &str, to: &str) -> bool {
        match channel {
            "email" => to.contains('@'),
            "sms" => to.starts_with('+'),
            _ => false,
        }
    }

    fn sender<'a>(&self, channel: &str, settings: &'a Settings) -> Option<&'a str> {
        match channel {
            "email" => Some(&settings.from_address),
            "sms" => settings.sms_origination.as_deref(),
            _ => None,
        }
    }
}

impl Suppressions for World {
    async fn suppressed(
        &self,
        tenant: &TenantId,
        addresses: &[(String, String)],
    ) -> Result<Vec<bool>, Fault> {
        self.step("suppressions.suppressed", |stores| {
            Ok(addresses
                .iter()
                .map(|(channel, address)| {
                    let entry = (tenant.clone(), channel.clone(), address.clone());
                    stores.suppressed.contains(&entry)
                })
                .collect())
        })
        .await
    }
}

impl ChannelQueues for World {
    async fn hand_on(&self, dispatches: &[Dispatch]) -> Result<(), Fault> {
        self.step("queues.hand_on", |stores| {
            stores.queue.extend(dispatches.iter().cloned());
            Ok(())
        })
        .await
    }
}

impl Provider for World {
    async fn send(&self, dispatch: &Dispatch) -> Result<String, SendError> {
        let answer = self.step("provider.send", |stores| {
            if let Some(answer) = stores.answers.pop_front() {
                return Ok(Err(answer));
            }
            stores.sent.push(dispatch.clone());
            Ok(Ok(format!("provider-{}", stores.sent.len())))
        });
        // A call that fails leaves it open whether anything was sent.
        let lost = |fault: Fault| SendError::Unknown(fault.to_string());
        answer.await.map_err(lost)?
    }
}
