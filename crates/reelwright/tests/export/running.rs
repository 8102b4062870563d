//! How exports run and end.

use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use reelwright::media::{Error, ErrorKind, Result, Size, Stage, Time, TimeRange};
use reelwright::{
    Asset, ExportHandle, ExportOptions, ExportSession, ExportState, ExportStatus, FileType, Preset, TestSound,
};

use super::executor::block_on;
use super::hooked::{Hook, registry};
use super::{Folder, generated};

const FRAMES: u64 = 60;

/// An export that encodes all of [`FRAMES`] pictures, `hook` before each.
fn session(asset: &Asset, hook: impl Fn(u64) -> Result<()> + Send + Sync + 'static) -> ExportSession {
    let options =
        ExportOptions::new(Preset::HighestQuality).reencode(true).overwrite(reelwright::Overwrite::Replace);
    ExportSession::new(asset, options).registry(registry(Arc::new(hook) as Hook))
}

fn source(folder: &Folder) -> Asset {
    generated(&folder.file("in.mov"), Size::new(64, 64), 2, TestSound::Aac(1))
}

/// Lets the encoder go on when told to, or when the sender is gone.
fn gate() -> (std::sync::mpsc::Sender<()>, impl Fn(u64) -> Result<()> + Send + Sync) {
    let (open, closed) = channel::<()>();
    let closed: Mutex<Receiver<()>> = Mutex::new(closed);
    (open, move |_| {
        let _ = closed.lock().unwrap().recv();
        Ok(())
    })
}

fn fails_at_ten(frame: u64) -> Result<()> {
    if frame == 10 { Err(Error::new(ErrorKind::Encode, "a picture nobody can encode")) } else { Ok(()) }
}

#[test]
fn on_done_is_called_once_for_success_failure_and_cancelling() {
    let folder = Folder::new("done");
    let asset = source(&folder);
    let run = |hook: Hook, cancel: bool| {
        let (tell, told) = channel();
        let session = session(&asset, move |frame| hook(frame)).on_done(move |result| {
            tell.send(result.as_ref().map(|report| report.bytes).map_err(Error::code)).unwrap()
        });
        let handle = session.start(folder.file("out.mp4"), FileType::Mp4);
        if cancel {
            handle.cancel();
        }
        let result = handle.wait();
        // The callback is gone with the sender in it: nothing can call it again.
        (result, told.iter().collect::<Vec<_>>())
    };
    let (result, told) = run(Arc::new(|_| Ok(())), false);
    assert_eq!(told, [Ok(result.unwrap().bytes)]);
    let (result, told) = run(Arc::new(fails_at_ten), false);
    assert_eq!((result.unwrap_err().kind(), told), (ErrorKind::Encode, vec![Err(-11883)]));
    let (result, told) = run(Arc::new(|_| Ok(())), true);
    assert_eq!((result.unwrap_err().kind(), told), (ErrorKind::Cancelled, vec![Err(-11878)]));
    let (result, told) = run(Arc::new(|_| panic!("an encoder that panics")), false);
    assert_eq!((result.unwrap_err().kind(), told.len()), (ErrorKind::Bug, 1));
}

/// Pending, then exporting, with a progress that never falls.
fn check_order(states: &[ExportState]) {
    assert_eq!(states[0], ExportState::Pending);
    let running = states.iter().skip_while(|state| **state == ExportState::Pending);
    let mut last = 0.0;
    for state in running {
        let ExportState::Exporting(progress) = state else { panic!("pending again: {states:?}") };
        assert!(progress.fraction >= last, "{states:?}");
        last = progress.fraction;
    }
}

#[test]
fn states_without_an_interval_are_changes_and_end_with_the_export() {
    let folder = Folder::new("changes");
    let asset = source(&folder);
    let (open, hook) = gate();
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    let mut states = handle.states(None);
    assert_eq!(states.next(), Some(ExportState::Pending));
    let second = states.next().unwrap();
    assert!(matches!(second, ExportState::Exporting(_)));
    // It cannot end before it is let go, so there is nothing to tell.
    assert_eq!(handle.status(), ExportStatus::Exporting);
    drop(open);
    assert_eq!(states.next(), None);
    assert_eq!(handle.status(), ExportStatus::Completed);
    // Whoever looks only afterwards sees the same changes.
    drop(states);
    let later: Vec<_> = handle.states(None).collect();
    assert_eq!(later.len(), 2);
    check_order(&later);
    handle.wait().unwrap();
}

