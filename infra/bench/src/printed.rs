//! Standard output, parted: what functions print for CloudWatch goes to a file, whose length is part of the bill, and what
//! the benchmarks have to say goes to whoever called them.

use anyhow::Result;
use ceap_stacks::Points;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};

/// Both.
#[derive(Debug)]
pub struct Printed {
    caller: File,
    log: File,
}

impl Printed {
    /// From now on, what is printed goes to the file.
    ///
    /// # Errors
    /// When there is no room for a file.
    pub fn part() -> Result<Self> {
        let name = format!("ceap-bench-{}.log", std::process::id());
        let path = std::env::temp_dir().join(name);
        let log = File::options().create(true).append(true).read(true).open(&path)?;
        // It stays as long as it is open.
        std::fs::remove_file(&path)?;
        let caller = File::from(rustix::io::dup(rustix::stdio::stdout())?);
        rustix::stdio::dup2_stdout(&log)?;
        Ok(Self { caller, log })
    }

    /// Bytes that were printed since this was last asked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn take(&self) -> Result<u64> {
        std::io::stdout().flush()?;
        let bytes = self.log.metadata()?.len();
        self.log.set_len(0)?;
        Ok(bytes)
    }

    /// How many metrics were told of since then: one for each name with each of its dimensions' values, as CloudWatch
    /// bills them.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not as CloudWatch wants it.
    pub fn metrics(&self) -> Result<usize> {
        std::io::stdout().flush()?;
        let mut points = Points::default();
        let mut log = self.log.try_clone()?;
        log.seek(SeekFrom::Start(0))?;
        for line in BufReader::new(log).lines() {
            let line = line?;
            if line.contains("\"_aws\"") {
                points.embedded(&line, 0)?;
            }
        }
        Ok(points.metrics().count())
    }

    /// Tells the caller.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn tell(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.caller, "{text}")?)
    }
}

/// What is printed afterwards goes to the caller again.
impl Drop for Printed {
    fn drop(&mut self) {
        // Where it cannot, there is nobody left to tell.
        let _ = rustix::stdio::dup2_stdout(&self.caller);
    }
}
