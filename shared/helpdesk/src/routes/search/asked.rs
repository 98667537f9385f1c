//! A query on its way: it is read, the people and organizations that it names are looked up, and it is resolved.

use crate::api::{Call, Refused};
use crate::ids::{OrganizationId, UserId};
use crate::search::document::field;
use crate::search::query::{self, organization, person};
use crate::search::{
    Audience, Directory, Filter, Finder, Kind, Language, Malformed, Names, Query, Search, Sort,
    Sought,
};
use ceap_kernel::Fault;
use futures::future::try_join_all;
use std::collections::BTreeSet;

/// Records that one name in a query means at most.
const MOST_NAMED: usize = 1_000;

/// A query that can be answered.
pub(in crate::routes) struct Asked {
    /// What can be found.
    pub finder: Finder,
    /// Which documents.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
}

impl Asked {
    /// Reads a query that is about these kinds.
    ///
    /// # Errors
    /// 422 that names the place at which it is wrong; `Unavailable` or `Throttled`.
    pub async fn read(call: &Call<'_>, text: &str, about: &[Kind]) -> Result<Self, Refused> {
        let query = Query::parse(text).map_err(malformed)?;
        let kinds = query.kinds();
        let kinds: Vec<Kind> = about.iter().copied().filter(|it| kinds.contains(it)).collect();
        let mut named = Vec::new();
        if !query.people().is_empty() {
            named.push(Kind::User);
        }
        if !query.organizations().is_empty() {
            named.push(Kind::Organization);
        }
        let all: BTreeSet<Kind> = kinds.iter().chain(&named).copied().collect();
        let finder = Finder::open(call, &all.into_iter().collect::<Vec<_>>()).await?;
        let directory = directory(call, &finder, &query).await?;
        let Sought { filter, sort } = query.resolve(&directory).map_err(malformed)?;
        let of_kinds = Filter::any(kinds.into_iter().map(Filter::kind));
        Ok(Self { finder, filter: Filter::all([of_kinds, filter]), sort })
    }

    /// The same, sorted as the request's `sort_by` and `sort_order` say, if they do.
    ///
    /// # Errors
    /// 422 if nothing is sorted so.
    pub fn sorted(mut self, call: &Call<'_>) -> Result<Self, Refused> {
        let given = |name: &str| call.ask.query(name).filter(|it| !it.is_empty());
        if let Some(by) = given("sort_by") {
            self.sort = order(call, by, given("sort_order"))?.unwrap_or(self.sort);
        }
        Ok(self)
    }
}

/// The order by something; none within, if the best are to come first.
///
/// # Errors
/// 422 if nothing is sorted so.
pub(in crate::routes) fn order(
    call: &Call<'_>,
    by: &str,
    order: Option<&str>,
) -> Result<Option<Sort>, Refused> {
    let known = order.is_none_or(|it| ["asc", "desc"].iter().any(|of| it.eq_ignore_ascii_case(of)));
    let sort = query::sort(by, order, Audience::of(call.actor()?)).filter(|_| known);
    let given = order.map_or_else(String::new, |order| format!(" {order}"));
    sort.ok_or_else(|| invalid(format!("Invalid search: nothing is sorted by {by}{given}")))
}

/// What a query says that cannot be answered, in Zendesk's form.
pub(in crate::routes) fn malformed(malformed: Malformed) -> Refused {
    invalid(malformed.to_string())
}

/// A search that cannot be answered
/// ([errors](https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/#errors-json-format)).
pub(in crate::routes) const fn invalid(text: String) -> Refused {
    Refused::Other(422, "invalid", text)
}

/// What the account has that the query names: of people and organizations those that who asks may find.
async fn directory(call: &Call<'_>, finder: &Finder, query: &Query) -> Result<Directory, Refused> {
    let mut directory = Directory::of(&call.account, call.actor()?, call.at)?;
    let languages: Vec<Language> = directory.languages().to_vec();
    let lookup = async |named: &str, filter: Filter| {
        let sort = Sort::default();
        let most = MOST_NAMED;
        let search = Search { filter: &filter, sort: &sort, backward: false, after: None, most };
        let found = finder.find(search).await?;
        let ids = found.places.into_iter().map(|it| it.id).collect();
        Ok::<(String, Vec<u64>), Fault>((named.to_owned(), ids))
    };
    let people = query.people();
    let people = people.iter().map(|it| lookup(it, person(it, &languages)));
    let organizations = query.organizations();
    let organizations = organizations.iter().map(|it| lookup(it, organization(it, &languages)));
    let (people, organizations) =
        futures::try_join!(try_join_all(people), try_join_all(organizations))?;
    for (named, ids) in people {
        directory.put_people(&named, ids.into_iter().filter_map(UserId::new).collect());
    }
    for (named, ids) in organizations {
        let ids = ids.into_iter().filter_map(OrganizationId::new).collect();
        directory.put_organizations(&named, ids);
    }
    Ok(directory)
}

/// Documents of requests, as their requesters see them: something of them is public.
pub(in crate::routes) fn public() -> Filter {
    Filter::present(field::COMMENTER)
}