#[test]
fn states_and_the_end_are_awaited_without_a_runtime() {
    let folder = Folder::new("awaited");
    let asset = source(&folder);
    let (open, hook) = gate();
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    let (mut states, mut later) = (handle.states(None), handle.states(None));
    let mut let_go = Some(open);
    let report = block_on(async {
        let mut seen = Vec::new();
        while let Some(state) = states.next_state().await {
            // Held back until here: what comes next is told by a waker.
            if matches!(state, ExportState::Exporting(_)) {
                drop(let_go.take());
            }
            seen.push(state);
        }
        check_order(&seen);
        // Let go, it may end before another state is looked at.
        assert!(seen.len() >= 2, "{seen:?}");
        handle.await
    });
    assert!(report.unwrap().bytes > 0);
    assert!(block_on(later.next_state()).is_some());
    // Dropped, it is cancelled.
    let (open, hook) = gate();
    let handle = session(&asset, hook).start(folder.file("never.mp4"), FileType::Mp4);
    let mut states = handle.states(None);
    drop(handle.into_future());
    drop(open);
    while states.next().is_some() {}
    assert!(!folder.file("never.mp4").exists());
}

#[test]
fn states_with_an_interval_tick_until_the_end() {
    let folder = Folder::new("ticks");
    let asset = source(&folder);
    let (open, hook) = gate();
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    let mut ticks = handle.states(Some(Duration::from_millis(2)));
    let mut states: Vec<_> = ticks.by_ref().take(20).collect();
    assert_eq!(states.len(), 20);
    drop(open);
    for state in ticks {
        states.push(state);
        assert_ne!(handle.status(), ExportStatus::Idle);
    }
    check_order(&states);
    assert_eq!(handle.status(), ExportStatus::Completed);
    handle.wait().unwrap();
}

#[test]
fn every_status_has_its_arrows_and_one_end() {
    let folder = Folder::new("status");
    let asset = source(&folder);
    let end = |handle: ExportHandle| {
        assert!(handle.states(None).count() <= 2);
        let status = handle.status();
        assert!(status.is_final() && handle.is_finished());
        // Nothing comes after an end.
        handle.cancel();
        assert_eq!((handle.status(), handle.error().is_some()), (status, status != ExportStatus::Completed));
        status
    };
    let completed = end(session(&asset, |_| Ok(())).start(folder.file("out.mp4"), FileType::Mp4));
    assert_eq!((completed, completed.code()), (ExportStatus::Completed, 3));
    let failed = end(session(&asset, fails_at_ten).start(folder.file("out.mp4"), FileType::Mp4));
    assert_eq!((failed, failed.code()), (ExportStatus::Failed, 4));
    // It can fail before it begins: then it never runs.
    let refused = session(&asset, |_| Ok(())).start(folder.file("out.m4a"), FileType::M4a);
    assert_eq!(refused.states(None).collect::<Vec<_>>(), [ExportState::Pending]);
    assert_eq!(end(refused), ExportStatus::Failed);
    let (open, hook) = gate();
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    assert!([ExportStatus::Idle, ExportStatus::Exporting].contains(&handle.status()));
    handle.cancel();
    drop(open);
    let cancelled = end(handle);
    assert_eq!((cancelled, cancelled.code()), (ExportStatus::Cancelled, 5));
    assert_eq!((ExportStatus::Idle.code(), ExportStatus::Exporting.code()), (0, 2));
}

