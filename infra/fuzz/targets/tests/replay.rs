//! What was found by fuzzing, and what it began with, once more: a plain test, on the compiler that everything is
//! built with.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use ceap_fuzz::{TARGETS, target};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Files of one corpus, and bytes of one file: corpora stay small.
const MOST_FILES: usize = 60;
const MOST_BYTES: u64 = 16 * 1024;

/// The time that one file may take where nothing is optimized and others build beside: what hangs takes longer.
const SOON: Duration = Duration::from_secs(20);

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_target_has_a_binary_and_a_corpus() {
    let known: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), known);
    assert_eq!(names("corpora"), known);
    for name in known {
        let binary = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(binary.contains(&format!("ceap_fuzz::fuzz(\"{name}\", data)")), "{name}");
        let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("\"fuzz_targets/{name}.rs\"")), "{name}");
    }
}

/// Every file of a corpus is replayed, each in its time.
fn replayed(name: &str) {
    let files = fs::read_dir(fuzz().join("corpora").join(name)).unwrap();
    let files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    assert!((1..=MOST_FILES).contains(&files.len()), "{name}: {} files", files.len());
    let run = target(name);
    for file in files {
        assert!(fs::metadata(&file).unwrap().len() <= MOST_BYTES, "{} is large", file.display());
        // A panic says what broke, and this which file it was.
        eprintln!("{}", file.display());
        let began = Instant::now();
        run(&fs::read(&file).unwrap());
        assert!(began.elapsed() < SOON, "{} takes {:?}", file.display(), began.elapsed());
    }
}

macro_rules! replay {
    ($($name:ident),+ $(,)?) => {
        $(#[test] fn $name() { replayed(stringify!($name)); })+

        #[test]
        fn all_are_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),+]);
        }
    };
}

replay!(
    answer,
    cloudevents,
    condition,
    cursor,
    document,
    file,
    helpdesk,
    model,
    pinpoint,
    presence,
    query,
    receipts,
    record,
    rule_text,
    segment,
    series,
    sign_in,
    signature,
    template,
    token,
    use_case,
    webhook,
);
