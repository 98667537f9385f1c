//! What may be told beside which records
//! ([supported endpoints](https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/#supported-endpoints)).

/// Something that is told beside records, or within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Load {
    /// The people whom they name.
    Users,
    /// The groups that they name; of people, their groups.
    Groups,
    /// The organizations that they name; of people, their organizations.
    Organizations,
    /// The tickets that they name.
    Tickets,
    /// The forms that they name.
    TicketForms,
    /// The brands that they name.
    Brands,
    /// The custom statuses that they name.
    CustomStatuses,
    /// The accounts that they are shared with: none.
    SharingAgreements,
    /// What was last done to them.
    LastAudits,
    /// What is measured of them.
    MetricSets,
    /// When they were changed.
    Dates,
    /// How many comments they have.
    CommentCount,
    /// How many incidents they lie behind.
    IncidentCounts,
    /// What their clocks did.
    MetricEvents,
    /// The targets that they are held to.
    Slas,
    /// What people are known by.
    Identities,
    /// The custom roles of agents.
    Roles,
    /// What who asks may do with them.
    Abilities,
    /// How many tickets they are assigned that are not solved.
    OpenTicketCount,
}

impl Load {
    const ALL: [(&'static str, Self); 19] = [
        ("users", Self::Users),
        ("groups", Self::Groups),
        ("organizations", Self::Organizations),
        ("tickets", Self::Tickets),
        ("ticket_forms", Self::TicketForms),
        ("brands", Self::Brands),
        ("custom_statuses", Self::CustomStatuses),
        ("sharing_agreements", Self::SharingAgreements),
        ("last_audits", Self::LastAudits),
        ("metric_sets", Self::MetricSets),
        ("dates", Self::Dates),
        ("comment_count", Self::CommentCount),
        ("incident_counts", Self::IncidentCounts),
        ("metric_events", Self::MetricEvents),
        ("slas", Self::Slas),
        ("identities", Self::Identities),
        ("roles", Self::Roles),
        ("abilities", Self::Abilities),
        ("open_ticket_count", Self::OpenTicketCount),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(own, _)| *own == name).map(|(_, load)| *load)
    }

    /// Whether tickets have to be read for it, beyond what is shown of them.
    pub const fn is_within_tickets(self) -> bool {
        matches!(
            self,
            Self::LastAudits
                | Self::MetricSets
                | Self::Dates
                | Self::CommentCount
                | Self::IncidentCounts
                | Self::MetricEvents
                | Self::Slas
        )
    }

    /// Whether end-users may ask for it: what they are told of others is little.
    pub const fn is_for_anyone(self) -> bool {
        matches!(self, Self::Users | Self::Organizations)
    }
}

/// A kind of record that others are told beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Main {
    /// Rows of views.
    Rows,
    /// Tickets.
    Tickets,
    /// Tickets as their requesters see them.
    Requests,
    /// What was done to tickets.
    Audits,
    /// What was said in tickets.
    Comments,
    /// Who is in which group.
    GroupMemberships,
    /// Who belongs to which organization.
    OrganizationMemberships,
    /// What people think of an answer.
    SatisfactionRatings,
    /// Fields of tickets.
    TicketFields,
    /// Groups.
    Groups,
    /// Organizations.
    Organizations,
    /// People.
    Users,
}

impl Main {
    /// All of them; what is told beside others stands behind these.
    pub const ALL: [Self; 12] = [
        Self::Rows,
        Self::Tickets,
        Self::Requests,
        Self::Audits,
        Self::Comments,
        Self::GroupMemberships,
        Self::OrganizationMemberships,
        Self::SatisfactionRatings,
        Self::TicketFields,
        Self::Groups,
        Self::Organizations,
        Self::Users,
    ];

    /// What several are called.
    pub const fn plural(self) -> &'static str {
        self.names().1
    }

    /// What one is called.
    pub const fn singular(self) -> &'static str {
        self.names().0
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Rows => ("row", "rows"),
            Self::Tickets => ("ticket", "tickets"),
            Self::Requests => ("request", "requests"),
            Self::Audits => ("audit", "audits"),
            Self::Comments => ("comment", "comments"),
            Self::GroupMemberships => ("group_membership", "group_memberships"),
            Self::OrganizationMemberships => {
                ("organization_membership", "organization_memberships")
            }
            Self::SatisfactionRatings => ("satisfaction_rating", "satisfaction_ratings"),
            Self::TicketFields => ("ticket_field", "ticket_fields"),
            Self::Groups => ("group", "groups"),
            Self::Organizations => ("organization", "organizations"),
            Self::Users => ("user", "users"),
        }
    }

    /// What may be told beside them.
    pub const fn offers(self) -> &'static [Load] {
        match self {
            Self::Tickets => &[
                Load::Users,
                Load::Groups,
                Load::Organizations,
                Load::TicketForms,
                Load::Brands,
                Load::CustomStatuses,
                Load::SharingAgreements,
                Load::LastAudits,
                Load::MetricSets,
                Load::Dates,
                Load::CommentCount,
                Load::IncidentCounts,
                Load::MetricEvents,
                Load::Slas,
            ],
            Self::Rows | Self::Requests => &[Load::Users, Load::Groups, Load::Organizations],
            Self::Audits => &[Load::Users, Load::Groups, Load::Organizations, Load::Tickets],
            Self::Comments | Self::TicketFields | Self::Groups => &[Load::Users],
            Self::GroupMemberships => &[Load::Users, Load::Groups],
            Self::OrganizationMemberships => &[Load::Users, Load::Organizations],
            Self::SatisfactionRatings => &[Load::Users, Load::Groups, Load::Tickets],
            Self::Organizations => &[Load::Abilities],
            Self::Users => &[
                Load::Groups,
                Load::Organizations,
                Load::Identities,
                Load::Roles,
                Load::Abilities,
                Load::OpenTicketCount,
            ],
        }
    }
}