#[test]
fn progress_is_one_only_when_the_file_is_closed() {
    let folder = Folder::new("progress");
    let asset = source(&folder);
    let target = folder.file("out.mp4");
    // Each picture takes its time, so that there is something to see.
    let hook = |_| {
        thread::sleep(Duration::from_millis(2));
        Ok(())
    };
    let handle = session(&asset, hook).start(&target, FileType::Mp4);
    let (mut last, mut steps) = (0.0, 0);
    loop {
        let fraction = handle.progress().fraction;
        assert!((last..=1.0).contains(&fraction), "{last} was followed by {fraction}");
        steps += u32::from(fraction > last);
        last = fraction;
        if fraction == 1.0 {
            break;
        }
        thread::yield_now();
    }
    let bytes = std::fs::metadata(&target).unwrap().len();
    assert!(steps > 3, "{steps} steps");
    // All but what the encoders held back to the end.
    let media = handle.progress().bytes;
    assert!((bytes / 3..bytes).contains(&media), "{media} of {bytes} bytes");
    assert_eq!(handle.wait().unwrap().bytes, bytes);
    let failing = session(&asset, fails_at_ten).start(folder.file("never.mp4"), FileType::Mp4);
    failing.states(None).for_each(drop);
    assert!(failing.progress().fraction < 1.0);
}

#[test]
fn a_failure_names_kind_stage_track_time_and_number() {
    let folder = Folder::new("failure");
    let asset = source(&folder);
    let handle = session(&asset, fails_at_ten).start(folder.file("out.mp4"), FileType::Mp4);
    handle.states(None).for_each(drop);
    let kept = handle.error().unwrap();
    let error = handle.wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.to_string()),
        (ErrorKind::Encode, -11883, kept.to_string())
    );
    let place = error.place();
    assert_eq!((place.stage, place.track), (Some(Stage::Encode), Some(1)));
    let time = place.time.unwrap().to_seconds_lossy();
    assert!((time - 10.0 / 30.0).abs() < 0.001, "{time}");
    assert_eq!(folder.names(), ["in.mov"]);
}

#[test]
fn half_the_pictures_are_half_the_way_and_the_rest_is_foretold() {
    let folder = Folder::new("halfway");
    let asset = source(&folder);
    let (tell, told) = channel();
    let (open, wait) = gate();
    let hook = move |frame| {
        if frame == FRAMES / 2 {
            let _ = tell.send(());
            wait(frame)?;
        }
        Ok(())
    };
    let begun = Instant::now();
    let handle = session(&asset, hook).start(folder.file("out.mp4"), FileType::Mp4);
    told.recv().unwrap();
    let least = Duration::from_millis(50);
    thread::sleep(least);
    let progress = handle.progress();
    let most = begun.elapsed();
    // Sound, and what the encoder holds, are somewhat ahead or behind.
    assert!((0.3..=0.7).contains(&progress.fraction), "{progress:?}");
    let share = (1.0 - progress.fraction) / progress.fraction;
    let left = progress.remaining.unwrap();
    assert!(left >= least.mul_f64(share) && left <= most.mul_f64(share), "{left:?} of {most:?}");
    drop(open);
    handle.wait().unwrap();
}

#[test]
fn copies_tell_how_far_they_are() {
    let folder = Folder::new("copied");
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 20, TestSound::Aac(1));
    let whole = ExportOptions::new(Preset::Passthrough);
    let range = Some(TimeRange::new(Time::from_secs(1), Time::from_secs(18)));
    for options in [whole.clone(), whole.range(range)] {
        let path = folder.file("out.mp4");
        let handle = ExportSession::new(&asset, options).start(&path, FileType::Mp4);
        while !handle.is_finished() {
            thread::yield_now();
        }
        let progress = handle.progress();
        let report = handle.wait().unwrap();
        assert_eq!(progress.frames, report.tracks[0].counts.written);
        let bytes = |id| Asset::open(&path).unwrap().movie().track(id).unwrap().byte_count.unwrap();
        assert_eq!(progress.bytes, bytes(1) + bytes(2));
        let off = progress.time.to_seconds_lossy() - report.duration.to_seconds_lossy();
        assert!(off.abs() < 1.0, "{off}");
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn two_hundred_cancelled_runs_leave_nothing() {
    let folder = Folder::new("hundreds");
    let asset = generated(&folder.file("in.mov"), Size::new(64, 64), 1, TestSound::Aac(1));
    for run in 0..200u64 {
        let handle = session(&asset, |_| Ok(())).start(folder.file("out.mp4"), FileType::Mp4);
        thread::sleep(Duration::from_micros(run * 100));
        handle.cancel();
        match handle.wait() {
            Ok(_) => std::fs::remove_file(folder.file("out.mp4")).unwrap(),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
        }
        assert_eq!(folder.names(), ["in.mov"], "run {run}");
    }
}

/// Starts an export over an existing file and cancels it once `frames` pictures are through; how many more came.
fn cancelled(asset: &Asset, folder: &Folder, frames: u64) -> u64 {
    let target = folder.file("out.mp4");
    std::fs::write(&target, "precious").unwrap();
    let (tell, told) = channel();
    let (open, wait) = gate();
    let last = Arc::new(AtomicU64::new(0));
    let seen = last.clone();
    let hook = move |frame: u64| {
        seen.store(frame, Ordering::Relaxed);
        if frame == frames {
            let _ = tell.send(());
            wait(frame)?;
        }
        Ok(())
    };
    let handle = session(asset, hook).start(&target, FileType::Mp4);
    told.recv().unwrap();
    handle.cancel();
    drop(open);
    let error = handle.wait().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Cancelled, -11878));
    assert_eq!(std::fs::read(&target).unwrap(), b"precious");
    assert_eq!(folder.names(), ["in.mov", "out.mp4"]);
    last.load(Ordering::Relaxed) - frames
}

