//! Push notifications by SNS mobile push.
//!
//! SNS keeps an endpoint for each device's token and publishes to that. The addresses of profiles are
//! the source of truth for tokens, and endpoints follow from them:
//!
//! - One is made when a token is first sent to. Making it again gives the same one (API reference,
//!   `CreatePlatformEndpoint`), so that nothing about it has to be kept; nothing but the token is
//!   stored with it, no user data either.
//! - SNS disables it when the push service says that the token is dead (developer guide, "Setting up
//!   an Amazon SNS platform endpoint"). The next message learns of that: its address is gone, and the
//!   endpoint is deleted, since making a disabled one again would give it back disabled. If the app
//!   registers the same token later, a fresh one is made. It is never enabled again from here: only
//!   the app knows that a token lives.

use crate::fault::send_error;
use crate::sns::{client, text};
use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::create_platform_endpoint::CreatePlatformEndpointError;
use aws_sdk_sns::operation::publish::PublishError;
use ceap_engagement::message::Dispatch;
use ceap_engagement::pipeline::send::{Accepted, Provider, SendError};
use ceap_engagement::push::{Platform, Writer};
use ceap_kernel::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// All devices of a message together: the function ends after 30 s, and must record before.
const TIME: Duration = Duration::from_secs(22);

/// Endpoints remembered, at some 400 bytes each.
const KNOWN: usize = 4_096;

/// The platform applications' ARNs: one for each platform that there is an app on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applications {
    /// Apple's platform, `APNS`.
    pub apns: Option<String>,
    /// Apple's, for apps under development, `APNS_SANDBOX`.
    pub apns_sandbox: Option<String>,
    /// Google's, `GCM`.
    pub fcm: Option<String>,
}

impl Applications {
    fn of(&self, platform: Platform) -> Option<&str> {
        match platform {
            Platform::Apns => self.apns.as_deref(),
            Platform::ApnsSandbox => self.apns_sandbox.as_deref(),
            Platform::Fcm => self.fcm.as_deref(),
        }
    }
}

/// SNS, for push notifications.
#[derive(Debug)]
pub struct SnsPush {
    client: Client,
    applications: Applications,
    writer: Writer,
    /// Addresses' endpoints.
    known: Mutex<HashMap<String, String>>,
}

/// The time that is left for a message.
#[derive(Clone, Copy)]
struct Budget(Instant);

impl Budget {
    fn left(self) -> Duration {
        TIME.saturating_sub(self.0.elapsed())
    }
}

/// What publishing to an endpoint came to.
enum Published {
    /// Taken, under this id.
    Taken(String),
    /// The push service calls the token dead.
    Disabled,
    /// There is no such endpoint, any more.
    NoEndpoint,
    Failed(SendError),
}

impl SnsPush {
    /// SNS with the shared configuration, without retries, to the devices of these applications; the
    /// channel reads addresses and writes payloads.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, applications: Applications, writer: Writer) -> Self {
        Self { client: client(config), applications, writer, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, address: &str, endpoint: &str) {
        let mut known = self.known();
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(address.to_owned(), endpoint.to_owned());
    }

    /// Sends to one device, at most once.
    async fn to_device(
        &self,
        dispatch: &Dispatch,
        address: &str,
        budget: Budget,
    ) -> Result<String, SendError> {
        let (platform, token) = (self.writer.parse)(address)
            .ok_or_else(|| SendError::Refused("not a device's address".to_owned()))?;
        let payload = (self.writer.payload)(dispatch, platform).map_err(SendError::Refused)?;
        let application = self.applications.of(platform).ok_or_else(|| {
            SendError::Unable(format!("no platform application for {}", platform.prefix()))
        })?;
        let attributes = (self.writer.attributes)(dispatch, platform, Timestamp::now());
        // An endpoint that is remembered may be gone; a refusal for that sent nothing.
        for _ in 0..2 {
            let known = self.known().get(address).cloned();
            let endpoint = match known {
                Some(endpoint) => endpoint,
                None => self.endpoint(application, token, budget).await?,
            };
            match self.publish(&endpoint, &payload, &attributes, budget).await {
                Published::Taken(id) => {
                    self.remember(address, &endpoint);
                    return Ok(id);
                }
                Published::Failed(error) => return Err(error),
                Published::NoEndpoint => drop(self.known().remove(address)),
                Published::Disabled => {
                    self.known().remove(address);
                    self.delete(&endpoint, budget).await;
                    return Err(SendError::Gone("EndpointDisabled".to_owned()));
                }
            }
        }
        Err(SendError::throttled("no such endpoint"))
    }

    /// The token's endpoint. Whatever goes wrong here, nothing was sent.
    async fn endpoint(
        &self,
        application: &str,
        token: &str,
        budget: Budget,
    ) -> Result<String, SendError> {
        let request = self.client.create_platform_endpoint();
        let request = request.platform_application_arn(application).token(token).send();
        let made = match timeout(budget.left(), request).await {
            Ok(Ok(made)) => made.endpoint_arn,
            Ok(Err(error)) => Some(existing(&error)?),
            Err(_) => None,
        };
        made.ok_or_else(|| SendError::throttled("no endpoint"))
    }

