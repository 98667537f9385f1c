//! What may be asked for by name.

use crate::ids::FieldId;
use crate::search::{Audience, Kind, document::field};

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident = $($word:literal)|+),+ $(,)?) => {
        /// What may be asked for by name. Names of fields of the API stand for the property that they are, since
        /// clients use them and Zendesk answers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Property {
            $($(#[$doc])* $name,)+
            /// A value of a ticket's own field.
            Field(FieldId),
        }

        impl Property {
            /// The property of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name.to_lowercase().as_str() {
                    $($($word)|+ => Some(Self::$name),)+
                    other => other
                        .strip_prefix("custom_field_")
                        .and_then(|id| FieldId::new(id.parse().ok()?))
                        .map(Self::Field),
                }
            }
        }
    };
}

properties! {
    /// What is looked for.
    Type = "type",
    /// When it was made.
    Created = "created" | "created_at",
    /// When it was changed.
    Updated = "updated" | "updated_at",
    /// When it was solved.
    Solved = "solved" | "solved_at",
    /// When it is due.
    DueDate = "due_date" | "due_at",
    /// Who works on it.
    Assignee = "assignee" | "assignee_id",
    /// Who opened it.
    Submitter = "submitter" | "submitter_id",
    /// Who asks.
    Requester = "requester" | "requester_id",
    /// Who said something.
    Commenter = "commenter",
    /// Who is in copy.
    Cc = "cc",
    /// Who it is.
    User = "user",
    /// What it is about.
    Subject = "subject",
    /// What was said.
    Description = "description" | "comment",
    /// Where it stands.
    Status = "status",
    /// Which of the account's own statuses that is.
    CustomStatus = "custom_status_id",
    /// What kind of ticket it is.
    TicketType = "ticket_type",
    /// How urgent it is.
    Priority = "priority",
    /// Which group works on it, or has the agent.
    Group = "group" | "group_id",
    /// Which organization asks, or has the person.
    Organization = "organization" | "organization_id",
    /// Tags.
    Tags = "tags" | "tag",
    /// By what way it came.
    Via = "via",
    /// The address of ours that it was sent to.
    Recipient = "recipient",
    /// The brand that was asked.
    Brand = "brand" | "brand_id",
    /// The form that it was written with.
    Form = "form" | "ticket_form_id",
    /// Whether there are files with it.
    HasAttachment = "has_attachment",
    /// The name of a file with it.
    AttachmentName = "attachment_name",
    /// A value of any field of the account's own.
    FieldValue = "fieldvalue",
    /// What its requester thinks of how it was handled.
    Satisfaction = "satisfaction",
    /// What another system calls it.
    External = "external_id",
    /// Its name.
    Name = "name",
    /// What a person is.
    Role = "role",
    /// An address of email.
    Email = "email",
    /// A telephone number.
    Phone = "phone",
    /// Anything, for agents.
    Notes = "notes",
    /// Anything.
    Details = "details",
    /// Whether an address or number of a person is known to be theirs.
    Verified = "is_verified",
    /// Whether a person may not sign in.
    Suspended = "is_suspended",
    /// By what it is sorted.
    OrderBy = "order_by",
    /// In which order it is sorted.
    Sort = "sort",
}

impl Property {
    /// Whether its value is a person.
    pub(super) fn is_person(self) -> bool {
        matches!(
            self,
            Self::Assignee
                | Self::Submitter
                | Self::Requester
                | Self::Commenter
                | Self::Cc
                | Self::User
        )
    }

    /// Whether somebody may ask for it: customers may for what is shown of their requests.
    pub(super) fn is_of(self, audience: Audience) -> bool {
        audience == Audience::Agents
            || matches!(
                self,
                Self::Type
                    | Self::Created
                    | Self::Updated
                    | Self::Solved
                    | Self::DueDate
                    | Self::Assignee
                    | Self::Requester
                    | Self::Commenter
                    | Self::Cc
                    | Self::Subject
                    | Self::Description
                    | Self::Status
                    | Self::TicketType
                    | Self::Priority
                    | Self::Organization
                    | Self::Recipient
                    | Self::HasAttachment
                    | Self::AttachmentName
                    | Self::Field(_)
                    | Self::OrderBy
                    | Self::Sort
            )
    }

