//! The helpdesk's part of an erasure, some minutes at a time: how far it is stands in the erasure itself.

use ceap_engagement::erasure::work::{Next, Step, concerns};
use ceap_engagement::erasure::{Course, Erasure, ErasureStore, Known, Which, change};
use ceap_helpdesk::erasure::{self, Forgetful, Place, Shredder, Whom};
use ceap_helpdesk::ids::UserId;
use ceap_kernel::{Clock, Fault, SignedDuration, SubjectId, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// Steps after which it is noted how far the records were gone through: what was done since is done again otherwise.
const NOTED_EVERY: usize = 40;

/// Erases a subject's people of the helpdesk.
pub struct Erasing<E, C> {
    /// Erasures.
    pub erasures: E,
    /// The helpdesk's records and files.
    pub shredder: Shredder,
    /// Its search index.
    pub index: Box<dyn Forgetful>,
    /// The wall clock.
    pub clock: C,
    /// How long one invocation goes on.
    pub budget: Duration,
}

/// Where an invocation is.
enum Now {
    /// At this point, with more to do.
    On(Course),
    /// At this point, before a time.
    Until(Course, Timestamp),
}

impl<E: ErasureStore, C: Clock> Erasing<E, C> {
    /// Goes on with the helpdesk's part, if there is any left and it is the execution's own.
    ///
    /// # Errors
    /// `NotFound` when there is no such erasure; `Invalid` when the subject works in the helpdesk; `Unavailable` or
    /// `Throttled`.
    pub async fn step(&self, step: &Step) -> Result<Next, Fault> {
        let begun = self.clock.now();
        let mut erasure = self.erasure(&step.input).await?;
        // Until the first pass has noted what the subject is known by, nobody can be found by it.
        while concerns(&erasure, step)
            && let Some(settles) = erasure.settles
        {
            let next = match &erasure.course {
                Course::Done => return Ok(Next::nothing()),
                Course::Records { second: true, .. } if self.clock.now() < settles => {
                    return Ok(Next::at(settles));
                }
                Course::Records { second, place } => {
                    self.records(step, &erasure, *second, place.clone(), begun).await?
                }
                Course::Index { due } => self.index(&erasure, *due).await?,
            };
            let (course, until) = match next {
                Now::On(course) => (course, None),
                Now::Until(course, until) => (course, Some(until)),
            };
            erasure = self.note(step, &erasure, course).await?;
            if let Some(until) = until {
                return Ok(Next::at(until));
            }
            if self.is_over(begun) && erasure.course != Course::Done {
                return Ok(Next::helpdesk());
            }
        }
        Ok(Next::nothing())
    }

    /// Goes through the records until that is to be noted.
    async fn records(
        &self,
        step: &Step,
        erasure: &Erasure,
        second: bool,
        place: Option<serde_json::Value>,
        begun: Timestamp,
    ) -> Result<Now, Fault> {
        let unreadable = |error| Fault::Internal(format!("an unreadable place: {error}"));
        let place = place.map(serde_json::from_value::<Place>).transpose().map_err(unreadable)?;
        let (mut place, mut whom) = (place.unwrap_or_default(), whom(erasure));
        for _ in 0..NOTED_EVERY {
            match self.shredder.step(&erasure.tenant, &whom, &place).await? {
                erasure::Step::NoHelpdesk => return Ok(Now::On(Course::Done)),
                erasure::Step::Through(_) if second => {
                    return Ok(Now::On(Course::Index { due: None }));
                }
                erasure::Step::Through(_) => {
                    return Ok(Now::On(Course::Records { second: true, place: None }));
                }
                erasure::Step::On(next, known) => {
                    if known != whom {
                        self.learn(step, &known).await?;
                    }
                    (place, whom) = (next, known);
                }
            }
            if self.is_over(begun) {
                break;
            }
        }
        let place =
            serde_json::to_value(&place).map_err(|error| Fault::Internal(error.to_string()))?;
        Ok(Now::On(Course::Records { second, place: Some(place) }))
    }

    /// Has the index written anew, and later deletes what held the subject.
    async fn index(&self, erasure: &Erasure, due: Option<Timestamp>) -> Result<Now, Fault> {
        let tenant = &erasure.tenant;
        match due {
            None if self.index.rewrite(tenant, self.budget).await? => {
                let due = self.after(self.index.grace());
                Ok(Now::Until(Course::Index { due: Some(due) }, due))
            }
            None => Ok(Now::On(Course::Index { due: None })),
            Some(due) if self.clock.now() < due => Ok(Now::Until(erasure.course.clone(), due)),
            Some(_) => {
                self.index.collect(tenant).await?;
                Ok(Now::On(Course::Done))
            }
        }
    }

    async fn erasure(&self, Which { tenant, erasure }: &Which) -> Result<Erasure, Fault> {
        let unknown = || Fault::NotFound("there is no such erasure".to_owned());
        Ok(self.erasures.get(tenant, erasure).await?.ok_or_else(unknown)?.erasure)
    }

    /// Keeps what more the subject is known by, before any of what tells of it is taken away; what other systems may call
    /// them is erased with the rest.
    async fn learn(&self, step: &Step, whom: &Whom) -> Result<(), Fault> {
        let Which { tenant, erasure } = &step.input;
        // What cannot be a subject's id is nobody's.
        let also: BTreeSet<SubjectId> =
            whom.subjects.iter().filter_map(|it| SubjectId::new(it.as_str()).ok()).collect();
        let learnt =
            |it: Erasure| concerns(&it, step).then(|| it.about(&also).knowing(known(whom)));
        change(&self.erasures, tenant, erasure, learnt).await.map(drop)
    }

    async fn note(&self, step: &Step, was: &Erasure, course: Course) -> Result<Erasure, Fault> {
        let note = |it: Erasure| concerns(&it, step).then(|| it.at(course.clone()));
        change(&self.erasures, &was.tenant, &was.id, note).await
    }

    fn is_over(&self, begun: Timestamp) -> bool {
        let passed = self.clock.now().duration_since(begun);
        u128::try_from(passed.as_millis()).unwrap_or_default() > self.budget.as_millis()
    }

    /// At a whole second, which Step Functions can wait for, and more than `time` from now.
    fn after(&self, time: Duration) -> Timestamp {
        let now = self.clock.now();
        let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let then = now.checked_add(time).unwrap_or(now);
        Timestamp::from_second(then.as_second().saturating_add(2)).unwrap_or(then)
    }
}

fn whom(erasure: &Erasure) -> Whom {
    let Known { emails, phones, names, handles, shared, people, tickets } = erasure.known.clone();
    Whom {
        subjects: erasure.identities().iter().map(ToString::to_string).collect(),
        emails,
        phones,
        names,
        handles,
        shared,
        people: people.into_iter().filter_map(UserId::new).collect(),
        tickets,
    }
}

fn known(whom: &Whom) -> Known {
    let Whom { emails, phones, names, handles, shared, people, tickets, .. } = whom.clone();
    let people = people.into_iter().map(UserId::get).collect();
    Known { emails, phones, names, handles, shared, people, tickets }
}

#[cfg(test)]
mod tests;
