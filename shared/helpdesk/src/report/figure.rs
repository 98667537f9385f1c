//! What is counted.

use serde::{Deserialize, Serialize};

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// A number that tickets add to. Times are in seconds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Figure { $($(#[$doc])* #[serde(rename = $word)] $name),+ }

        impl Figure {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

figures! {
    /// Tickets that were opened, on the day on which they were.
    Created = "created",
    /// Those of them that are not solved yet.
    Unsolved = "unsolved",
    /// Tickets that are solved, on the day on which they were last.
    Solved = "solved",
    /// Those of them that took one reply at most.
    OneTouch = "one_touch",
    /// How often something was reopened.
    Reopened = "reopened",
    /// How often somebody was assigned a ticket.
    Assigned = "assigned",
    /// What agents said that requesters see, of who said it.
    Replies = "replies",
    /// What agents said among themselves, of who said it.
    Notes = "notes",
    /// How long tickets were an agent's turn.
    Handle = "handle_s",
    /// The same, within business hours.
    HandleBusiness = "handle_business_s",
    /// Tickets that had a first reply, on the day on which they had it.
    FirstReplies = "first_replies",
    /// How long it took.
    FirstReply = "first_reply_s",
    /// The same, within business hours.
    FirstReplyBusiness = "first_reply_business_s",
    /// First replies within an hour.
    FirstReply1h = "first_reply_1h",
    /// Within one to eight hours.
    FirstReply8h = "first_reply_8h",
    /// Within eight hours to a day.
    FirstReply24h = "first_reply_24h",
    /// Later.
    FirstReplyLater = "first_reply_later",
    /// Tickets that were solved for the first time, on the day on which they were.
    FirstResolutions = "first_resolutions",
    /// How long it took.
    FirstResolution = "first_resolution_s",
    /// The same, within business hours.
    FirstResolutionBusiness = "first_resolution_business_s",
    /// How long it took until they were last solved, of those that are.
    FullResolution = "full_resolution_s",
    /// The same, within business hours.
    FullResolutionBusiness = "full_resolution_business_s",
    /// Solved within five hours.
    Solved5h = "solved_5h",
    /// Within five hours to a day.
    Solved24h = "solved_24h",
    /// Within one to seven days.
    Solved7d = "solved_7d",
    /// Later.
    SolvedLater = "solved_later",
    /// How long the requesters waited, of tickets that are solved.
    RequesterWait = "requester_wait_s",
    /// The same, within business hours.
    RequesterWaitBusiness = "requester_wait_business_s",
    /// How long the agents waited, of tickets that are solved.
    AgentWait = "agent_wait_s",
    /// The same, within business hours.
    AgentWaitBusiness = "agent_wait_business_s",
    /// How long tickets were on hold, of those that are solved.
    OnHold = "on_hold_s",
    /// The same, within business hours.
    OnHoldBusiness = "on_hold_business_s",
    /// Promises of a first reply that were kept.
    KeptFirstReply = "kept_first_reply_time",
    /// That were broken.
    BrokenFirstReply = "broken_first_reply_time",
    /// Of further replies.
    KeptNextReply = "kept_next_reply_time",
    /// That were broken.
    BrokenNextReply = "broken_next_reply_time",
    /// Of an update from time to time.
    KeptPeriodicUpdate = "kept_periodic_update_time",
    /// That were broken.
    BrokenPeriodicUpdate = "broken_periodic_update_time",
    /// The same, while the requester is not asked.
    KeptPausableUpdate = "kept_pausable_update_time",
    /// That were broken.
    BrokenPausableUpdate = "broken_pausable_update_time",
    /// Of how long the requester waits.
    KeptRequesterWait = "kept_requester_wait_time",
    /// That were broken.
    BrokenRequesterWait = "broken_requester_wait_time",
    /// Of how long it is an agent's turn.
    KeptAgentWork = "kept_agent_work_time",
    /// That were broken.
    BrokenAgentWork = "broken_agent_work_time",
    /// Of a solution.
    KeptResolution = "kept_total_resolution_time",
    /// That were broken.
    BrokenResolution = "broken_total_resolution_time",
    /// Requesters who were asked how it was, on the day on which they were last.
    Offered = "offered",
    /// Those who said that it was good, on the day on which they did.
    Good = "good",
    /// Those of them who said more.
    GoodCommented = "good_commented",
    /// Those who said that it was bad.
    Bad = "bad",
    /// Those of them who said more.
    BadCommented = "bad_commented",
    /// Because it took too long (reason 5).
    BadSlow = "bad_reason_5",
    /// Because it was not solved (reason 6).
    BadUnsolved = "bad_reason_6",
    /// Because of what the agent knows (reason 7).
    BadKnowledge = "bad_reason_7",
    /// Because of how the agent behaved (reason 8).
    BadAttitude = "bad_reason_8",
    /// For another reason (100), or none that they tell.
    BadOther = "bad_reason_100",
}

impl Figure {
    /// The kinds of promises, with what counts those that were kept and those that were broken.
    pub const PROMISES: [(&'static str, Self, Self); 7] = [
        ("first_reply_time", Self::KeptFirstReply, Self::BrokenFirstReply),
        ("next_reply_time", Self::KeptNextReply, Self::BrokenNextReply),
        ("periodic_update_time", Self::KeptPeriodicUpdate, Self::BrokenPeriodicUpdate),
        ("pausable_update_time", Self::KeptPausableUpdate, Self::BrokenPausableUpdate),
        ("requester_wait_time", Self::KeptRequesterWait, Self::BrokenRequesterWait),
        ("agent_work_time", Self::KeptAgentWork, Self::BrokenAgentWork),
        ("total_resolution_time", Self::KeptResolution, Self::BrokenResolution),
    ];

    /// What counts promises of a metric, as policies name it: those that were kept, and those that were broken.
    #[must_use]
    pub fn promises(metric: &str) -> Option<(Self, Self)> {
        let of = Self::PROMISES.iter().find(|(name, ..)| *name == metric);
        of.map(|(_, kept, broken)| (*kept, *broken))
    }

    /// What counts bad ratings for a reason, by its code.
    #[must_use]
    pub const fn bad_because(reason: Option<u32>) -> Self {
        match reason {
            Some(5) => Self::BadSlow,
            Some(6) => Self::BadUnsolved,
            Some(7) => Self::BadKnowledge,
            Some(8) => Self::BadAttitude,
            Some(_) | None => Self::BadOther,
        }
    }
}
