//! How routing is set. Zendesk has no API for it.

use crate::api::{Answer, Call, Refused};
use crate::record::Changes;
use crate::routing::{RoutingSettings, Strategy, wake};
use crate::wire::{given, truth};
use serde::Deserialize;
use serde_json::{Value, json};

/// Minutes at most: a week.
const MOST_MINUTES: u32 = 7 * 24 * 60;

/// What is asked of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edit {
    #[serde(deserialize_with = "truth")]
    enabled: Option<bool>,
    strategy: Option<Strategy>,
    #[serde(deserialize_with = "given")]
    skills_timeout_minutes: Option<Option<u32>>,
    #[serde(deserialize_with = "truth")]
    reassign: Option<bool>,
    reassign_after_minutes: Option<u32>,
}

impl Edit {
    fn apply(self, call: &Call<'_>, settings: &mut RoutingSettings) -> Result<(), Refused> {
        let enabled = self.enabled.unwrap_or(settings.enabled);
        if enabled && !settings.enabled {
            // What happened to tickets meanwhile is not known.
            (settings.enabled_at, settings.adopted_at) = (Some(call.at), None);
        }
        settings.enabled = enabled;
        settings.strategy = self.strategy.unwrap_or(settings.strategy);
        if let Some(minutes) = self.skills_timeout_minutes {
            settings.skills_timeout_minutes = minutes;
        }
        settings.reassign = self.reassign.unwrap_or(settings.reassign);
        let minutes = self.reassign_after_minutes.unwrap_or(settings.reassign_after_minutes);
        settings.reassign_after_minutes = minutes;
        let timeout = settings.skills_timeout_minutes.unwrap_or_default();
        for (name, minutes) in
            [("skills_timeout_minutes", timeout), ("reassign_after_minutes", minutes)]
        {
            if minutes > MOST_MINUTES {
                return Err(Refused::field(name, format!("must be at most {MOST_MINUTES}")));
            }
        }
        Ok(())
    }
}

fn shown(settings: &RoutingSettings) -> Value {
    json!({"settings": {
        "enabled": settings.enabled,
        "enabled_at": settings.enabled_at.filter(|_| settings.enabled),
        "ready": settings.ready(),
        "strategy": settings.strategy,
        "skills_timeout_minutes": settings.skills_timeout_minutes,
        "reassign": settings.reassign,
        "reassign_after_minutes": settings.reassign_after_minutes,
    }})
}

pub(super) async fn show(call: &Call<'_>) -> Result<Answer, Refused> {
    Ok(Answer::ok(shown(&call.account.routing()?)))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refused> {
    let edit: Edit = call.ask.record("settings")?;
    let all = call.account.all::<RoutingSettings>()?;
    let before = all.first();
    let mut after = before.map(|it| it.record.clone()).unwrap_or_default();
    edit.apply(call, &mut after)?;
    let mut changes = Changes::new();
    match before {
        Some(before) if before.record == after => {}
        Some(before) => changes.update(before, &after)?,
        None => changes.create(&after)?,
    }
    wake(call, changes).await?;
    Ok(Answer::ok(shown(&after)))
}
