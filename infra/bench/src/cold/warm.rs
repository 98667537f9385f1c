//! Functions that stay warm: one process each, which is given one event after the other.

use super::http::{self, Request, Response};
use super::{PATIENCE, command, headers, serve_aws};
use crate::aws::Aws;
use crate::templates::FunctionOf;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What its runtime API hears.
enum Heard {
    /// It asks for an event: all that it had to do is done.
    Next,
    /// What it answers; an error, if it is one.
    Answer(Vec<u8>, bool),
}

/// A process.
#[derive(Debug)]
pub struct Warm {
    child: Child,
    give: Sender<Vec<u8>>,
    heard: Receiver<Heard>,
}

/// AWS for such processes, on a port of this machine.
///
/// # Errors
/// When there is no port.
pub fn aws(aws: &Arc<Aws>) -> Result<u16> {
    serve_aws(Arc::clone(aws))
}

impl Warm {
    /// Starts a function's program, with AWS on this port.
    ///
    /// # Errors
    /// When it does not ask for an event in time.
    pub fn start(binary: &Path, function: &FunctionOf, aws: u16) -> Result<Self> {
        let (give, events) = channel();
        let (tell, heard) = channel();
        let port = serve(events, tell)?;
        let child = command(binary, function, port, aws).spawn()?;
        let warm = Self { child, give, heard };
        warm.done()?;
        Ok(warm)
    }

    /// Gives it an event: what it answers, and the time that it had a processor.
    ///
    /// # Errors
    /// When it fails, or does not answer in time.
    pub fn ask(&self, event: Vec<u8>) -> Result<(Vec<u8>, Duration)> {
        let before = self.cpu()?;
        self.give.send(event).ok().context("it ended")?;
        let answer = match self.heard.recv_timeout(PATIENCE)? {
            Heard::Answer(answer, false) => answer,
            Heard::Answer(answer, true) => bail!("{}", String::from_utf8_lossy(&answer)),
            Heard::Next => bail!("it asks again without an answer"),
        };
        self.done()?;
        Ok((answer, self.cpu()?.saturating_sub(before)))
    }

    fn done(&self) -> Result<()> {
        match self.heard.recv_timeout(PATIENCE)? {
            Heard::Next => Ok(()),
            Heard::Answer(..) => bail!("it answers what nobody asked"),
        }
    }

    /// Of all of its threads (<https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat>).
    fn cpu(&self) -> Result<Duration> {
        let mut sum = 0_u64;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread that ended meanwhile took next to nothing.
            let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            let ran = text.split_whitespace().next().and_then(|it| it.parse().ok());
            sum = sum.saturating_add(ran.unwrap_or(0));
        }
        Ok(Duration::from_nanos(sum))
    }
}

impl Drop for Warm {
    fn drop(&mut self) {
        // One that ended by itself is gone.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The runtime API of one process, which asks with one connection at a time.
fn serve(events: Receiver<Vec<u8>>, tell: Sender<Heard>) -> Result<u16> {
    let (events, tell) = (Mutex::new(events), Mutex::new(tell));
    http::serve(move |request: Request| {
        let say = |heard| tell.lock().ok()?.send(heard).ok();
        if request.path.ends_with("/next") {
            say(Heard::Next)?;
            let body = events.lock().ok()?.recv().ok()?;
            return Some(Response { status: 200, headers: headers(), body });
        }
        say(Heard::Answer(request.body, request.path.ends_with("/error")))?;
        Some(Response { status: 202, headers: Vec::new(), body: Vec::new() })
    })
}
