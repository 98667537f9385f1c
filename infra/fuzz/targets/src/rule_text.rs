//! What rules of the helpdesk say, in Liquid; HTML of strangers.

use crate::helpdesk::Room;
use crate::promise::chosen;
use ceap_helpdesk::rule::{Form, People, Placeholders};
use ceap_helpdesk::text;
use ceap_helpdesk::ticket::Ticket;

/// Bytes of what a few kilobytes may become.
const MOST: usize = 1024 * 1024;

thread_local! {
    static KNOWN: Placeholders = known();
}

/// Whatever is written ends, in bounds; HTML that was cleaned runs nothing, and is clean already when it is cleaned again.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    let given = crate::promise::text(rest);
    match choice % 5 {
        0 => html(&given),
        1 => {
            assert!(!text::escaped(&given).contains(['<', '>', '"']));
            let html = text::to_html(&given);
            assert!(text::of_html(&html).len() <= MOST);
        }
        n => {
            let form = [Form::Plain, Form::Markup, Form::Json][n - 2];
            let said = KNOWN.with(|known| known.fill(&given, form));
            assert!(said.len() <= MOST, "{} bytes of {given:?}", said.len());
        }
    }
}

fn html(given: &str) {
    let clean = text::clean(given);
    assert!(clean.len() <= given.len() * 8 + 256);
    let lower = clean.to_ascii_lowercase();
    for harm in ["<script", "<iframe", "<object", "<style", "<form"] {
        assert!(!lower.contains(harm), "{given:?}: {clean}");
    }
    let read = text::of_html(&clean);
    assert!(read.len() <= MOST, "{} bytes of {given:?}", read.len());
}

/// Those of the one ticket that there is.
fn known() -> Placeholders {
    let room = Room::default();
    let records = room.store.dump().into_iter();
    let ticket =
        records.filter_map(|(_, _, body)| serde_json::from_str::<Ticket>(&body).ok()).next();
    let people = People {
        requester: None,
        assignee: None,
        group: None,
        organization: None,
        current_user: None,
    };
    Placeholders::of(&ticket.unwrap(), people, "Acme", "https://desk.example/1")
}
