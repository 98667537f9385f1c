//! Secrets in addresses of files: who knows one may read the file, so nobody can guess it.

use crate::api::Call;
use crate::ids::AttachmentId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of an id: 53 bits.
const ID: usize = 7;

/// A new one for a file. It holds the file's id, by which the file is found.
pub(super) fn of(call: &Call<'_>, id: AttachmentId) -> String {
    let id = id.get().to_be_bytes();
    let bytes: Vec<u8> = id.into_iter().skip(8 - ID).chain(random(call)).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A new one that holds nothing.
pub(super) fn fresh(call: &Call<'_>) -> String {
    let bytes: Vec<u8> = random(call).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 144 random bits.
fn random(call: &Call<'_>) -> impl Iterator<Item = u8> {
    (call.desk.random)().into_iter().take(18)
}

/// The id of the file that a token may be of.
pub(super) fn id(token: &str) -> Option<AttachmentId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let id = bytes.get(..ID)?.iter().fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
    AttachmentId::new(id)
}
