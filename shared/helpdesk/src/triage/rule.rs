//! Rules by which an account says what new tickets are about.

use super::history::Asked;
use super::{Incoming, Triage, Verdict, Why, language};
use crate::account::Account;
use crate::ids::{GroupId, OrganizationId};
use crate::record::{Home, Kept, Kind, Record};
use crate::rule::{Condition, Conditions, Head, Rule};
use crate::search::Filter;
use crate::search::document::field;
use crate::ticket::Priority;
use ceap_kernel::Fault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A rule of triage. All that it asks for has to be so; the first one of which it is so tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriageRule {
    /// What it is called, and where it stands.
    #[serde(flatten)]
    pub head: Head,
    /// Conditions, as those of triggers.
    #[serde(default)]
    pub conditions: Conditions,
    /// Words of the subject, or of what was said.
    #[serde(default)]
    pub keywords: Keywords,
    /// Languages, of which it is in one (BCP 47).
    #[serde(default)]
    pub languages: Vec<String>,
    /// Addresses or domains, from one of which it came.
    #[serde(default)]
    pub senders: Vec<String>,
    /// Organizations, of which it is of one.
    #[serde(default)]
    pub organization_ids: Vec<OrganizationId>,
    /// What who asks for it asked for before.
    #[serde(default)]
    pub history: Vec<Asked>,
    /// What it is about then.
    #[serde(default)]
    pub category: Option<String>,
    /// How urgent it is then, unless who opened it says so.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Tags that it gets.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// The group that it goes to, unless who opened it says so.
    #[serde(default)]
    pub group_id: Option<GroupId>,
}

/// Words that are looked for, each in its forms; several words that stand together are found as they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keywords {
    /// All of these.
    pub all: Vec<String>,
    /// One of these, if there are any.
    pub any: Vec<String>,
}

/// Something that a rule may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Organizations.
    Organization,
    /// Languages.
    Language,
    /// Keywords.
    Keywords,
    /// Conditions.
    Conditions,
    /// Addresses or domains.
    Sender,
    /// What was asked for before.
    History,
}

/// What became of one thing that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What.
    pub part: Part,
    /// Whether it is so.
    pub met: bool,
    /// What of it was found.
    pub found: Vec<String>,
}

impl Part {
    /// All of them. What may have to be read to be known comes last: mostly, it is decided by then.
    pub const ALL: [Self; 6] = [
        Self::Organization,
        Self::Language,
        Self::Keywords,
        Self::Conditions,
        Self::Sender,
        Self::History,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Language => "language",
            Self::Keywords => "keywords",
            Self::Conditions => "conditions",
            Self::Sender => "sender",
            Self::History => "history",
        }
    }
}

impl TriageRule {
    /// A rule that asks for nothing yet, and tells nothing.
    #[must_use]
    pub fn new(head: Head) -> Self {
        Self {
            head,
            conditions: Conditions::default(),
            keywords: Keywords::default(),
            languages: Vec::new(),
            senders: Vec::new(),
            organization_ids: Vec::new(),
            history: Vec::new(),
            category: None,
            priority: None,
            tags: BTreeSet::new(),
            group_id: None,
        }
    }