#[test]
fn cancelling_is_quick_and_leaves_the_old_file_alone() {
    let folder = Folder::new("cancel");
    let asset = source(&folder);
    for frames in [0, 5, 10, 20] {
        assert_eq!(cancelled(&asset, &folder, frames), 0);
    }
}

#[test]
fn cancelling_near_the_end_gives_the_whole_file_or_none() {
    let folder = Folder::new("race");
    let asset = source(&folder);
    for wait in 0..8 {
        let target = folder.file("out.mp4");
        let (tell, told) = channel();
        let hook = move |frame| {
            if frame == FRAMES - 1 {
                let _ = tell.send(());
            }
            Ok(())
        };
        let handle = session(&asset, hook).start(&target, FileType::Mp4);
        told.recv().unwrap();
        thread::sleep(Duration::from_millis(wait));
        handle.cancel();
        match handle.wait() {
            Ok(report) => {
                assert_eq!(std::fs::metadata(&target).unwrap().len(), report.bytes);
                assert_eq!(Asset::open(&target).unwrap().movie().tracks.len(), 2);
                std::fs::remove_file(&target).unwrap();
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
        }
        assert_eq!(folder.names(), ["in.mov"]);
    }
}

#[test]
fn the_file_is_complete_when_the_future_is() {
    let folder = Folder::new("future");
    let asset = source(&folder);
    let target = folder.file("out.mp4");
    let report = block_on(session(&asset, |_| Ok(())).export_async(&target, FileType::Mp4)).unwrap();
    assert_eq!(std::fs::metadata(&target).unwrap().len(), report.bytes);
    let never = ExportSession::new(&asset, Preset::HighestQuality).export_async(&target, FileType::Mp4);
    assert_eq!(block_on(never).unwrap_err().kind(), ErrorKind::Exists);
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", "v"])
        .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"])
        .arg(&target)
        .output();
    let Ok(probe) = probe else {
        reelwright_judges::skip!("ffprobe is not installed");
        return;
    };
    assert!(probe.stderr.is_empty(), "{}", String::from_utf8_lossy(&probe.stderr));
    assert_eq!(String::from_utf8(probe.stdout).unwrap().trim().trim_end_matches(','), FRAMES.to_string());
}

#[test]
fn dropping_the_future_cancels() {
    let folder = Folder::new("dropped");
    let asset = source(&folder);
    let (open, hook) = gate();
    let (tell, told) = channel();
    let session = session(&asset, hook)
        .on_done(move |result| tell.send(result.as_ref().map(drop).map_err(Error::kind)).unwrap());
    {
        let mut future = pin!(session.export_async(folder.file("out.mp4"), FileType::Mp4));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    drop(open);
    assert_eq!(told.recv_timeout(Duration::from_secs(60)).unwrap(), Err(ErrorKind::Cancelled));
    assert_eq!(folder.names(), ["in.mov"]);
}
