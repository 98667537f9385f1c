//! What an SDK error means for us.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
#[cfg(any(feature = "sesv2", feature = "sns"))]
use ceap_engagement::pipeline::send::SendError;
use ceap_kernel::Fault;

/// Codes of errors that go away by themselves: throttling by any service, and contention.
const THROTTLED: [&str; 10] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "TooManyRequestsException",
    "LimitExceededException",
    "KMSThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Reads `what` failing as a fault: throttled, unavailable, or a defect of ours (no permission, no
/// such resource, a malformed request).
pub fn fault<E: ProvideErrorMetadata>(what: &str, error: &SdkError<E, HttpResponse>) -> Fault {
    match error {
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("an unnamed error");
            let text = format!("{what}: {code}: {}", error.message().unwrap_or_default());
            if THROTTLED.contains(&code) {
                Fault::Throttled(text)
            } else if answer.raw().status().is_server_error() {
                Fault::Unavailable(text)
            } else {
                Fault::Internal(text)
            }
        }
        SdkError::ConstructionFailure(_) => Fault::Internal(format!("{what}: malformed request")),
        _ => Fault::Unavailable(format!("{what}: no answer")),
    }
}

/// Reads a provider's failure by whether anything can have been sent. Only an error that the service
/// itself named is a definite answer: after a broken connection, a timeout or a 5xx nobody knows.
#[cfg(any(feature = "sesv2", feature = "sns"))]
pub fn send_error<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> SendError {
    match error {
        SdkError::ServiceError(answer) => {
            let code = error.code().unwrap_or("an unnamed error").to_owned();
            if THROTTLED.contains(&code.as_str()) {
                SendError::Throttled(code)
            } else if answer.raw().status().is_server_error() {
                SendError::Unknown(code)
            } else {
                SendError::Refused(code)
            }
        }
        SdkError::ConstructionFailure(_) => SendError::Refused("malformed request".to_owned()),
        SdkError::DispatchFailure(failure) if failure.is_user() => {
            SendError::Refused("malformed request".to_owned())
        }
        SdkError::TimeoutError(_) => SendError::Unknown("timeout".to_owned()),
        _ => SendError::Unknown("connection lost".to_owned()),
    }
}