    /// The field of documents that holds a person, a time or a word of it.
    pub(super) const fn field(self, audience: Audience) -> &'static str {
        match self {
            Self::Type => field::TYPE,
            Self::Created => field::CREATED,
            Self::Updated => field::UPDATED,
            Self::Solved => field::SOLVED,
            Self::DueDate => field::DUE,
            Self::Assignee => field::ASSIGNEE,
            Self::Submitter => field::SUBMITTER,
            Self::Requester => field::REQUESTER,
            Self::Commenter => field::COMMENTER,
            Self::Cc => field::CC,
            Self::User => field::ID,
            Self::Subject => field::SUBJECT,
            Self::Description => field::COMMENT,
            Self::Status => match audience {
                Audience::Agents => field::STATUS,
                Audience::EndUsers => field::SHOWN_STATUS,
            },
            Self::CustomStatus => field::CUSTOM_STATUS,
            Self::TicketType => field::TICKET_TYPE,
            Self::Priority => field::PRIORITY,
            Self::Group => field::GROUP,
            Self::Organization => field::ORGANIZATION,
            Self::Tags => field::TAGS,
            Self::Via => field::VIA,
            Self::Recipient => field::RECIPIENT,
            Self::Brand => field::BRAND,
            Self::Form => field::FORM,
            Self::HasAttachment | Self::AttachmentName => field::ATTACHMENT,
            Self::FieldValue | Self::Field(_) => field::VALUES,
            Self::Satisfaction => field::SATISFACTION,
            Self::External => field::EXTERNAL,
            Self::Name => field::NAME,
            Self::Role => field::ROLE,
            Self::Email => field::EMAIL,
            Self::Phone => field::PHONE,
            Self::Notes => field::NOTES,
            Self::Details => field::DETAILS,
            Self::Verified => field::VERIFIED,
            Self::Suspended => field::SUSPENDED,
            Self::OrderBy | Self::Sort => field::ID,
        }
    }

    /// The kinds of what has a property, as far as `none` of it is looked for.
    pub(super) const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Type | Self::OrderBy | Self::Sort | Self::User => &[],
            Self::Created | Self::Updated | Self::Name => Kind::ALL,
            Self::Organization => &[Kind::Ticket, Kind::User],
            Self::Tags | Self::External => &[Kind::Ticket, Kind::User, Kind::Organization],
            Self::Notes | Self::Details => &[Kind::User, Kind::Organization],
            Self::Role | Self::Email | Self::Phone | Self::Verified | Self::Suspended => {
                &[Kind::User]
            }
            Self::Solved
            | Self::DueDate
            | Self::Assignee
            | Self::Submitter
            | Self::Requester
            | Self::Commenter
            | Self::Cc
            | Self::Subject
            | Self::Description
            | Self::Status
            | Self::CustomStatus
            | Self::TicketType
            | Self::Priority
            | Self::Group
            | Self::Via
            | Self::Recipient
            | Self::Brand
            | Self::Form
            | Self::HasAttachment
            | Self::AttachmentName
            | Self::FieldValue
            | Self::Satisfaction
            | Self::Field(_) => &[Kind::Ticket],
        }
    }

    /// Whether `none` stands for nothing there; elsewhere it is a word like others.
    pub(super) const fn may_be_none(self) -> bool {
        !matches!(
            self,
            Self::Subject
                | Self::Description
                | Self::AttachmentName
                | Self::FieldValue
                | Self::Name
                | Self::Notes
                | Self::Details
        )
    }
}
