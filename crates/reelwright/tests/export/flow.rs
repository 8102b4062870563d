//! Pictures pass through an export as they are decoded, not group by group.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use reelwright::media::{Error, ErrorKind, Result, Size, Time, TimeRange, Timescale};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset, TestSound};

use super::hooked::decoding;
use super::{Folder, generated};

fn session(asset: &Asset, hook: impl Fn(u64) -> Result<()> + Send + Sync + 'static) -> ExportSession {
    let options = ExportOptions::new(Preset::HighestQuality).reencode(true).threads(2);
    ExportSession::new(asset, options).registry(decoding(Arc::new(hook)))
}

#[test]
fn progress_moves_while_the_first_group_is_decoded() {
    let folder = Folder::new("flow");
    // One group of 30 pictures.
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::None);
    let (open, closed) = channel::<()>();
    let closed = std::sync::Mutex::new(closed);
    let hook = move |picture| {
        if picture == 20 {
            let _ = closed.lock().unwrap().recv();
        }
        Ok(())
    };
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    let begun = Instant::now();
    // What waits for its neighbours and in the queues isn't through yet.
    while handle.progress().fraction < 0.3 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", handle.progress());
        std::thread::yield_now();
    }
    assert!(handle.progress().fraction < 0.7);
    drop(open);
    assert_eq!(handle.wait().unwrap().tracks[0].counts.written, 30);
}

#[test]
fn cancelling_ends_the_group_that_is_being_decoded() {
    let folder = Folder::new("group");
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::None);
    let (tell, told) = channel();
    let (open, closed) = channel::<()>();
    let (count, closed) = (Arc::new(AtomicU64::new(0)), std::sync::Mutex::new(closed));
    let seen = count.clone();
    let hook = move |picture| {
        seen.fetch_add(1, Ordering::SeqCst);
        if picture == 5 {
            let _ = tell.send(());
            let _ = closed.lock().unwrap().recv();
        }
        Ok(())
    };
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    told.recv().unwrap();
    handle.cancel();
    drop(open);
    assert_eq!(handle.wait().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!((count.load(Ordering::SeqCst), folder.names()), (6, vec!["in.mov".to_owned()]));
}

#[test]
fn what_lies_behind_the_range_is_not_waited_for() {
    let folder = Folder::new("behind");
    // Groups of a second.
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 3, TestSound::None);
    let half = TimeRange::new(Time::ZERO, Time::new(500, Timescale::or_one(1000)));
    let count = Arc::new(AtomicU64::new(0));
    let seen = count.clone();
    let hook = move |_| {
        // So slowly that the end of the range is seen long before all is decoded that was handed in.
        std::thread::sleep(Duration::from_millis(20));
        // The group in which the range ends, and one beside it.
        if seen.fetch_add(1, Ordering::SeqCst) > 80 { Err(Error::misuse("decoded in vain")) } else { Ok(()) }
    };
    let options = ExportOptions::new(Preset::HighestQuality).reencode(true).threads(2);
    let options = options.range(half);
    let session = ExportSession::new(&asset, options).registry(decoding(Arc::new(hook)));
    let report = session.start(folder.file("out.mp4"), FileType::Mp4).wait().unwrap();
    assert_eq!((report.tracks[0].counts.written, report.omissions.len()), (15, 0));
}
