//! Events as rows of the event lake.

use ceap_engagement::history::Row;
use ceap_runtime::{Error, firehose, start};

fn main() -> Result<(), Error> {
    start(async { firehose::serve("ingest-lake", Row::of).await })
}
