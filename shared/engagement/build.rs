//! Lists the documents of the catalogue, so that a new one touches no code.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("../../use-cases").canonicalize()?;
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut lines: Vec<String> = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            println!("cargo:rerun-if-changed={}", path.display());
            let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            lines.push(format!("({id:?}, include_str!({path:?})),"));
        }
    }
    lines.sort();
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("catalogue.rs"), format!("&[\n{}\n]", lines.join("\n")))
}
