//! What an SDK error means for us.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
#[cfg(any(feature = "eum", feature = "sesv2", feature = "sns"))]
use ceap_engagement::pipeline::send::SendError;
use ceap_kernel::Fault;

/// What an error of the caller's is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    /// The moment: it goes away by itself.
    Moment,
    /// The account as it is set up: no request of this kind would be taken.
    Account,
    /// This request.
    Request,
}

/// The codes that are about more than the request, whichever service writes them.
const CODES: [(About, &[&str]); 5] = [
    // Throttling (the list that the SDK's own retries go by, and what SNS calls its
    // ThrottledException on the wire), and contention. SES throttles at its daily quota too ("Errors
    // related to the sending quotas").
    (
        About::Moment,
        &[
            "BandwidthLimitExceeded",
            "KMSThrottling",
            "KMSThrottlingException",
            "KmsThrottled",
            "LimitExceededException",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttled",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "TransactionConflictException",
            "TransactionInProgressException",
        ],
    ),
    // Who we are, and what we may (IAM API reference, "Common Error Types"; the last three are how
    // services with JSON protocols, and SigV4's own page on errors, spell the same).
    (
        About::Account,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "InvalidClientTokenId",
            "MissingAuthenticationToken",
            "NotAuthorized",
            "OptInRequired",
            "RequestExpired",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
    ),
    // SES API v2 reference, `SendEmail`, "Errors": the account, its sending domain, or the
    // configuration set.
    (
        About::Account,
        &[
            "AccountSuspendedException",
            "MailFromDomainNotVerifiedException",
            "NotFoundException",
            "SendingPausedException",
        ],
    ),
    // SNS API reference, `Publish`, "Errors".
    (About::Account, &["AuthorizationError", "InvalidSecurity"]),
    // SMS and Voice v2 API reference, `SendTextMessage`, "Errors": the spending limit, and numbers,
    // pools or configuration sets that are not there.
    (About::Account, &["ResourceNotFoundException", "ServiceQuotaExceededException"]),
];

fn about(code: &str, status: u16) -> About {
    let known = CODES.iter().find(|(_, codes)| codes.contains(&code));
    match (known, status) {
        // RFC 6585 §4, too many requests, whatever the service calls it.
        (_, 429) => About::Moment,
        (Some((about, _)), _) => *about,
        // RFC 9110 §15.5: not authenticated, not paid for, forbidden.
        (None, 401..=403) => About::Account,
        (None, _) => About::Request,
    }
}

/// Reads `what` failing as a fault: throttled, unavailable, or a defect of ours (no permission, no
/// such resource, a malformed request).
pub fn fault<E: ProvideErrorMetadata>(what: &str, error: &SdkError<E, HttpResponse>) -> Fault {
    match error {
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("an unnamed error");
            let text = format!("{what}: {code}: {}", error.message().unwrap_or_default());
            let status = answer.raw().status();
            if about(code, status.as_u16()) == About::Moment {
                Fault::Throttled(text)
            } else if status.is_server_error() {
                Fault::Unavailable(text)
            } else {
                Fault::Internal(text)
            }
        }
        SdkError::ConstructionFailure(_) => Fault::Internal(format!("{what}: malformed request")),
        _ => Fault::Unavailable(format!("{what}: no answer")),
    }
}

/// Reads a provider's failure by whether anything can have been sent. Only a refusal that the service
/// itself wrote is a definite answer, or that no connection was made: after a broken connection, a
/// timeout, a 5xx or an answer without sense nobody knows.
#[cfg(any(feature = "eum", feature = "sesv2", feature = "sns"))]
pub fn send_error<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> SendError {
    match error {
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("an unnamed error").to_owned();
            let status = answer.raw().status();
            match about(&code, status.as_u16()) {
                About::Moment => SendError::throttled(code),
                _ if !status.is_client_error() => SendError::Unknown(code),
                About::Account => SendError::Unable(code),
                About::Request => SendError::Refused(code),
            }
        }
        SdkError::ConstructionFailure(_) => SendError::Refused("malformed request".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            SendError::Refused("malformed request".to_owned())
        }
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|it| never_connected(it)) =>
        {
            SendError::throttled("no connection")
        }
        SdkError::TimeoutError(_) => SendError::Unknown("timeout".to_owned()),
        _ => SendError::Unknown("connection lost".to_owned()),
    }
}

/// Whether it failed before a request could be made: no such host, refused, no handshake.
#[cfg(any(feature = "eum", feature = "sesv2", feature = "sns"))]
fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |it| it.source())
        .filter_map(|it| it.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}
