//! The API's document, and the answer to what the API does not know.

use ceap_runtime::http::{self, Asked};
use ceap_runtime::reference::Reference;
use ceap_runtime::{Error, start};

fn main() -> Result<(), Error> {
    start(async {
        let reference = Reference::new()?;
        http::open("openapi", async |asked: &Asked| reference.answer(asked)).await
    })
}