    /// Asks once.
    async fn publish(
        &self,
        endpoint: &str,
        payload: &str,
        attributes: &[(&'static str, String)],
        budget: Budget,
    ) -> Published {
        let mut request = self.client.publish().target_arn(endpoint);
        request = request.message_structure("json").message(payload);
        for (name, value) in attributes {
            match text(value) {
                Ok(value) => request = request.message_attributes(*name, value),
                Err(error) => return Published::Failed(error),
            }
        }
        if budget.left().is_zero() {
            return Published::Failed(SendError::throttled("no time left"));
        }
        match timeout(budget.left(), request.send()).await {
            Ok(Ok(sent)) => Published::Taken(sent.message_id.unwrap_or_default()),
            Ok(Err(error)) => failure(&error),
            Err(_) => Published::Failed(SendError::Unknown("timeout".to_owned())),
        }
    }

    /// Deletes a dead token's endpoint. If that fails the next message to it does the same.
    async fn delete(&self, endpoint: &str, budget: Budget) {
        let request = self.client.delete_endpoint().endpoint_arn(endpoint).send();
        let _ = timeout(budget.left(), request).await;
    }
}

/// What is left when no endpoint could be made: one that exists already with other attributes, which
/// the error names (developer guide, "Setting up an Amazon SNS platform endpoint": `Endpoint arn:…
/// already exists with the same Token, but different attributes`).
fn existing(error: &SdkError<CreatePlatformEndpointError>) -> Result<String, SendError> {
    let (code, message) = (error.code(), error.message().unwrap_or_default());
    if code == Some("InvalidParameter") {
        let arn = |word: &&str| word.starts_with("arn:") && word.contains(":endpoint/");
        if message.contains("already exists with the same Token")
            && let Some(arn) = message.split_whitespace().find(arn)
        {
            return Ok(arn.to_owned());
        }
        // What is no token: `Invalid parameter: Token Reason: iOS device tokens must be …`.
        if message.contains("parameter: Token ") {
            return Err(SendError::Gone("InvalidParameter: Token".to_owned()));
        }
    }
    Err(match (send_error(error), code) {
        // There is no such application.
        (SendError::Refused(why), Some("InvalidParameter" | "NotFound")) => SendError::Unable(why),
        (SendError::Unknown(why), _) => SendError::throttled(why),
        (seen, _) => seen,
    })
}

/// API reference, `Publish`, "Errors".
fn failure(error: &SdkError<PublishError>) -> Published {
    let seen = send_error(error);
    let SendError::Refused(why) = seen else { return Published::Failed(seen) };
    match (error.code(), error.message().unwrap_or_default()) {
        (Some("EndpointDisabled"), _) => Published::Disabled,
        (Some("NotFound"), _) => Published::NoEndpoint,
        (Some("InvalidParameter"), said) if said.contains("TargetArn") => Published::NoEndpoint,
        // Its credentials with the push service are not valid, as after a change or an expiry.
        (Some("PlatformApplicationDisabled"), _) => Published::Failed(SendError::Unable(why)),
        _ => Published::Failed(SendError::Refused(why)),
    }
}

impl Provider for SnsPush {
    /// Asks once for each device. As long as nothing can have gone out, "not now" is the answer for
    /// all; afterwards the devices that SNS did not take are given up, because the message is never
    /// sent again.
    async fn send(&self, dispatch: &Dispatch) -> Result<Accepted, SendError> {
        let budget = Budget(Instant::now());
        let (mut asked, mut gone) = (BTreeSet::new(), Vec::new());
        let (mut taken, mut worst) = (None, None);
        for address in dispatch.addresses().filter(|it| asked.insert(*it)) {
            match self.to_device(dispatch, address, budget).await {
                Ok(id) => taken = taken.or(Some(id)),
                Err(error) => {
                    let out = taken.is_some() || matches!(worst, Some(SendError::Unknown(_)));
                    match &error {
                        SendError::Throttled { .. } if !out => return Err(error),
                        SendError::Gone(_) => gone.push(address.to_owned()),
                        _ => {}
                    }
                    worst = Some(worse(worst, error));
                }
            }
        }
        match (taken, worst) {
            (Some(id), _) => Ok(Accepted { gone, ..Accepted::sent(id) }),
            (None, Some(error)) => Err(error),
            (None, None) => Err(SendError::Refused("no device".to_owned())),
        }
    }
}

/// Of what devices came to, what the message comes to if none took it: what cannot be ruled out
/// counts most, then what another provider may still do.
fn worse(one: Option<SendError>, other: SendError) -> SendError {
    let weight = |error: &SendError| match error {
        SendError::Unknown(_) | SendError::Untold(_) => 4,
        SendError::Throttled { .. } => 3,
        SendError::Unable(_) => 2,
        SendError::Refused(_) => 1,
        SendError::Gone(_) => 0,
    };
    match one {
        Some(one) if weight(&one) >= weight(&other) => one,
        _ => other,
    }
}
