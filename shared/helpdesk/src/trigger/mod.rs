//! Triggers and automations at work: what an update of a ticket leads to, or that time goes by, worked out before it is
//! written, so that it is one write with all that its triggers do
//! ([about triggers](https://support.zendesk.com/hc/en-us/articles/4408822236058)).
//!
//! Triggers are asked in their order. One that changes the ticket begins the cycle anew, and none acts twice on one update:
//! that ends every cycle. They may act on the update that closes a ticket, and never again after it.

mod act;
mod around;
mod stage;
mod test;

pub use around::{Around, Wanted};
pub use test::Test;

use crate::access::Actor;
use crate::ids::UserId;
use crate::rule::{
    Action, Automation, Condition, Conditions, Escalation, Said as Template, SlaPolicy, Trigger,
};
use crate::search::Looking;
use crate::ticket::metrics::{Happened, measure};
use crate::ticket::{Agents, Applied, Rules, Status, Ticket, Via, What, changes};
use crate::triage::History;
use crate::user::User;
use stage::Stage;

/// An update, and what is needed to know of the account that it is one of.
pub struct Update<'a> {
    /// The ticket before it, if there was one.
    pub before: Option<&'a Ticket>,
    /// What it made of the ticket, and what was said.
    pub applied: &'a Applied,
    /// The channel by which it came.
    pub channel: &'a str,
    /// Who does it.
    pub actor: &'a Actor,
    /// The same, for what is measured. By which hours depends on what becomes of the ticket.
    pub happened: Happened<'a>,
    /// What conditions need to know.
    pub looking: &'a Looking,
    /// Who works on tickets.
    pub agents: &'a Agents,
    /// What tickets have to agree with.
    pub rules: &'a dyn Rules,
}

/// What triggers did.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// The ticket as it is after them.
    pub ticket: Ticket,
    /// What they did, one after the other, and which of them it was.
    pub events: Vec<(What, Via)>,
    /// What they said, and which of them it was.
    pub said: Vec<(Template, Via)>,
    /// The language that they set its requester to.
    pub locale: Option<(UserId, String)>,
}

/// A trigger, ready to be asked.
pub struct Ready<'a> {
    /// The trigger.
    pub trigger: &'a Trigger,
    /// Its conditions.
    pub tests: Tests<'a>,
}

/// Conditions, ready to be asked.
pub struct Tests<'a> {
    /// All of these have to be met.
    pub all: Vec<Test<'a>>,
    /// Any of these has to be met, if there are any.
    pub any: Vec<Test<'a>>,
}

impl Update<'_> {
    /// Measures what it makes of a ticket, by the hours that count for what it makes.
    fn measure(&self, ticket: &mut Ticket) {
        let hours = self.looking.schedules.hours(ticket);
        measure(self.before, ticket, Happened { hours, ..self.happened });
    }
}

impl<'a> Tests<'a> {
    fn new(conditions: &'a Conditions, update: &'a Update<'a>) -> Self {
        let tests = |all: &'a [_]| all.iter().map(|it| Test::new(it, update)).collect();
        Self { all: tests(&conditions.all), any: tests(&conditions.any) }
    }

    /// Whether the ticket meets them, as it is on this stage.
    fn met(&self, stage: &Stage<'_>) -> bool {
        // What has to be read to be known is asked last: mostly, it is decided by then.
        let order = |tests: &'_ [Test<'a>], wanted: bool| {
            let at = |far: bool| tests.iter().filter(move |it| it.is_far() == far);
            at(false).chain(at(true)).any(|it| it.met(stage) == wanted)
        };
        !order(&self.all, false) && (self.any.is_empty() || order(&self.any, true))
    }
}

/// Who wants to know why triggers act.
pub trait Watch {
    /// A cycle begins. What was seen of another one before it was not the last word.
    fn begin(&mut self);

    /// A trigger acted, and which of its conditions were met then; or it did not, and which were met at the end.
    fn see(&mut self, trigger: &Ready<'_>, met: &dyn Fn(&Test<'_>) -> bool, acted: bool);
}

/// Nobody.
impl Watch for () {
    fn begin(&mut self) {}

    fn see(&mut self, _: &Ready<'_>, _: &dyn Fn(&Test<'_>) -> bool, _: bool) {}
}

