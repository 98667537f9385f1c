//! The event lake, asked through Athena; and what tenants ask it themselves.

mod queries;
mod run;
mod statement;
mod typed;

pub use queries::AthenaQueries;

use ceap_engagement::event::{Arrived, Event};
use ceap_engagement::history::{Erase, History, Named, Query};
use ceap_kernel::{Fault, SubjectId, TenantId, Timestamp};
use csv_async::StringRecord;
use futures::future::ready;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use run::Runner;
use statement::{Statement, erasure, events, subjects};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a question may take: as long as a function lives, less what it does with the answer.
const PATIENCE: Duration = Duration::from_secs(600);

/// Subjects erased by one statement: each scans the table.
const AT_ONCE: usize = 100;

/// The table `events` of a database in Glue.
#[derive(Debug, Clone)]
pub struct Lake {
    runner: Runner,
}

impl Lake {
    /// The lake in `database`, asked in `workgroup`, which says where answers are kept.
    pub fn new(
        config: &aws_config::SdkConfig,
        database: impl Into<String>,
        workgroup: impl Into<String>,
    ) -> Self {
        Self { runner: Runner::new(config, database.into(), workgroup.into(), PATIENCE) }
    }

    /// Waits for answers no longer than this.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.runner.patience = patience;
        self
    }

    /// What `read` makes of each line of the answer.
    fn lines<'a, T: Send + 'a>(
        &'a self,
        statement: Statement,
        read: impl Fn(&StringRecord) -> Result<T, Fault> + Send + Sync + 'a,
    ) -> BoxStream<'a, Result<T, Fault>> {
        let answer = async move { self.runner.answer(&statement).await };
        let lines = futures::stream::once(answer).try_flatten();
        lines.and_then(move |line| ready(read(&line))).boxed()
    }
}

impl History for Lake {
    fn read<'a>(
        &'a self,
        tenant: &'a TenantId,
        query: &'a Query,
    ) -> BoxStream<'a, Result<Arrived, Fault>> {
        self.lines(events(tenant, query), move |line| arrived(tenant, line))
    }

    fn subjects<'a>(
        &'a self,
        tenant: &'a TenantId,
        query: &'a Query,
    ) -> BoxStream<'a, Result<SubjectId, Fault>> {
        self.lines(subjects(tenant, query), |line| SubjectId::new(field(line, 0)?))
    }
}

impl Erase for Lake {
    async fn erase(
        &self,
        tenant: &TenantId,
        subjects: &BTreeSet<SubjectId>,
        named: &Named,
    ) -> Result<(), Fault> {
        let subjects: Vec<&SubjectId> = subjects.iter().collect();
        // What names them is looked for once.
        let mut named = Some(named);
        for some in subjects.chunks(AT_ONCE) {
            let statement = erasure(tenant, some, named.take().unwrap_or(&Named::default()));
            self.runner.run(&statement).await?;
        }
        Ok(())
    }
}

/// A line of [`events`], in the order of its columns.
fn arrived(tenant: &TenantId, line: &StringRecord) -> Result<Arrived, Fault> {
    let data = serde_json::from_str(field(line, 6)?)
        .map_err(|error| unreadable(&format!("data: {error}")))?;
    let event = Event {
        subject: SubjectId::new(field(line, 0)?)?,
        id: field(line, 1)?.to_owned(),
        source: field(line, 2)?.to_owned(),
        kind: field(line, 3)?.to_owned(),
        time: instant(field(line, 4)?)?,
        data,
    };
    Ok(Arrived { tenant: tenant.clone(), at: instant(field(line, 5)?)?, event, trace: None })
}

fn field(line: &StringRecord, place: usize) -> Result<&str, Fault> {
    line.get(place).ok_or_else(|| unreadable("a column is missing"))
}

/// Athena writes a timestamp as `2026-11-21 12:00:00.000000`; the table's are in UTC.
fn instant(text: &str) -> Result<Timestamp, Fault> {
    format!("{text}Z").parse().map_err(|_| unreadable("a time"))
}

fn unreadable(what: &str) -> Fault {
    Fault::Internal(format!("the lake's answer cannot be read: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_athena_and_the_local_stack_write_them() {
        let noon: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for text in ["2026-11-21 12:00:00.000000", "2026-11-21 12:00:00.000", "2026-11-21 12:00:00"]
        {
            assert_eq!(instant(text), Ok(noon));
        }
        assert!(instant("2026-11-21 12:00:00.000000 UTC").is_err());
    }
}
