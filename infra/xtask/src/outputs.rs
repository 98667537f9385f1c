//! What the last local deploy made, as `infra/local/deploy.py` wrote it to `.local/run/outputs.json`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use crate::repo::Repo;

/// Names of deployed resources.
#[derive(Debug, Deserialize)]
pub struct Outputs {
    /// Deployed function names by the short name of their folder.
    pub functions: BTreeMap<String, String>,
    /// Log groups by the same short names.
    #[serde(default)]
    pub log_groups: BTreeMap<String, String>,
    /// Tables by what they hold.
    #[serde(default)]
    pub tables: BTreeMap<String, String>,
    /// The state machine that builds a search index anew.
    #[serde(default)]
    pub reindex: Option<String>,
    /// The state machine that makes reports anew.
    #[serde(default)]
    pub recount: Option<String>,
    /// The mail domain that the local SES takes senders of, subdomains included.
    #[serde(default = "example_domain")]
    pub sender_domain: String,
}

fn example_domain() -> String {
    "example.com".into()
}

impl Outputs {
    /// Reads the file of the running stack.
    pub fn read(repo: &Repo) -> Result<Self> {
        let path = repo.path(".local/run/outputs.json");
        let text = std::fs::read(&path)
            .context("the local stack is not deployed: run `cargo xtask up`")?;
        serde_json::from_slice(&text).with_context(|| {
            format!("{} cannot be read: run `cargo xtask up` again", path.display())
        })
    }

    /// The deployed name of a function.
    pub fn function(&self, short: &str) -> Result<&str> {
        let found = self.functions.get(short).map(String::as_str);
        found.ok_or_else(|| {
            anyhow!("function {short} is not deployed locally: run `cargo xtask up`")
        })
    }

    /// All functions' log groups.
    pub fn all_log_groups(&self) -> Vec<String> {
        let named = |(short, name): (&String, &String)| {
            self.log_groups.get(short).cloned().unwrap_or_else(|| format!("/aws/lambda/{name}"))
        };
        self.functions.iter().map(named).collect()
    }
}