/// What `triggers`, which are in their order, make of an update. What of `around` they would need and do not know counts
/// as not met; it is noted there, and who finds it reads it and begins anew.
pub fn run(
    update: &Update<'_>,
    triggers: &[&Trigger],
    around: &Around,
    watch: &mut dyn Watch,
) -> Fired {
    watch.begin();
    let mut cycle = Cycle::new(update);
    if update.before.is_some_and(|it| it.status == Status::Closed) {
        return cycle.fired;
    }
    let ready = triggers.iter().map(|trigger| {
        let tests = Tests::new(&trigger.conditions, update);
        Ready { trigger, tests }
    });
    let ready: Vec<Ready<'_>> = ready.collect();
    let was = stage::was(update, around);
    let mut waiting: Vec<&Ready<'_>> = ready.iter().collect();
    loop {
        let ticket = cycle.fired.ticket.clone();
        let document = stage::is(update, &ticket, around);
        let stage = Stage::new(update, &ticket, (&was, &document), around);
        // Those that change nothing leave all others as they were: they all act on this stage.
        let mut changed = None;
        waiting.retain(|it| {
            if changed.is_some() || !it.tests.met(&stage) {
                return true;
            }
            watch.see(it, &|test| test.met(&stage), true);
            changed = cycle.act(it.trigger, &stage);
            false
        });
        let Some(ticket) = changed else {
            waiting.iter().for_each(|it| watch.see(it, &|test| test.met(&stage), false));
            let again = ready.iter().filter(|it| !waiting.iter().any(|other| same(it, other)));
            let again =
                again.filter(|it| it.tests.met(&stage) && cycle.would_change(it.trigger, &stage));
            let again: Vec<&Trigger> = again.map(|it| it.trigger).collect();
            again.into_iter().for_each(|it| cycle.ended(it));
            return cycle.fired;
        };
        cycle.fired.ticket = ticket;
    }
}

/// A new ticket, before any trigger acts on it: what may be asked of it.
pub trait Opening {
    /// Whether it meets conditions.
    fn met(&self, conditions: &Conditions) -> bool;

    /// Which of them it meets.
    fn those_met<'c>(&self, conditions: &'c Conditions) -> Vec<&'c Condition>;

    /// Who asks for it.
    fn requester(&self) -> Option<&User>;

    /// What they asked for before.
    fn history(&self) -> Option<&History>;
}

struct Opened<'a> {
    update: &'a Update<'a>,
    stage: &'a Stage<'a>,
}

/// What is made of a new ticket. Around it, as with [`run`].
pub fn opened<T>(update: &Update<'_>, around: &Around, make: impl FnOnce(&dyn Opening) -> T) -> T {
    let mut ticket = update.applied.ticket.clone();
    update.measure(&mut ticket);
    let (was, is) = (stage::was(update, around), stage::is(update, &ticket, around));
    let stage = Stage::new(update, &ticket, (&was, &is), around);
    make(&Opened { update, stage: &stage })
}

impl Opening for Opened<'_> {
    fn met(&self, conditions: &Conditions) -> bool {
        Tests::new(conditions, self.update).met(self.stage)
    }

    fn those_met<'c>(&self, conditions: &'c Conditions) -> Vec<&'c Condition> {
        let all = conditions.all.iter().chain(&conditions.any);
        all.filter(|it| Test::new(it, self.update).met(self.stage)).collect()
    }

    fn requester(&self) -> Option<&User> {
        self.stage.around.user(self.stage.ticket.requester_id)
    }

    fn history(&self) -> Option<&History> {
        self.stage.around.history(self.stage.ticket.requester_id)
    }
}

/// What these actions make of a ticket, with each change that they make of it.
#[must_use]
pub fn perform(update: &Update<'_>, actions: &[Action], via: &Via) -> Fired {
    let before = &update.applied.ticket;
    let mut fired = Fired::nothing(before.clone());
    fired.add(update, actions, via);
    let told = changes(before, &fired.ticket).into_iter().map(|it| (What::from(it), via.clone()));
    fired.events = told.chain(std::mem::take(&mut fired.events)).collect();
    fired
}

