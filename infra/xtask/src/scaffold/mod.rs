//! `new`: writes a connector, channel or function so that it compiles, is wired, and passes every check.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::repo::Repo;

/// Arguments of `new`.
#[derive(Args)]
pub struct NewArgs {
    #[command(subcommand)]
    what: What,
    /// Print what would be written
    #[arg(long, global = true)]
    dry_run: bool,
}

#[derive(Subcommand)]
enum What {
    /// Something that brings data in
    Connector(Named),
    /// Something that takes messages out
    Channel(Named),
    /// A Lambda function
    Function(Named),
}

#[derive(Args)]
struct Named {
    /// In kebab-case, a noun: `segment`, `web-push`
    #[arg(value_parser = kebab_case)]
    name: String,
}

fn kebab_case(text: &str) -> Result<String, String> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    let good = text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(word);
    if good {
        Ok(text.to_owned())
    } else {
        Err("use kebab-case, at most 32 characters, like `web-push`".into())
    }
}

/// Writes the files.
pub fn run(repo: &Repo, args: &NewArgs) -> Result<()> {
    let _ = (repo, args.dry_run);
    match &args.what {
        What::Connector(named) | What::Channel(named) | What::Function(named) => {
            bail!("{} cannot be written yet", named.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::kebab_case;

    #[test]
    fn names_are_kebab_case() {
        assert!(kebab_case("web-push").is_ok());
        for bad in [
            "",
            "WebPush",
            "web_push",
            "-web",
            "web--push",
            "web-",
            "1web",
            "wéb",
        ] {
            assert!(kebab_case(bad).is_err(), "{bad}");
        }
    }
}
