//! Bad input: damaged, cut short, lying or no media at all. Whatever it is, the answer is an error that says where or a
//! right result, within 10 s, and within 24 MiB + 4 times the input of memory.
//!
//! By default a few mutations of each file of the corpus are tried; `REELWRIGHT_MUTATIONS=200` tries all of them.
#![allow(clippy::unwrap_used)] // A test states what it expects by unwrapping.

mod crafted;
mod exercise;
mod guard;
mod mutation;
mod others;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use guard::Guard;
use mutation::Mutator;
use reelwright::FileType;

use exercise::{Verdict, exercise};

/// Larger files are only cut, not mutated.
const LARGEST: u64 = 3_000_000;

/// One test, so that nothing else allocates while memory is measured.
#[test]
fn bad_input_is_refused_or_understood() {
    let guard = Guard::start();
    let mut worst = Worst::default();
    for (name, bytes) in crafted::inputs() {
        worst.run(&guard, &name, bytes);
    }
    for (name, bytes) in others::inputs() {
        worst.run(&guard, name, bytes.into());
    }
    let files = corpus();
    if files.is_empty() {
        reelwright_judges::skip!("the corpus is not there");
    }
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let whole = Bytes::from(std::fs::read(path).unwrap());
        if whole.len() as u64 <= LARGEST {
            worst.mutations(&guard, &name, &whole);
        }
        for part in 1..=cuts() {
            let length = whole.len() * part / (cuts() + 1);
            worst.run(&guard, &format!("{name} cut at {length}"), whole.slice(..length));
        }
    }
    eprintln!("{worst}");
}

/// Mutations of each file.
fn mutations() -> u64 {
    std::env::var("REELWRIGHT_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Places each file is cut at.
fn cuts() -> usize {
    if mutations() >= 200 { 16 } else { 2 }
}

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file() && path.extension().is_none_or(|kind| kind != "tsv"));
    files.sort();
    files
}

/// Figures of all cases.
#[derive(Default)]
struct Worst {
    cases: u64,
    refused: u64,
    not_copied: u64,
    copied: u64,
    seconds: (f64, String),
    /// Bytes beyond 4 times the input, the largest of all.
    memory: (usize, String),
}

impl Worst {
    fn mutations(&mut self, guard: &Guard, name: &str, whole: &Bytes) {
        let mutator = Mutator::new(whole);
        for seed in 0..mutations() {
            self.run(guard, &format!("{name} mutation {seed}"), mutator.mutate(name, seed));
        }
    }

    fn run(&mut self, guard: &Guard, name: &str, bytes: Bytes) {
        let length = bytes.len();
        let file_type = if self.cases.is_multiple_of(2) { FileType::Mp4 } else { FileType::Mov };
        let (verdict, cost) = guard.watch(name, length, || exercise(Arc::new(bytes), file_type));
        if std::env::var_os("REELWRIGHT_VERBOSE").is_some() {
            eprintln!("{name}: {verdict}, {:.3} s, {} bytes", cost.seconds, cost.bytes);
        }
        self.cases += 1;
        match verdict {
            Verdict::Refused(_) => self.refused += 1,
            Verdict::NotCopied(_) => self.not_copied += 1,
            Verdict::Copied(_) => self.copied += 1,
        }
        if cost.seconds > self.seconds.0 {
            self.seconds = (cost.seconds, name.to_owned());
        }
        let beyond = cost.bytes.saturating_sub(4 * length);
        if beyond > self.memory.0 {
            self.memory = (beyond, name.to_owned());
        }
    }
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cases, refused, not_copied, copied, .. } = self;
        writeln!(
            f,
            "{cases} cases: {refused} refused, {not_copied} looked at but not copied, {copied} copied"
        )?;
        writeln!(f, "slowest {:.2} s ({})", self.seconds.0, self.seconds.1)?;
        write!(
            f,
            "most memory beyond 4 times the input {:.1} MiB ({})",
            self.memory.0 as f64 / 1_048_576.0,
            self.memory.1
        )
    }
}
