//! Changes of a table of the team's own, into the stream.

use ceap_runtime::feeds::{OfTable, OnAws};
use ceap_runtime::{Env, Error, start};

const VARIABLES: [&str; 5] =
    ["FEED_TENANT", "FEED_SOURCE", "STREAM_NAME", "PLATFORM_TABLE", "QUARANTINE_TABLE"];

fn main() -> Result<(), Error> {
    start(async {
        let feed = OnAws::read("feed-dynamodb", &Env::read(&VARIABLES)?).await?;
        feed.serve::<OfTable>().await
    })
}
