//! What fields there are.

use serde::{Deserialize, Serialize};

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $class:literal),+ $(,)?) => {
        /// What a field holds
        /// ([custom field types](https://support.zendesk.com/hc/en-us/articles/4408838961562)).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum FieldType { $($(#[$doc])* #[serde(rename = $word)] $name),+ }

        impl FieldType {
            /// The type of this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$name),)+ _ => None }
            }

            /// Its word in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// As reasons against a ticket name it.
            #[must_use]
            pub const fn class(self) -> &'static str {
                match self { $(Self::$name => $class),+ }
            }
        }
    };
}

types! {
    /// Every ticket has it: what it is about.
    Subject = "subject", "FieldSubject",
    /// Every ticket has it: its first comment.
    Description = "description", "FieldDescription",
    /// Every ticket has it: where it stands.
    Status = "status", "FieldStatus",
    /// Every ticket has it: which of the account's own statuses that is.
    CustomStatus = "custom_status", "FieldCustomStatus",
    /// Every ticket has it: what it is.
    TicketType = "tickettype", "FieldTicketType",
    /// Every ticket has it: how urgent it is.
    Priority = "priority", "FieldPriority",
    /// Every ticket has it: which group works on it.
    Group = "group", "FieldGroup",
    /// Every ticket has it: who works on it.
    Assignee = "assignee", "FieldAssignee",
    /// A line of text.
    Text = "text", "FieldText",
    /// Lines of text.
    Textarea = "textarea", "FieldTextarea",
    /// Yes or no.
    Checkbox = "checkbox", "FieldCheckbox",
    /// A day.
    Date = "date", "FieldDate",
    /// A whole number.
    Integer = "integer", "FieldInteger",
    /// A number.
    Decimal = "decimal", "FieldDecimal",
    /// Text of a form.
    Regexp = "regexp", "FieldRegexp",
    /// A card's number, of which the last four digits are kept.
    PartialCreditCard = "partialcreditcard", "FieldPartialCreditCard",
    /// Some of several options.
    Multiselect = "multiselect", "FieldMultiselect",
    /// One of several options, of a ticket.
    Tagger = "tagger", "FieldTagger",
    /// One of several options, of a person or an organization.
    Dropdown = "dropdown", "FieldDropdown",
    /// Another record.
    Lookup = "lookup", "FieldLookup",
}

impl FieldType {
    /// Whether every ticket has it, so that nobody can add or take it away.
    #[must_use]
    pub const fn is_system(self) -> bool {
        match self {
            Self::Subject
            | Self::Description
            | Self::Status
            | Self::CustomStatus
            | Self::TicketType
            | Self::Priority
            | Self::Group
            | Self::Assignee => true,
            Self::Text
            | Self::Textarea
            | Self::Checkbox
            | Self::Date
            | Self::Integer
            | Self::Decimal
            | Self::Regexp
            | Self::PartialCreditCard
            | Self::Multiselect
            | Self::Tagger
            | Self::Dropdown
            | Self::Lookup => false,
        }
    }

    /// Whether tickets may have one of their own.
    #[must_use]
    pub fn is_of_tickets(self) -> bool {
        !self.is_system() && self != Self::Dropdown
    }

    /// Whether people and organizations may have one.
    #[must_use]
    pub fn is_of_profiles(self) -> bool {
        !self.is_system() && !matches!(self, Self::Tagger | Self::PartialCreditCard)
    }

    /// Whether its values are options, whose values are tags.
    #[must_use]
    pub const fn has_options(self) -> bool {
        matches!(self, Self::Multiselect | Self::Tagger | Self::Dropdown)
    }
}