/// What an automation makes of a ticket, of which `update` tells that nothing happened; none if it does not meet its
/// conditions. Around it, as with [`run`].
pub fn automate(update: &Update<'_>, automation: &Automation, around: &Around) -> Option<Fired> {
    let ticket = &update.applied.ticket;
    let document = stage::is(update, ticket, around);
    let stage = Stage::new(update, ticket, (&document, &document), around);
    if ticket.status == Status::Closed || !Tests::new(&automation.conditions, update).met(&stage) {
        return None;
    }
    let head = &automation.head;
    let mut fired = Fired::nothing(ticket.clone());
    fired.add(update, &automation.actions, &Via::of_rule(head.id, &head.title, "automation"));
    Some(fired)
}

/// What escalations of policies make of a ticket, of which `update` tells that nothing happened.
pub fn escalate<'p>(
    update: &Update<'_>,
    escalations: impl IntoIterator<Item = (&'p SlaPolicy, &'p Escalation)>,
) -> Fired {
    let mut fired = Fired::nothing(update.applied.ticket.clone());
    for (policy, escalation) in escalations {
        let via = Via::of_rule(policy.head.id, &policy.head.title, "sla_policy");
        fired.add(update, &escalation.actions, &via);
    }
    fired
}

impl Fired {
    /// A ticket to which no rule did anything yet.
    #[must_use]
    pub const fn nothing(ticket: Ticket) -> Self {
        Self { ticket, events: Vec::new(), said: Vec::new(), locale: None }
    }

    /// What a rule does, that is told by the changes that the update makes of it.
    fn add(&mut self, update: &Update<'_>, actions: &[Action], via: &Via) {
        let acted = act::act(update, actions, &self.ticket);
        self.events.extend(acted.events.into_iter().map(|what| (what, via.clone())));
        self.said.extend(acted.said.map(|said| (said, via.clone())));
        let requester = acted.ticket.requester_id;
        self.locale = acted.locale.map(|it| (requester, it)).or(self.locale.take());
        self.ticket = acted.ticket;
    }
}

fn same(one: &Ready<'_>, other: &Ready<'_>) -> bool {
    std::ptr::eq(one.trigger, other.trigger)
}

/// A cycle of triggers.
struct Cycle<'a> {
    update: &'a Update<'a>,
    fired: Fired,
}

impl<'a> Cycle<'a> {
    fn new(update: &'a Update<'a>) -> Self {
        let mut ticket = update.applied.ticket.clone();
        update.measure(&mut ticket);
        Self { update, fired: Fired::nothing(ticket) }
    }

    /// Does what a trigger does. The ticket as it is from then on, if it changed.
    fn act(&mut self, trigger: &Trigger, stage: &Stage<'_>) -> Option<Ticket> {
        let via = via(trigger);
        let acted = act::act(self.update, &trigger.actions, stage.ticket);
        let mut told = |what: What| self.fired.events.push((what, via.clone()));
        changes(stage.ticket, &acted.ticket).into_iter().map(What::from).for_each(&mut told);
        acted.events.into_iter().for_each(&mut told);
        self.fired.said.extend(acted.said.map(|said| (said, via.clone())));
        let requester = acted.ticket.requester_id;
        self.fired.locale = acted.locale.map(|it| (requester, it)).or(self.fired.locale.take());
        let mut ticket = acted.ticket;
        self.update.measure(&mut ticket);
        (ticket != *stage.ticket).then_some(ticket)
    }

    /// Whether a trigger would change the ticket if it acted again.
    fn would_change(&self, trigger: &Trigger, stage: &Stage<'_>) -> bool {
        let acted = act::act(self.update, &trigger.actions, stage.ticket);
        !changes(stage.ticket, &acted.ticket).is_empty()
    }

    /// Tells that a trigger, which acted already, would act again and again.
    fn ended(&mut self, trigger: &Trigger) {
        let message = format!(
            "The trigger \"{}\" would act again: another one undid what it did. A trigger acts once on an update, so \
             the cycle ended here",
            trigger.head.title
        );
        self.fired.events.push((What::Error { message }, via(trigger)));
    }
}

/// By what way something came that a trigger did.
fn via(trigger: &Trigger) -> Via {
    Via::of_rule(trigger.head.id, &trigger.head.title, "trigger")
}
