//! What is asked of an organization, and what speaks against it.

use crate::account::Group;
use crate::api::{Call, Refused};
use crate::field::{OrganizationField, profile};
use crate::ids::GroupId;
use crate::organization::{Organization, canonical};
use crate::refusal::Refusal;
use crate::tag;
use crate::wire::{given, text, truth};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Characters of a name or an external id.
const MAX_NAME: usize = 255;

/// Domains of an organization (Zendesk's limit on their length is 10,000 characters in all).
const MAX_DOMAINS: usize = 60;

/// Changes to an organization, or what a new one is to be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Edit {
    #[serde(deserialize_with = "text")]
    name: Option<Option<String>>,
    #[serde(deserialize_with = "text")]
    pub external_id: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    domain_names: Option<Option<Domains>>,
    #[serde(deserialize_with = "given")]
    details: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    notes: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    group_id: Option<Option<GroupId>>,
    #[serde(deserialize_with = "truth")]
    shared_tickets: Option<bool>,
    #[serde(deserialize_with = "truth")]
    shared_comments: Option<bool>,
    tags: Option<Vec<String>>,
    organization_fields: Option<Map<String, Value>>,
}

/// Several domains, or one text that has them all.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Domains {
    Several(Vec<String>),
    One(String),
}

impl Domains {
    fn several(self) -> Vec<String> {
        let all = match self {
            Self::Several(all) => all,
            Self::One(text) => text.split([' ', ',']).map(str::to_owned).collect(),
        };
        let mut domains: Vec<String> = Vec::new();
        for domain in all.iter().map(|it| canonical(it)) {
            if !domain.is_empty() && !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        domains
    }
}

/// Whether people may have addresses there: a domain, or one address.
fn is_domain(text: &str) -> bool {
    let domain = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
    let fits =
        |part: &str| !part.is_empty() && part.chars().all(|it| it.is_alphanumeric() || it == '-');
    text.len() <= MAX_NAME && domain.contains('.') && domain.split('.').all(fits)
}

impl Edit {
    /// Whether it asks for notes alone, which every agent may change.
    pub fn is_notes(&self) -> bool {
        let rest = Self { notes: None, ..self.clone() };
        rest == Self::default()
    }

    /// The organization as it is then.
    ///
    /// # Errors
    /// Why it cannot be, by field.
    pub async fn apply(
        self,
        call: &Call<'_>,
        organization: &mut Organization,
    ) -> Result<(), Refused> {
        let mut refusal = Refusal::default();
        if let Some(name) = self.name {
            organization.name = name.unwrap_or_default();
        }
        set(&mut organization.external_id, self.external_id);
        set(&mut organization.details, self.details);
        set(&mut organization.notes, self.notes);
        set(&mut organization.group_id, self.group_id);
        if let Some(domains) = self.domain_names {
            organization.domain_names = domains.map(Domains::several).unwrap_or_default();
        }
        organization.shared_tickets = self.shared_tickets.unwrap_or(organization.shared_tickets);
        organization.shared_comments = self.shared_comments.unwrap_or(organization.shared_comments);
        if let Some(tags) = &self.tags {
            organization.tags = tag::normal(tags);
        }
        if let Some(given) = self.organization_fields {
            fields(call, organization, &given, &mut refusal).await?;
        }
        against(call, organization, &mut refusal)?;
        Ok(refusal.against(())?)
    }
}

fn set<T>(field: &mut Option<T>, asked: Option<Option<T>>) {
    if let Some(value) = asked {
        *field = value;
    }
}

/// Values of the account's own fields, and whether what they refer to is there.
async fn fields(
    call: &Call<'_>,
    organization: &mut Organization,
    given: &Map<String, Value>,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    let fields = call.account.all::<OrganizationField>()?;
    match profile::given(&fields, &organization.organization_fields, given) {
        Ok(values) => organization.organization_fields = values,
        Err(reasons) => refusal.extend(reasons),
    }
    let referred: Map<String, Value> = organization
        .organization_fields
        .iter()
        .filter(|(key, _)| given.contains_key(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let references = profile::references(&fields, &referred);
    call.fetch(references.iter().map(|(key, _)| key.clone())).await?;
    for (key, reason) in references {
        if call.item(&key).await?.is_none() {
            refusal.push("base", reason);
        }
    }
    Ok(())
}

fn against(
    call: &Call<'_>,
    organization: &Organization,
    refusal: &mut Refusal,
) -> Result<(), Refused> {
    if organization.name.is_empty() {
        refusal.add("name", "Name: cannot be blank", Some("BlankValue"));
    }
    let long = |text: &str| text.chars().count() > MAX_NAME;
    if long(&organization.name) {
        let text = format!("Name: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("name", text, Some("ValueTooLong"));
    }
    if organization.external_id.as_deref().is_some_and(long) {
        let text = format!("External: is too long (maximum is {MAX_NAME} characters)");
        refusal.add("external_id", text, Some("ValueTooLong"));
    }
    for domain in organization.domain_names.iter().filter(|it| !is_domain(it)) {
        let text = format!("Domain names: {domain} is invalid");
        refusal.add("domain_names", text, Some("InvalidValue"));
    }
    if organization.domain_names.len() > MAX_DOMAINS {
        let text = format!("Domain names: accepts at most {MAX_DOMAINS}");
        refusal.add("domain_names", text, Some("TooManyValues"));
    }
    if let Some(group) = organization.group_id
        && call.account.find::<Group>(group.get())?.is_none()
    {
        refusal.add("group_id", "Group: is invalid", Some("InvalidValue"));
    }
    Ok(())
}
