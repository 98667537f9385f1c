//! Stored models.

use super::{Access, Answer, Content, Group, Operation, Parameter};
use ceap_engagement::model::library::{Kept, Upload};
use ceap_kernel::ModelId;
use ceap_kernel::access::Role;
use schemars::JsonSchema;
use serde::Deserialize;

/// A file that is to be sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModelUploadRequest")]
pub struct UploadRequest {
    /// The file's SHA-256.
    pub sha256: ModelId,
    /// The file's length.
    pub bytes: u64,
}

const MODEL: Parameter = Parameter::path::<ModelId>("sha256", "The SHA-256 of its file.");

const UPLOAD: &str = r#"{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","bytes":52428800}"#;

/// The operations.
pub const GROUP: Group = Group {
    tag: "Models",
    about: "Models that were trained elsewhere, named by the SHA-256 of their files. A use case pins one.",
    operations: &[
        Operation::new(
            "GET /v1/models",
            "listModels",
            "Lists the models",
            Access::Role(Role::may_read_customers),
        )
        .answers(&[Answer::json::<Vec<Kept>>(200, "All of them.")]),
        Operation::new(
            "PUT /v1/models",
            "putModel",
            "Keeps a model",
            Access::Role(Role::may_send),
        )
        .about(
            "The body is the file: LightGBM's text, XGBoost's JSON, or ONNX. It may be packed with gzip. The same \
             file is the same model.",
        )
        .takes(&[Content::of::<String>("*/*", "")])
        .answers(&[Answer::json::<Kept>(200, "What it is.")]),
        Operation::new(
            "POST /v1/models/uploads",
            "uploadModel",
            "Says where a large file is sent to",
            Access::Role(Role::may_send),
        )
        .about("PUT the file there with these headers, then accept it. What is not accepted is gone after a day.")
        .takes(&[Content::json::<UploadRequest>(UPLOAD)])
        .answers(&[Answer::json::<Upload>(201, "The URL and the headers.")])
        .fails(&[409]),
        Operation::new(
            "POST /v1/models/{sha256}/accept",
            "acceptModel",
            "Keeps a model whose file was sent",
            Access::Role(Role::may_send),
        )
        .parameters(&[MODEL])
        .answers(&[Answer::json::<Kept>(200, "What it is.")])
        .fails(&[404]),
        Operation::new(
            "GET /v1/models/{sha256}",
            "getModel",
            "Reads what a model is",
            Access::Role(Role::may_read_customers),
        )
        .parameters(&[MODEL])
        .answers(&[Answer::json::<Kept>(200, "Its format and its inputs.")])
        .fails(&[404]),
        Operation::new(
            "DELETE /v1/models/{sha256}",
            "deleteModel",
            "Deletes a model that no use case pins",
            Access::Role(Role::may_send),
        )
        .parameters(&[MODEL])
        .answers(&[Answer::empty("It is gone.")])
        .fails(&[404, 409]),
    ],
};
