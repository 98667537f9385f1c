//! `new`: writes a connector, channel, family or function so that it compiles, is wired, and passes every check.

mod channel;
mod connector;
mod family;
mod function;
mod names;
mod plan;

use anyhow::Result;
use clap::{Args, Subcommand};
use names::{Names, kebab_case};
use plan::Plan;

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
    /// The function of a family of the helpdesk's routes
    Family(Named),
    /// A Lambda function
    Function {
        #[command(flatten)]
        named: Named,
        /// The folder under functions/ and the stack that it belongs to
        #[arg(long, default_value = "platform")]
        context: String,
    },
}

#[derive(Args)]
struct Named {
    /// In kebab-case: `segment`, `web-push`
    #[arg(value_parser = kebab_case)]
    name: String,
}

/// Writes the files, or prints them.
pub fn run(repo: &Repo, args: &NewArgs) -> Result<()> {
    let mut plan = Plan::new(repo);
    let next = match &args.what {
        What::Connector(named) => connector::plan(&mut plan, &Names::new(&named.name))?,
        What::Channel(named) => channel::plan(&mut plan, &Names::new(&named.name))?,
        What::Family(named) => family::plan(&mut plan, repo, &Names::new(&named.name))?,
        What::Function { named, context } => {
            function::plan(&mut plan, &Names::new(&named.name), context)?
        }
    };
    if args.dry_run {
        plan.print();
        return Ok(());
    }
    plan.write()?;
    println!("{next}");
    Ok(())
}
