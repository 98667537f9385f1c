//! The document of operations is the table of routes: nothing is asked that it does not tell, and what is refused it
//! tells with the reason.

use ceap_helpdesk::api::{Does, Guard, Route};
use ceap_helpdesk::routes::FAMILIES;
use std::collections::BTreeSet;
use std::fmt::Write;

const DOCUMENT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/helpdesk-operations.md");

const HEAD: &str = "# Helpdesk operations

Every operation of the [helpdesk's API](helpdesk.md), as the code's table of routes has it: this page is made from it,
and a test fails where they differ. Paths follow `/api/v2`, and may end in `.json`. An operation that is refused answers
404 `InvalidEndpoint` with the reason; nothing answers 200 without doing it.

*Who* names the [policy's action](helpdesk.md#roles) that lets somebody do it; *agents* are all who work on tickets,
*known* is whoever shows a token, *anyone* needs none. Where a record decides, its policy is asked too.
";

fn who(guard: Guard) -> String {
    match guard {
        Guard::Anyone => "anyone".to_owned(),
        Guard::Known | Guard::KnownOr(_) => "known".to_owned(),
        Guard::Agents => "agents".to_owned(),
        Guard::May(action) => format!("`{}`", action.as_str()),
        Guard::Step(action) => format!("steps of jobs, `{}`", action.as_str()),
    }
}

fn written() -> String {
    let mut page = HEAD.to_owned();
    let (mut done, mut refused) = (0, 0);
    let mut table = String::new();
    for family in FAMILIES {
        let _ =
            write!(table, "\n## {}\n\n| operation | what | who |\n|---|---|---|\n", family.name);
        for route in family.routes.iter().flat_map(|routes| routes.iter()) {
            let Route { method, path, what, does } = route;
            let end = match does {
                Does::Run(guard, ..) => {
                    done += 1;
                    who(*guard)
                }
                Does::Refuse(reason) => {
                    refused += 1;
                    format!("**refused**: {reason}")
                }
            };
            let _ = writeln!(table, "| `{} {path}` | {what} | {end} |", method.as_str());
        }
    }
    let _ = write!(page, "\n{done} operations are done, {refused} are refused.\n{table}");
    page
}

#[test]
fn the_document_is_the_table_of_routes() {
    let page = written();
    if std::env::var_os("CEAP_BLESS").is_some() {
        std::fs::write(DOCUMENT, &page).unwrap();
    }
    let there = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    assert!(there == page, "run CEAP_BLESS=1 cargo test -p ceap-helpdesk --test api documented");
}

/// Which family the gateway asks: the one whose path has most of the route's.
fn asked(path: &str) -> Option<&'static str> {
    let led = |own: &&&str| {
        let rest = path.trim_start_matches('/').strip_prefix(**own);
        rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
    };
    let all =
        FAMILIES.iter().flat_map(|it| it.paths.iter().filter(led).map(|own| (own.len(), it.name)));
    all.max().map(|(_, name)| name)
}

#[test]
fn no_route_stands_twice_and_each_belongs_to_its_family() {
    let mut seen = BTreeSet::new();
    for family in FAMILIES {
        for route in family.routes.iter().flat_map(|routes| routes.iter()) {
            assert!(seen.insert((route.method, route.path)), "{:?} {}", route.method, route.path);
            assert_eq!(asked(route.path), Some(family.name), "{}", route.path);
        }
    }
}
