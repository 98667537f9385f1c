//! Cursors, page tokens and other places in lists, as callers give them back; and the variables beside them.

use crate::promise::{chosen, halves, named, text};
use ceap_engagement::candidate_list::Rank;
use ceap_engagement::inbox::{NotificationId, Wanted};
use ceap_engagement::profile_list::{Place, SHARDS};
use ceap_helpdesk::api::page::{Page, cursor, encoded};
use ceap_helpdesk::api::{Ask, Paging};

/// A place that is taken is written as it was, and is within its list; no page is larger than pages are.
pub fn run(data: &[u8]) {
    let (choice, rest) = chosen(data);
    match choice % 4 {
        0 => match Place::read(Some(&text(rest))) {
            Ok(place) => {
                assert!(place.shard < SHARDS);
                assert_eq!(Place::read(Some(&place.cursor())), Ok(place));
            }
            Err(fault) => named(&fault),
        },
        1 => match Rank::read(&text(rest)) {
            Ok(rank) => {
                assert_eq!(rank.as_str(), text(rest));
                assert!(rank.id().is_some());
            }
            Err(fault) => named(&fault),
        },
        2 => {
            let (cursor, limit) = halves(rest);
            match Wanted::parse(None, Some(&text(cursor)), Some(&text(limit))) {
                Ok(wanted) => {
                    assert!((1..=100).contains(&wanted.limit), "{wanted:?}");
                    assert_eq!(wanted.from.map(|it| it.as_str().to_owned()), Some(text(cursor)));
                }
                Err(fault) => named(&fault),
            }
            if let Err(fault) = NotificationId::parse("id", &text(cursor)) {
                named(&fault);
            }
        }
        _ => helpdesk(&text(rest)),
    }
}

/// A query of a list, `name=value` a line; pages of a list of 250.
fn helpdesk(query: &str) {
    let pairs = query.lines().filter_map(|line| line.split_once('='));
    let query = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let ask = Ask { query, ..Ask::nothing() };
    let paging = match Paging::of(&ask) {
        Ok(paging) => paging,
        Err(refused) => {
            assert!((400..500).contains(&refused.status()), "{refused:?}");
            assert!(!refused.says().is_empty());
            return;
        }
    };
    assert!((1..=100).contains(&paging.size()), "{paging:?}");
    let all: Vec<(String, u32)> = (0..250).map(|n| (format!("{n:05}"), n)).collect();
    let page = Page::cut(paging.clone(), all);
    assert!(page.records.len() <= paging.size());
    assert!(page.records.is_sorted(), "{:?}", page.records);
    let about = serde_json::to_string(&page.about(&ask)).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&about).is_ok());
    if let Paging::Cursor { at: Some(at), size, .. } = &paging {
        let query = vec![
            ("page[after]".to_owned(), cursor(at)),
            ("page[size]".to_owned(), size.to_string()),
        ];
        let again = Paging::of(&Ask { query, ..Ask::nothing() });
        let same = Paging::Cursor { size: *size, at: Some(at.clone()), before: false };
        assert_eq!(again.ok(), Some(same));
        assert!(encoded(at).is_ascii());
    }
}
