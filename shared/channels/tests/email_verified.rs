//! Emails, read by Python's own package (`infra/local/verify/mail.py`). Skipped where
//! `CEAP_VERIFY_PYTHON`, any Python from 3.10 on, is not set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceap_channels::mime;
use ceap_engagement::message::Dispatch;
use ceap_kernel::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// How many messages are drawn beside those written by hand.
const DRAWN: usize = 400;

/// Runs the script on `lines`: whether it is content, and what it said.
fn verify(lines: &str) -> Option<(bool, String)> {
    let Some(python) = std::env::var_os("CEAP_VERIFY_PYTHON") else {
        eprintln!("skipped: CEAP_VERIFY_PYTHON is not set, so Python read no email");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/local/verify/mail.py");
    let mut child = Command::new(python)
        .args(["-B", script])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be content with less than all.
    drop(child.stdin.take().unwrap().write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    Some((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// What a message is made of.
fn dispatch(from: &str, content: &Value, more: &Value) -> Value {
    let mut dispatch = json!({
        "tenant": "acme",
        "id": "7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00",
        "subject": "customer-1",
        "purpose": "marketing",
        "channel": "email",
        "from": from,
        "to": "ada.lovelace+news@mail.example.com",
        "content": content,
        "at": "2026-11-21T10:00:00Z",
        "expires_at": "2026-11-22T10:00:00Z",
    });
    for (name, value) in more.as_object().unwrap() {
        dispatch[name] = value.clone();
    }
    dispatch
}

fn write(dispatch: &Value, second: i64) -> Result<Vec<u8>, String> {
    let dispatch: Dispatch = serde_json::from_value(dispatch.clone()).unwrap();
    mime::write(&dispatch, Timestamp::from_second(second).unwrap())
}

/// A line for the script: the message as it is written, and what it is to say.
fn case(dispatch: Value, name: &str, address: &str, second: i64) -> String {
    let raw = write(&dispatch, second).unwrap_or_else(|error| panic!("{error}: {dispatch}"));
    let mut expect = dispatch;
    expect["sender"] = json!({"name": name, "address": address});
    expect["date"] = json!(second);
    json!({"raw": STANDARD.encode(raw), "expect": expect}).to_string()
}

/// Texts that have broken readers and writers of email.
fn nasty() -> Vec<String> {
    let mut nasty: Vec<String> = [
        "",
        " ",
        "\n",
        "\r\n",
        "\r",
        "plain",
        "two\nlines\n",
        "lone\rcarriage\rreturn\n\r\r\n",
        " leading and trailing ",
        "trailing spaces   \nand tabs\t\t\n \n\t",
        ".\n..\n.leading dots\n\n.\r\n",
        "From me\nFrom: you\n>From her\nFrom",
        "Subject: x\r\nBcc: mallory@example.com\r\n\r\nbody",
        "x\u{2028}Bcc: a@b.ch\u{2029}y\u{85}z\u{0b}\u{0c}\u{1c}\u{1d}\u{1e}",
        "nul\0bell\u{7}escape\u{1b}[0m delete\u{7f} c1\u{9b}",
        "=?utf-8?Q?not_encoded?=",
        "a =?utf-8?B?YQ==?= =?utf-8?B?Yg==?= b",
        "=?",
        "= =3D =\n=\n",
        "two  spaces   three",
        "Grüezi, Zoë! Ça va?",
        "日本語の件名がここにあり、とても長いので一行には収まりません。もう少し続けます。",
        "🎉🎊👨‍👩‍👧‍👦🏳️‍🌈🇨🇭",
        "שלום עולם! مرحبا بالعالم",
        "\u{202e}txt.exe\u{202c} \u{feff}bom",
        "--=_mixed_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00\r\n--=_mixed_7c9f2f4f0e0b4d1c8a5e6b7d3c2a1f00--",
        "a\\b\"c\"(d)<e>@,;:[f]",
        "e\u{301}combining \u{200d}\u{200b}zero",
        "100% *'x'*=y",
    ]
    .map(str::to_owned)
    .to_vec();
    nasty.extend(["x".repeat(10_000), "x ".repeat(5_000), "ü".repeat(10_000), "🎉".repeat(2_500)]);
    nasty.extend((68..82).map(|n| "x".repeat(n)));
    nasty.extend((68..82).map(|n| format!("{}.", "y ".repeat(n / 2))));
    nasty.extend((68..80).map(|n| format!("{} \n.{}\nFrom x", "z".repeat(n), "ä".repeat(n % 9))));
    nasty.extend((70..80).map(|n| format!("{}.From here", "w".repeat(n))));
    nasty
}

/// A file's name out of any text.
fn file_name(text: &str) -> String {
    let taken = |letter: &char| {
        !letter.is_control() && !matches!(letter, '/' | '\\' | '\u{2028}' | '\u{2029}')
    };
    let name: String = text.chars().filter(taken).take(60).collect();
    format!("{name}.pdf")
}

/// A sender's name out of any text: what no writer of a header could hold is taken out.
fn sender_name(text: &str) -> String {
    let taken = |letter: &char| {
        !letter.is_control()
            && !matches!(letter, '<' | '>' | '@' | '"' | '\\' | '\u{2028}' | '\u{2029}')
    };
    let name: String = text.chars().filter(taken).take(200).collect();
    let words: Vec<&str> = name.trim().split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn file(name: &str, media_type: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "media_type": media_type, "data": STANDARD.encode(bytes)})
}

/// Each nasty text in each place.
fn by_hand() -> Vec<String> {
    let second = 1_795_341_600;
    let mut cases = Vec::new();
    let mut add = |from: &str, name: &str, content: Value, more: Value| {
        let whole = dispatch(from, &content, &more);
        cases.push(case(whole, name, "hello@shop.example.com", second));
    };
    let bare = "hello@shop.example.com";
    for text in nasty() {
        add(bare, "", json!({"text": text}), json!({}));
        add(bare, "", json!({"text": "x", "subject": text}), json!({"use_case": "a-cart"}));
        add(bare, "", json!({"text": text, "html": text, "subject": text}), json!({}));
        let files = json!([
            file(&file_name(&text), "application/pdf", text.as_bytes()),
            file("notes.txt", "Text/Plain", text.as_bytes()),
        ]);
        add(bare, "", json!({"text": text, "attachments": files}), json!({}));
        add(bare, "", json!({"text": text, "html": "", "attachments": files}), json!({}));
        let name = sender_name(&text);
        let from = format!("{name} <{bare}>");
        add(&from, &name, json!({"text": "x", "subject": "y"}), json!({}));
    }
    let every: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let ten: Vec<Value> =
        (0..10).map(|n| file(&format!("{n}.bin"), "application/x-a.b+c", &every)).collect();
    add(bare, "", json!({"text": "x", "attachments": ten}), json!({}));
    let latin = file("latin.csv", "text/csv", b"Gr\xfcezi;\r\n");
    let empty = file("empty.vcf", "text/vcard", b"");
    add(bare, "", json!({"text": "x", "attachments": [latin, empty]}), json!({}));
    let quoted = r#""Müller, \"Zoë\" <AG>" <hello@shop.example.com>"#;
    add(quoted, "Müller, \"Zoë\" <AG>", json!({"text": "x"}), json!({}));
    let quoted = r#""a@b, (c)\\d;" <hello@shop.example.com>"#;
    add(quoted, "a@b, (c)\\d;", json!({"text": "x"}), json!({}));
    add("  <hello@shop.example.com> ", "", json!({"text": "x"}), json!({}));
    for url in [
        "https://api.example.com/v1/unsubscribe/acme/7c9f?token=a.b-c_d%3D&x=y".to_owned(),
        "http://127.0.0.1:4566/u?t=1".to_owned(),
        format!("https://example.com/{}", "x".repeat(880)),
    ] {
        add(
            bare,
            "",
            json!({"text": "x"}),
            json!({"unsubscribe": url, "purpose": "transactional"}),
        );
    }
    let longest = format!("{}@{}.example.com", "l".repeat(64), "d".repeat(60));
    add(bare, "", json!({"text": "x"}), json!({"to": longest}));
    add(bare, "", json!({"text": "x"}), json!({"to": "!#$%&'*+-/=?^_`{|}~.x@a-b.c1.example"}));
    cases
}

prop_compose! {
    /// Texts of letters that writers of email treat differently, in lines of all lengths.
    fn text()(pieces in prop::collection::vec(prop_oneof![
        4 => "[a-zA-Z ,.=?_-]{0,90}",
        2 => "\\PC{0,40}",
        2 => prop::sample::select(vec!["\r\n", "\n", "\r", " \n", "\t", ".", "From ", "=?", "?=", "\0"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ä日🎉 x]{0,120}",
    ], 0..12)) -> String {
        pieces.concat()
    }
}

prop_compose! {
    fn drawn()(
        subject in prop::option::of(text()),
        body in text(),
        html in prop::option::of(text()),
        name in text().prop_map(|text| sender_name(&text)),
        files in prop::collection::vec((text(), prop::collection::vec(any::<u8>(), 0..300)), 0..4),
        second in 0_i64..4_102_444_800,
        use_case in any::<bool>(),
        unsubscribe in prop::option::of("https://[a-z]{1,10}\\.example/[a-zA-Z0-9%_.~-]{0,300}"),
    ) -> String {
        let files: Vec<Value> = files
            .iter()
            .map(|(name, bytes)| file(&file_name(name), "application/octet-stream", bytes))
            .collect();
        let content = json!({"subject": subject, "text": body, "html": html, "attachments": files});
        let mut more = json!({"unsubscribe": unsubscribe});
        if use_case {
            more["use_case"] = json!("abandoned-cart");
        }
        let address = "no-reply@acme.example.com";
        case(dispatch(&format!("{name} <{address}>"), &content, &more), &name, address, second)
    }
}

#[test]
fn python_reads_what_was_written() {
    let mut runner = TestRunner::deterministic();
    let mut lines = by_hand();
    lines.extend((0..DRAWN).map(|_| drawn().new_tree(&mut runner).unwrap().current()));
    let Some((content, said)) = verify(&lines.join("\n")) else { return };
    assert!(content, "{said}");
}

/// The script must tell a message that does not say what it was to say.
#[test]
fn python_tells_what_is_wrong() {
    let content = json!({"subject": "Hi", "text": "one\ntwo\n", "html": "<p>one</p>"});
    let good = case(dispatch("a@b.ch", &content, &json!({})), "", "a@b.ch", 1);
    let change = |from: &str, to: &str| {
        let mut line: Value = serde_json::from_str(&good).unwrap();
        let raw = STANDARD.decode(line["raw"].as_str().unwrap()).unwrap();
        let text = String::from_utf8(raw).unwrap();
        assert!(text.contains(from), "{from}");
        line["raw"] = json!(STANDARD.encode(text.replacen(from, to, 1)));
        line.to_string()
    };
    let wrong = [
        change("Subject: Hi", "Subject: Ho"),
        change("Subject: Hi\r\n", "Subject: Hi\r\nBcc: c@d.ch\r\n"),
        change("Subject: Hi\r\n", "Subject: Hi\r\nSubject: Hi\r\n"),
        change("Subject: Hi\r\n", ""),
        change("one\r\n", "one\n"),
        change("one\r\n", &format!("one{}\r\n", "x".repeat(1_000))),
        change("one\r\n", "one\r\n\r\n"),
        change("<p>one</p>", "<p>two</p>"),
        change("Date: Thu", "Date: Foo"),
        change("1970 00:00:01", "1970 00:00:02"),
        change("Auto-Submitted: auto-generated\r\n", ""),
        change("To: <", "To: <<"),
        change("--\r\n", "\r\n"),
    ];
    let Some((content, said)) = verify(&good) else { return };
    assert!(content, "{said}");
    for line in wrong {
        let (content, _) = verify(&line).unwrap();
        assert!(!content, "taken though it is wrong: {line}");
    }
}
