//! With the feature `tracing` a program sees every stage of an export begin and end.
#![cfg(all(feature = "tracing", feature = "native"))]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod folder;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use folder::Folder;
use reelwright::media::{CancelToken, Size, Time};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset, TestMovie, TestSound};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// How often each span was entered and left, and each event seen.
#[derive(Clone, Default)]
struct Seen {
    next: Arc<AtomicU64>,
    names: Arc<Mutex<BTreeMap<u64, &'static str>>>,
    counts: Arc<Mutex<BTreeMap<&'static str, (u32, u32)>>>,
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "reelwright"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.names.lock().unwrap().insert(id, span.metadata().name());
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        assert!(event.metadata().fields().field("id").is_some(), "{event:?}");
        self.counts.lock().unwrap().entry("decoder").or_default().0 += 1;
    }

    fn enter(&self, id: &Id) {
        let name = self.names.lock().unwrap()[&id.into_u64()];
        self.counts.lock().unwrap().entry(name).or_default().0 += 1;
    }

    fn exit(&self, id: &Id) {
        let name = self.names.lock().unwrap()[&id.into_u64()];
        self.counts.lock().unwrap().entry(name).or_default().1 += 1;
    }
}

#[test]
fn every_stage_of_an_export_is_a_span() {
    let folder = Folder::new("spans");
    let (input, output) = (folder.file("in.mov"), folder.file("out.mp4"));
    let movie = TestMovie { duration: Time::from_secs(1), size: Size::new(64, 48), ..TestMovie::new() };
    let movie = TestMovie { sound: TestSound::Aac(1), ..movie };
    movie.write(&input, FileType::Mov, &CancelToken::new()).unwrap();
    let seen = Seen::default();
    // For all threads: stages have their own.
    tracing::subscriber::set_global_default(seen.clone()).unwrap();
    let options = ExportOptions::new(Preset::HighestQuality).reencode(true);
    ExportSession::new(&Asset::open(&input).unwrap(), options).export(&output, FileType::Mp4).unwrap();
    let counts = seen.counts.lock().unwrap();
    for stage in ["open", "plan", "export", "decode", "encode", "mix", "mux", "finish"] {
        assert_eq!(counts.get(stage), Some(&(1, 1)), "{stage}: {counts:?}");
    }
    assert_eq!(counts.get("decoder"), Some(&(1, 0)));
}