    /// What it asks for.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(|part| match part {
            Part::Organization => !self.organization_ids.is_empty(),
            Part::Language => !self.languages.is_empty(),
            Part::Keywords => !(self.keywords.all.is_empty() && self.keywords.any.is_empty()),
            Part::Conditions => !(self.conditions.all.is_empty() && self.conditions.any.is_empty()),
            Part::Sender => !self.senders.is_empty(),
            Part::History => !self.history.is_empty(),
        })
    }

    /// Whether one thing that it asks for is so.
    #[must_use]
    pub fn look(&self, part: Part, incoming: &Incoming<'_>) -> Looked {
        let (met, found) = match part {
            Part::Organization => {
                let of = incoming.ticket.organization_id;
                let found = of.filter(|id| self.organization_ids.contains(id));
                (found.is_some(), found.iter().map(ToString::to_string).collect())
            }
            Part::Language => {
                let found = incoming.language.filter(|found| self.speaks(found));
                (found.is_some(), found.map(str::to_owned).into_iter().collect())
            }
            Part::Keywords => self.keywords.look(incoming),
            Part::Conditions => {
                let met = incoming.opening.met(&self.conditions);
                (met, incoming.opening.those_met(&self.conditions).into_iter().map(said).collect())
            }
            Part::Sender => {
                let found = incoming.sender().and_then(|address| self.knows(address));
                (found.is_some(), found.into_iter().collect())
            }
            Part::History => {
                let history = incoming.history();
                let is = |it: &&Asked| history.is_some_and(|of| of.meets(it, incoming.at));
                let met: Vec<&Asked> = self.history.iter().filter(is).collect();
                (met.len() == self.history.len(), met.into_iter().map(counted).collect())
            }
        };
        Looked { part, met, found }
    }

    fn speaks(&self, found: &str) -> bool {
        self.languages.iter().any(|it| language::known(it) == Some(found))
    }

    /// What of its addresses and domains fits an address: which domain, or that it is the address itself, which is nobody's to
    /// read in a ticket.
    fn knows(&self, address: &str) -> Option<String> {
        let address = crate::user::canonical(address);
        let (_, domain) = address.rsplit_once('@')?;
        if self.senders.contains(&address) {
            return Some("address".to_owned());
        }
        self.senders.iter().find(|it| *it == domain).cloned()
    }

    /// What it tells of a ticket of which all is so that it asks for; none, if it is not.
    fn tells(&self, incoming: &Incoming<'_>) -> Option<Verdict> {
        let mut why = Vec::new();
        for part in self.parts() {
            let Looked { met, found, .. } = self.look(part, incoming);
            if !met {
                return None;
            }
            why.push(Why { part: part.as_str().to_owned(), found });
        }
        (!why.is_empty()).then(|| Verdict {
            rule_id: Some(self.head.id),
            rule_title: self.head.title.clone(),
            category: self.category.clone(),
            priority: self.priority,
            tags: self.tags.clone(),
            group_id: self.group_id,
            confidence: 1.0,
            why,
        })
    }
}

impl Keywords {
    fn look(&self, incoming: &Incoming<'_>) -> (bool, Vec<String>) {
        let is = |word: &&String| incoming.says(word);
        let all: Vec<&String> = self.all.iter().filter(is).collect();
        let any: Vec<&String> = self.any.iter().filter(is).collect();
        let met = all.len() == self.all.len() && (self.any.is_empty() || !any.is_empty());
        (met, all.into_iter().chain(any).cloned().collect())
    }
}

impl Incoming<'_> {
    /// Whether these words stand in it, one after the other, in any of their forms.
    fn says(&self, words: &str) -> bool {
        let fields = [field::SUBJECT, field::COMMENT];
        match Filter::phrase(&fields, words, self.stems.as_slice()) {
            // What has no words is said nowhere.
            Filter::All(all) if all.is_empty() => false,
            filter => (self.says)(&filter),
        }
    }
}

/// A condition in words.
fn said(condition: &Condition) -> String {
    let Condition { field, operator, value } = condition;
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("{field} {operator} {value}").trim_end().to_owned()
}

fn counted(asked: &Asked) -> String {
    let Asked { field, operator, value, within_days } = asked;
    let days = within_days.map(|days| format!(" within {days} days")).unwrap_or_default();
    format!("{field} {operator} {value}{days}")
}

/// The rules of an account that are in use, in their order.
#[derive(Debug, Clone)]
pub struct Rules(pub Vec<Kept<TriageRule>>);

impl Rules {
    /// Those of an account.
    ///
    /// # Errors
    /// `Internal` if they cannot be read.
    pub fn in_use(account: &Account) -> Result<Self, Fault> {
        let all = account.all::<TriageRule>()?;
        let mut used: Vec<Kept<TriageRule>> =
            all.iter().filter(|it| it.head.active).cloned().collect();
        used.sort_by_key(|it| (it.head.position, it.head.id));
        Ok(Self(used))
    }

    /// Whether any of them asks what was asked for before.
    #[must_use]
    pub fn look_back(&self) -> bool {
        self.0.iter().any(|it| !it.history.is_empty())
    }
}

impl Triage for Rules {
    /// The first rule that tells anything. What is not known yet is not so; it is noted, and once it is read they are asked again.
    fn classify(&self, incoming: &Incoming<'_>) -> Option<Verdict> {
        self.0.iter().find_map(|rule| rule.tells(incoming))
    }
}

impl Record for TriageRule {
    const KIND: Kind = Kind {
        name: "TRIAGE_RULE",
        singular: "triage_rule",
        plural: "triage_rules",
        home: Home::Account,
    };

    fn id(&self) -> u64 {
        self.head.id.get()
    }
}

impl Rule for TriageRule {
    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }
}
