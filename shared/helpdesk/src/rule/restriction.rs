//! Whom a view or a macro is for.

use super::refers::{Refers, To};
use crate::ids::{GroupId, UserId};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whom a view or a macro is for, where it is not for all agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Restriction {
    /// One agent.
    User {
        /// Who.
        id: UserId,
    },
    /// Groups of agents.
    Group {
        /// Which.
        ids: Vec<GroupId>,
    },
}

/// What is asked of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<Value>,
    ids: Option<Vec<Value>>,
}

impl Restriction {
    /// Reads what is asked: null, or nothing, is for all.
    pub fn read(asked: Option<Value>, refusal: &mut Refusal) -> Option<Self> {
        let wrong = |refusal: &mut Refusal| {
            refusal.add("restriction", "Restriction: is invalid", Some("InvalidValue"));
            None
        };
        let empty = |it: &Value| it.as_object().is_some_and(serde_json::Map::is_empty);
        let asked = asked.filter(|it| !empty(it))?;
        let Ok(asked) = Asked::deserialize(asked) else { return wrong(refusal) };
        match asked.kind.as_deref() {
            Some("User") => match asked.id.and_then(|id| serde_json::from_value(id).ok()) {
                Some(id) => Some(Self::User { id }),
                None => wrong(refusal),
            },
            Some("Group") => {
                let several = asked.ids.filter(|ids| !ids.is_empty());
                let ids = several.unwrap_or_else(|| asked.id.into_iter().collect());
                let ids: Result<Vec<GroupId>, _> =
                    ids.into_iter().map(serde_json::from_value).collect();
                match ids {
                    Ok(ids) if !ids.is_empty() => Some(Self::Group { ids }),
                    _ => wrong(refusal),
                }
            }
            Some(_) | None => wrong(refusal),
        }
    }

    /// Whom it names must be there.
    pub fn refers(&self, refers: &mut Refers) {
        match self {
            Self::User { id } => refers.add(To::Agent, id.to_string(), "restriction"),
            Self::Group { ids } => {
                ids.iter().for_each(|id| refers.add(To::Group, id.to_string(), "restriction"));
            }
        }
    }

    /// As the API shows it.
    #[must_use]
    pub fn shown(&self) -> Value {
        match self {
            Self::User { id } => json!({"type": "User", "id": id}),
            Self::Group { ids } => json!({"type": "Group", "id": ids.first(), "ids": ids}),
        }
    }

    /// The agent whose own it is.
    #[must_use]
    pub const fn owner(&self) -> Option<UserId> {
        match self {
            Self::User { id } => Some(*id),
            Self::Group { .. } => None,
        }
    }

    /// The groups that it is for.
    #[must_use]
    pub fn groups(&self) -> &[GroupId] {
        match self {
            Self::User { .. } => &[],
            Self::Group { ids } => ids,
        }
    }
}
