//! The account in `docs/avfoundation.md` may only name what exists.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping, its own small functions included.

use std::path::{Path, PathBuf};

/// Every Rust source of the workspace's crates.
fn sources() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = vec![root];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.components().any(|part| part.as_os_str() == "src")
            {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

/// Whether `word` stands in `text` with nothing of a name behind it.
fn stands(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let next = text[at + word.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

fn exists(sources: &[String], item: &str) -> bool {
    let (name, method) = item.split_once("::").map_or((item, None), |(name, method)| (name, Some(method)));
    let kinds = ["struct", "enum", "trait", "const", "fn"];
    let declared = |text: &String| {
        kinds.iter().any(|kind| stands(text, &format!("pub {kind} {name}")))
            || stands(text, &format!("\n    {name}")) && text.contains("cicp! {")
    };
    match method {
        None => sources.iter().any(declared),
        Some(method) => sources.iter().any(|text| {
            let owner = ["impl ", "impl<T> ", "impl<T: Send> "]
                .iter()
                .any(|start| stands(text, &format!("{start}{name}")));
            let owner = owner || text.lines().any(|line| line.starts_with("impl") && stands(line, name));
            let declared = ["pub fn ", "pub const fn ", "pub async fn "]
                .iter()
                .any(|start| stands(text, &format!("{start}{method}")));
            owner && declared
        }),
    }
}

#[test]
fn every_item_that_is_claimed_exists() {
    let account = include_str!("../../../docs/avfoundation.md");
    let sources = sources();
    let mut claimed = 0;
    let mut missing = Vec::new();
    for line in account
        .lines()
        .filter(|line| line.starts_with("| ") && (line.ends_with("| done |") || line.ends_with("| partly |")))
    {
        let cells: Vec<_> = line.trim_matches('|').rsplitn(3, '|').map(str::trim).collect();
        let item = cells[1].trim_matches('`');
        claimed += 1;
        if item.is_empty() || !exists(&sources, item) {
            missing.push(format!("{} names {item}", &line[2..5]));
        }
    }
    assert!(claimed > 50, "the account was not read: {claimed} rows");
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(!exists(&sources, "NoSuchThing") && !exists(&sources, "AssetWriter::no_such_method"));
}
