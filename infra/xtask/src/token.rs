//! `token`: a tenant of the running stack and its credentials, made by the same function as in a real deploy.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{aws, outputs::Outputs, repo::Repo};

/// The tenant used when none is named.
pub const DEFAULT_TENANT: &str = "local";

/// Arguments of `token`.
#[derive(Args)]
pub struct TokenArgs {
    /// The tenant, made if it does not exist
    #[arg(long, default_value = DEFAULT_TENANT)]
    tenant: String,
    /// What the token's user may do
    #[arg(long, default_value = "admin")]
    role: Role,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Roles a token can have.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Role {
    /// May do everything in the tenant
    Admin,
    /// Works on tickets
    Agent,
    /// Leads agents
    TeamLead,
    /// A customer
    EndUser,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::TeamLead => "team-lead",
            Self::EndUser => "end-user",
        }
    }
}

/// Credentials as the `tenants` function gives them.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The tenant that they open.
    pub tenant: String,
    /// The token's user.
    pub email: String,
    /// For people: read and manage.
    pub token: String,
    /// For machines: send events.
    pub write_key: String,
}

/// Prints credentials.
pub fn run(repo: &Repo, args: &TokenArgs) -> Result<()> {
    let credentials = issue(&Outputs::read(repo)?, &args.tenant, args.role)?;
    if args.json {
        println!("{}", serde_json::to_string(&credentials)?);
        return Ok(());
    }
    println!("tenant     {}", credentials.tenant);
    println!("email      {}", credentials.email);
    println!("token      {}", credentials.token);
    println!("write key  {}", credentials.write_key);
    Ok(())
}

/// Makes the tenant if it does not exist, and credentials in it.
pub fn issue(outputs: &Outputs, tenant: &str, role: Role) -> Result<Credentials> {
    let created = create(outputs, tenant)?;
    match created {
        Some(credentials) if role == Role::Admin => Ok(credentials),
        _ => {
            let payload = json!({"action": "token", "tenant": tenant, "role": role.name(), "write_key": true});
            match aws::invoke(outputs.function("tenants")?, &payload)? {
                Ok(answer) => parse(answer),
                Err(error) => bail!("no token for tenant {tenant}: {error}"),
            }
        }
    }
}

/// Makes a tenant with settings that suit the local stack; `None` if it exists.
pub fn create(outputs: &Outputs, tenant: &str) -> Result<Option<Credentials>> {
    let domain = &outputs.sender_domain;
    let payload = json!({
        "action": "create",
        "tenant": tenant,
        "admin_email": format!("admin@{tenant}.{domain}"),
        "settings": {
            "from_address": format!("no-reply@{tenant}.{domain}"),
            "security_recipient": format!("security@{tenant}.{domain}"),
            "sms_origination": "+15555550100",
            "time_zone": "UTC",
        },
    });
    match aws::invoke(outputs.function("tenants")?, &payload)? {
        Ok(answer) => parse(answer).map(Some),
        Err(error) if error.starts_with("conflict") => Ok(None),
        Err(error) => bail!("tenant {tenant} could not be made: {error}"),
    }
}

fn parse(answer: Value) -> Result<Credentials> {
    match serde_json::from_value(answer.clone()) {
        Ok(credentials) => Ok(credentials),
        Err(error) => {
            bail!("the tenants function answered without credentials ({error}): {answer}")
        }
    }
}
