//! What can be asked, family by family: each its own Lambda function.

pub mod account;
pub mod activities;
pub mod audit_logs;
pub mod automations;
pub mod brands;
pub mod custom_roles;
pub mod custom_statuses;
pub mod dynamic_content;
pub mod exports;
pub mod fields;
pub mod files;
mod found;
pub mod groups;
pub mod jobs;
pub mod locales;
pub mod macros;
pub mod memberships;
pub mod organizations;
mod placeholders;
pub mod presence;
pub mod recipient_addresses;
pub mod requests;
pub mod routing;
mod rules;
pub mod satisfaction;
pub mod saved_searches;
pub mod schedules;
pub mod search;
mod shown;
pub mod slas;
mod strangers;
pub mod suspended_tickets;
pub mod tags;
pub mod ticket_forms;
pub mod ticket_rules;
pub mod tickets;
pub mod tokens;
pub mod triage_rules;
pub mod trigger_categories;
pub mod trigger_tests;
pub mod triggers;
pub mod users;
pub mod views;
pub mod webhooks;

pub use shown::{Shown, by_cursor, created, listed, one, placed, whole, written};

use crate::api::Route;

/// Routes that one function serves.
#[derive(Clone, Copy)]
pub struct Family {
    /// Its name, and its function's: `helpdesk-<name>`.
    pub name: &'static str,
    /// What its paths begin with: one segment, or several where those of another family begin with the first of them
    /// (`users/search`). What is more of a path goes before what is less.
    pub paths: &'static [&'static str],
    /// Its routes.
    pub routes: &'static [&'static [Route]],
}

/// Groups and who is in them.
pub const GROUPS: Family = Family {
    name: "groups",
    paths: &["groups", "group_memberships"],
    routes: &[groups::ROUTES, groups::MEMBERSHIPS, users::OF_GROUPS],
};

/// What changed since a time.
pub const EXPORTS: Family =
    Family { name: "exports", paths: &["incremental", "exports"], routes: &[exports::ROUTES] };

/// Files with comments.
pub const FILES: Family = Family {
    name: "files",
    paths: &["uploads", "attachments"],
    routes: &[files::UPLOADS, files::ATTACHMENTS],
};

/// How jobs stand.
pub const JOBS: Family = Family { name: "jobs", paths: &["job_statuses"], routes: &[jobs::ROUTES] };

/// Tickets.
pub const TICKETS: Family = Family {
    name: "tickets",
    paths: &[
        "tickets",
        "problems",
        "ticket_audits",
        "ticket_metrics",
        "deleted_tickets",
        "imports",
        "comment_redactions",
        "chat_redactions",
        "chat_file_redactions",
    ],
    routes: &[
        tickets::ROUTES,
        tickets::HISTORY,
        tickets::DELETED,
        tickets::IMPORTS,
        macros::OF_TICKETS,
        satisfaction::OF_TICKETS,
    ],
};

/// Tickets as their requesters see them.
pub const REQUESTS: Family =
    Family { name: "requests", paths: &["requests"], routes: &[requests::ROUTES] };

/// Macros.
pub const MACROS: Family = Family { name: "macros", paths: &["macros"], routes: &[macros::ROUTES] };

/// Search: of everything, of people and of requests; searches that are kept, and views. One function, so that what it
/// has read of an index serves all of them.
pub const SEARCH: Family = Family {
    name: "search",
    paths: &[
        "search",
        "saved_searches",
        "users/search",
        "users/autocomplete",
        "requests/search",
        "views",
    ],
    routes: &[
        search::ROUTES,
        search::USERS,
        search::REQUESTS,
        saved_searches::ROUTES,
        views::ROUTES,
    ],
};

/// People.
pub const USERS: Family = Family {
    name: "users",
    paths: &["users", "end_users", "deleted_users", "sessions"],
    routes: &[
        users::ROUTES,
        users::GROUPS,
        users::IDENTITIES,
        users::SIGN_IN,
        users::END_USERS,
        users::DELETED,
        tickets::OF_OTHERS,
        requests::OF_USERS,
        organizations::OF_USERS,
        memberships::OF_USERS,
    ],
};

/// Fields of tickets, people and organizations.
pub const FIELDS: Family = Family {
    name: "fields",
    paths: &["ticket_fields", "user_fields", "organization_fields"],
    routes: &[fields::TICKETS, fields::USERS, fields::ORGANIZATIONS],
};

