//! Channels, suppression lists, links, the channels' queues, and a provider that takes everything.

use crate::World;
use ceap_engagement::link::{LinkMaker, Linked, MessageLinks};
use ceap_engagement::message::{ChannelQueues, Content, Dispatch, Recipient, Suppressions};
use ceap_engagement::pipeline::gates::Addresses;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::policy::rate::{Rate, Rates};
use ceap_engagement::profile::Profile;
use ceap_engagement::suppression::{Entry, Page, Reason, SuppressionKeeper};
use ceap_engagement::use_case::Settings;
use ceap_kernel::{Fault, SignedDuration, SubjectId, TenantId, Timestamp};

impl Addresses for World {
    fn addresses(&self, channel: &str, subject: &SubjectId, profile: &Profile) -> Vec<String> {
        match channel {
            "in-app" | "ticket" => vec![subject.to_string()],
            "email" => profile.email.clone().into_iter().collect(),
            "sms" => profile.phone.clone().into_iter().collect(),
            other => profile.reached_by(other).map(str::to_owned).collect(),
        }
    }

    fn reaches(&self, channel: &str, to: &str) -> bool {
        match channel {
            "email" => to.contains('@'),
            "sms" => to.starts_with('+'),
            _ => !to.is_empty(),
        }
    }

    fn sender<'a>(&self, channel: &str, settings: &'a Settings) -> Option<&'a str> {
        match channel {
            "email" => Some(&settings.from_address),
            "sms" => settings.sms_origination.as_deref(),
            _ => None,
        }
    }

    fn files(&self, channel: &str) -> bool {
        channel == "email"
    }

    fn programs(&self, channel: &str) -> bool {
        channel == "webhook"
    }

    fn worth(&self, channel: &str) -> Option<SignedDuration> {
        (channel != "fax").then(|| SignedDuration::from_hours(24))
    }

    fn limit(&self, channel: &str, content: &Content) -> Result<(), String> {
        let fits = channel != "sms" || content.text.len() <= 1600;
        if fits { Ok(()) } else { Err("text: longer than 1600 bytes".to_owned()) }
    }
}

impl LinkMaker for World {
    async fn links(&self, tenant: &TenantId, of: &Linked<'_>) -> Result<MessageLinks, Fault> {
        Ok(MessageLinks {
            unsubscribe: format!("https://ceap.example/v1/unsubscribe/{tenant}.{}", of.id),
            preferences: format!("https://ceap.example/v1/preferences/{tenant}.{}", of.id),
        })
    }
}

impl Suppressions for World {
    async fn suppressed(
        &self,
        tenant: &TenantId,
        recipients: &[Recipient],
    ) -> Result<Vec<Option<Reason>>, Fault> {
        self.step("suppressions.suppressed", |stores| {
            Ok(recipients
                .iter()
                .map(|it| {
                    let entries = stores.suppressed.iter().filter(|(of, entry)| {
                        of == tenant
                            && (&entry.channel, &entry.address) == (&it.channel, &it.address)
                            && it.heeds(entry.reason, entry.at)
                    });
                    entries.map(|(_, entry)| entry.reason).max()
                })
                .collect())
        })
        .await
    }
}

impl SuppressionKeeper for World {
    async fn add(&self, tenant: &TenantId, entries: &[Entry]) -> Result<(), Fault> {
        self.step("suppressions.add", |stores| {
            for entry in entries {
                let known = stores.suppressed.iter_mut().find(|(of, it)| {
                    of == tenant
                        && (&it.channel, &it.address, it.reason)
                            == (&entry.channel, &entry.address, entry.reason)
                });
                match known {
                    Some((_, known)) if entry.reason.renews() => known.at = known.at.max(entry.at),
                    Some(_) => {}
                    None => stores.suppressed.push((tenant.clone(), entry.clone())),
                }
            }
            Ok(())
        })
        .await
    }

    async fn remove(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
        reason: Option<Reason>,
    ) -> Result<bool, Fault> {
        self.step("suppressions.remove", |stores| {
            let before = stores.suppressed.len();
            stores.suppressed.retain(|(of, it)| {
                let same = of == tenant && it.channel == channel && it.address == address;
                !(same && reason.is_none_or(|reason| reason == it.reason))
            });
            Ok(stores.suppressed.len() < before)
        })
        .await
    }

    async fn entries(
        &self,
        tenant: &TenantId,
        channel: &str,
        address: &str,
    ) -> Result<Vec<Entry>, Fault> {
        self.step("suppressions.entries", |stores| {
            let of = stores
                .suppressed
                .iter()
                .filter(|(of, it)| of == tenant && it.channel == channel && it.address == address);
            let mut entries: Vec<Entry> = of.map(|(_, it)| it.clone()).collect();
            entries.sort_by_key(|it| it.reason);
            Ok(entries)
        })
        .await
    }

    async fn list(
        &self,
        tenant: &TenantId,
        channel: &str,
        from: Option<&str>,
        limit: usize,
    ) -> Result<Page, Fault> {
        self.step("suppressions.list", |stores| {
            let mut entries: Vec<Entry> = stores
                .suppressed
                .iter()
                .filter(|(of, it)| of == tenant && it.channel == channel)
                .filter(|(_, it)| from.is_none_or(|from| it.address.as_str() > from))
                .map(|(_, it)| it.clone())
                .collect();
            entries.sort_by(|a, b| (&a.address, a.reason).cmp(&(&b.address, b.reason)));
            let mut addresses: Vec<String> = entries.iter().map(|it| it.address.clone()).collect();
            addresses.dedup();
            let next = addresses.get(limit).and_then(|_| addresses.get(limit - 1)).cloned();
            if let Some(last) = &next {
                entries.retain(|it| it.address <= *last);
            }
            Ok(Page { entries, next })
        })
        .await
    }
}

impl Rates for World {
    async fn take(&self, bucket: &str, rate: Rate, now: Timestamp) -> Result<Option<u32>, Fault> {
        self.step("rates.take", |stores| {
            let full = stores.buckets.entry(bucket.to_owned()).or_default();
            Ok(match rate.take(*full, now.as_microsecond()) {
                Ok(next) => {
                    *full = next;
                    None
                }
                Err(wait_us) => Some(u32::try_from(wait_us / 1_000_000 + 1).unwrap()),
            })
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
    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let answer = self.step("provider.send", |stores| {
            if let Some(answer) = stores.answers.pop_front() {
                return Ok(Err(answer));
            }
            stores.sent.push(dispatch.clone());
            Ok(Ok(Accepted::sent(format!("provider-{}", stores.sent.len()))))
        });
        // A call that fails leaves it open whether anything was sent.
        let lost = |fault: Fault| SendError::Unknown(fault.to_string());
        answer.await.map_err(lost)?
    }
}
