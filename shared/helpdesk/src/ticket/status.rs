//! Where a ticket stands, what it is, and how urgent.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$variant])* $value),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// Its word in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }
    };
}

words! {
    /// Where a ticket stands, in the order of its life, by which searches compare (`status<solved`).
    Status {
        /// Nobody did anything yet. No ticket comes back to it.
        New = "new",
        /// An agent works on it.
        Open = "open",
        /// The requester is asked.
        Pending = "pending",
        /// Somebody else is asked. The requester sees it as open.
        Hold = "hold",
        /// The agent thinks that it is done. The requester may reopen it.
        Solved = "solved",
        /// Done for good.
        Closed = "closed",
    }
}

words! {
    /// What a ticket is.
    Kind {
        /// A question.
        Question = "question",
        /// One of several tickets that a problem led to.
        Incident = "incident",
        /// What lies behind incidents.
        Problem = "problem",
        /// Something to be done, at a time.
        Task = "task",
    }
}

words! {
    /// What a requester thinks of how a ticket was handled.
    Score {
        /// They were asked, and said nothing yet.
        Offered = "offered",
        /// They are satisfied.
        Good = "good",
        /// They are not.
        Bad = "bad",
    }
}

words! {
    /// How urgent a ticket is.
    Priority {
        /// Least.
        Low = "low",
        /// As usual.
        Normal = "normal",
        /// More than usual.
        High = "high",
        /// Most.
        Urgent = "urgent",
    }
}
