//! What an SDK error means for us.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
#[cfg(any(feature = "sesv2", feature = "sns"))]
use ceap_engagement::pipeline::send::SendError;
use ceap_kernel::Fault;

/// Codes of errors that go away by themselves: throttling by any service (the list that the SDK's own
/// retries go by), and contention.
const THROTTLED: [&str; 18] = [
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
    // What SNS calls its ThrottledException on the wire.
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Too many requests (RFC 6585 §4), whatever the service calls it.
const TOO_MANY: u16 = 429;

fn is_throttled(code: &str, status: u16) -> bool {
    status == TOO_MANY || THROTTLED.contains(&code)
}

/// Reads `what` failing as a fault: throttled, unavailable, or a defect of ours (no permission, no
/// such resource, a malformed request).
pub fn fault<E: ProvideErrorMetadata>(what: &str, error: &SdkError<E, HttpResponse>) -> Fault {
    match error {
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("an unnamed error");
            let text = format!("{what}: {code}: {}", error.message().unwrap_or_default());
            let status = answer.raw().status();
            if is_throttled(code, status.as_u16()) {
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
#[cfg(any(feature = "sesv2", feature = "sns"))]
pub fn send_error<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> SendError {
    match error {
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("an unnamed error").to_owned();
            let status = answer.raw().status();
            if is_throttled(&code, status.as_u16()) {
                SendError::Throttled(code)
            } else if status.is_client_error() {
                SendError::Refused(code)
            } else {
                SendError::Unknown(code)
            }
        }
        SdkError::ConstructionFailure(_) => SendError::Refused("malformed request".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            SendError::Refused("malformed request".to_owned())
        }
        SdkError::DispatchFailure(failure)
            if failure.as_connector_error().is_some_and(|it| never_connected(it)) =>
        {
            SendError::Throttled("no connection".to_owned())
        }
        SdkError::TimeoutError(_) => SendError::Unknown("timeout".to_owned()),
        _ => SendError::Unknown("connection lost".to_owned()),
    }
}

/// Whether it failed before a request could be made: no such host, refused, no handshake.
#[cfg(any(feature = "sesv2", feature = "sns"))]
fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |it| it.source())
        .filter_map(|it| it.downcast_ref::<hyper_util::client::legacy::Error>())
        .any(hyper_util::client::legacy::Error::is_connect)
}
