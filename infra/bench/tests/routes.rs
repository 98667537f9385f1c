//! Every route of the helpdesk is asked and answered, so that none is left out of the figures.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use ceap_bench::printed::Printed;
use ceap_bench::routes::{Figures, routes};
use ceap_bench::templates::Templates;
use std::path::Path;
use std::time::Duration;

/// Asks with room for unoptimised futures of the SDK inside each other.
fn asked() -> Figures {
    let run = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let templates = Templates::read(&root).unwrap();
        let printed = Printed::part().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { routes(&templates, &printed, Duration::ZERO).await.unwrap() })
    };
    let thread = std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap();
    thread.join().unwrap()
}

#[test]
fn every_route_is_asked_and_answered() {
    let all = asked().each;
    let refused: Vec<&str> =
        all.iter().filter(|it| it.status >= 400).map(|it| it.route.as_str()).collect();
    // These tell of what somebody outside answered, whom nobody plays.
    let outside =
        ["POST /webhooks/test", "GET /webhooks/{id}/invocations/{invocation_id}/attempts"];
    assert_eq!(refused, outside);
    for it in &all {
        assert!(it.calls > 0 && it.chain > 0, "{} asks nothing of anybody", it.route);
    }
}