/// Forms and custom statuses.
pub const FORMS: Family = Family {
    name: "forms",
    paths: &["ticket_forms", "ticket_form_statuses", "custom_statuses", "custom_status"],
    routes: &[ticket_forms::ROUTES, custom_statuses::ROUTES],
};

/// Organizations and who belongs to them.
pub const ORGANIZATIONS: Family = Family {
    name: "organizations",
    paths: &[
        "organizations",
        "organization_memberships",
        "organization_merges",
        "organization_subscriptions",
    ],
    routes: &[
        organizations::ROUTES,
        organizations::MERGES,
        organizations::SUBSCRIPTIONS,
        memberships::ROUTES,
        memberships::OF_ORGANIZATIONS,
        users::OF_ORGANIZATIONS,
        tickets::OF_ORGANIZATIONS,
        requests::OF_ORGANIZATIONS,
    ],
};

/// Webhooks.
pub const WEBHOOKS: Family =
    Family { name: "webhooks", paths: &["webhooks"], routes: &[webhooks::ROUTES] };

/// Triggers, rules of triage, automations, SLA policies, schedules and dynamic content.
pub const RULES: Family = Family {
    name: "rules",
    paths: &[
        "triggers",
        "trigger_categories",
        "triage_rules",
        "automations",
        "slas",
        "group_slas",
        "business_hours",
        "dynamic_content",
    ],
    routes: &[
        trigger_tests::ROUTES,
        triggers::ROUTES,
        trigger_categories::ROUTES,
        triage_rules::ROUTES,
        automations::ROUTES,
        slas::ROUTES,
        schedules::ROUTES,
        dynamic_content::ROUTES,
    ],
};

/// Routing: skills, who is there, how much they may have to do, and queues.
pub const ROUTING: Family = Family {
    name: "routing",
    paths: &["routing", "agent_availabilities", "capacity", "queues"],
    routes: &[routing::SKILLS, routing::AVAILABILITIES, routing::CAPACITY, routing::QUEUES],
};

/// What else an account is set up with, its tokens, and the log of changes to all of it.
pub const ACCOUNT: Family = Family {
    name: "account",
    paths: &[
        "account",
        "brands",
        "custom_roles",
        "locales",
        "recipient_addresses",
        "api_tokens",
        "oauth",
        "audit_logs",
    ],
    routes: &[
        account::ROUTES,
        brands::ROUTES,
        custom_roles::ROUTES,
        locales::ROUTES,
        recipient_addresses::ROUTES,
        tokens::API,
        tokens::OAUTH,
        audit_logs::ROUTES,
    ],
};

/// Tags of tickets.
pub const TAGS: Family = Family {
    name: "tags",
    paths: &["tags", "autocomplete"],
    routes: &[tags::ROUTES, tags::AUTOCOMPLETE],
};

/// What requesters think of how they were helped.
pub const SATISFACTION: Family = Family {
    name: "satisfaction",
    paths: &["satisfaction_ratings", "satisfaction_reasons"],
    routes: &[satisfaction::ROUTES],
};

/// Tickets that are held back.
pub const SUSPENDED: Family = Family {
    name: "suspended",
    paths: &["suspended_tickets"],
    routes: &[suspended_tickets::ROUTES],
};

/// What agents are told of their tickets.
pub const ACTIVITIES: Family =
    Family { name: "activities", paths: &["activities"], routes: &[activities::ROUTES] };

/// Who else is at a ticket: where to connect to be told. All else of it goes over that connection.
pub const PRESENCE: Family =
    Family { name: "presence", paths: &["presence"], routes: &[presence::ROUTES] };

/// All of them. Each has a constant of its own, by which its function names it.
pub const FAMILIES: &[Family] = &[
    GROUPS,
    FILES,
    EXPORTS,
    JOBS,
    TICKETS,
    REQUESTS,
    MACROS,
    SEARCH,
    USERS,
    FIELDS,
    FORMS,
    ORGANIZATIONS,
    WEBHOOKS,
    RULES,
    ROUTING,
    ACCOUNT,
    TAGS,
    SATISFACTION,
    SUSPENDED,
    ACTIVITIES,
    PRESENCE,
];

/// Every route.
#[must_use]
pub fn all() -> Vec<&'static [Route]> {
    FAMILIES.iter().flat_map(|family| family.routes.iter().copied()).collect()
}
