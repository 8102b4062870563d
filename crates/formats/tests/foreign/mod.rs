//! What ffmpeg makes and ffprobe sees, for comparison. Every caller skips loudly where they are missing.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use reelwright_bitstream::h264::AvcConfig;
use reelwright_bitstream::hevc::HevcConfig;
use reelwright_bitstream::{length_prefixed_to_annex_b, push_annex_b};
use reelwright_formats::{Demuxer, FileSource, open};
use reelwright_media::{MediaType, Result, SampleBuffer, Time, Track, VideoCodec};

/// The corpus, or `None` with a loud remark.
pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let there = folder.join("manifest.tsv").exists();
    if !there {
        reelwright_judges::skip!("no corpus at {}", folder.display());
    }
    there.then_some(folder)
}

pub(crate) fn open_path(path: &Path) -> Result<Box<dyn Demuxer>> {
    open(Arc::new(FileSource::open(path)?))
}

/// Every sample of a track.
pub(crate) fn samples(demuxer: &dyn Demuxer, track: u32) -> Vec<SampleBuffer> {
    let mut cursor = demuxer.cursor(track).unwrap();
    let mut out = Vec::new();
    loop {
        let peeked = cursor.peek_offset().unwrap();
        let Some(sample) = cursor.next_sample().unwrap() else { break };
        assert!(peeked.is_some());
        out.push(sample);
    }
    assert_eq!(cursor.peek_offset().unwrap(), None);
    out
}

/// The bytes of all samples of a track, one after the other.
pub(crate) fn bytes(demuxer: &dyn Demuxer, track: u32) -> Vec<u8> {
    samples(demuxer, track).iter().flat_map(|sample| sample.payload.load().unwrap().to_vec()).collect()
}

/// Runs ffmpeg; `None`, loudly, where it is missing or can't do it.
pub(crate) fn ffmpeg(arguments: &[&str]) -> Option<()> {
    let run = Command::new("ffmpeg").args(["-v", "error", "-y", "-bitexact"]).args(arguments).output();
    match run {
        Ok(output) if output.status.success() => Some(()),
        Ok(output) => {
            reelwright_judges::skip!("ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            reelwright_judges::skip!("ffmpeg is missing: {error}");
            None
        }
    }
}

/// Has ffmpeg make `path` out of generated `inputs` (lavfi); `None` as in [`ffmpeg`].
pub(crate) fn generate(inputs: &[&str], arguments: &[&str], path: &Path) -> Option<()> {
    let mut all: Vec<_> = inputs.iter().flat_map(|input| ["-f", "lavfi", "-i", input]).collect();
    all.extend(arguments);
    all.push(path.to_str().unwrap());
    ffmpeg(&all)
}

/// What ffprobe prints for `arguments`, as comma-separated rows.
pub(crate) fn ffprobe(path: &Path, arguments: &[&str]) -> Option<Vec<Vec<String>>> {
    let run = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0"])
        .args(arguments)
        .arg(path)
        .output()
        .map_err(|error| reelwright_judges::skip!("ffprobe is missing: {error}"))
        .ok()?;
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let row = |line: &str| line.split(',').map(|cell| cell.trim().to_string()).collect();
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(row).collect())
}

/// A packet as ffprobe sees it: presentation time in seconds, size, key flag.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) pts: Option<f64>,
    pub(crate) dts: Option<f64>,
    pub(crate) size: u64,
    pub(crate) key: bool,
}

/// The packets of stream `index`.
pub(crate) fn packets(path: &Path, index: usize) -> Option<Vec<Packet>> {
    let index = index.to_string();
    let entries = ["-select_streams", &index, "-show_entries", "packet=pts_time,dts_time,size,flags"];
    let rows = ffprobe(path, &entries)?;
    let number = |cell: Option<&String>| cell.and_then(|cell| cell.parse().ok());
    Some(
        rows.iter()
            .map(|row| Packet {
                pts: number(row.first()),
                dts: number(row.get(1)),
                size: row.get(2).and_then(|cell| cell.parse().ok()).unwrap_or(0),
                key: row.get(3).is_some_and(|cell| cell.contains('K')),
            })
            .collect(),
    )
}

/// The track as a raw stream that ffmpeg decodes.
pub(crate) fn raw(demuxer: &dyn Demuxer, index: usize) -> Vec<u8> {
    let track = &demuxer.movie().tracks[index];
    let mut out = Vec::new();
    let video = track.formats[0].as_video().unwrap();
    let config = &video.config.as_ref().unwrap().bytes;
    match video.codec {
        VideoCodec::H264 => {
            AvcConfig::parse(config).unwrap().units().for_each(|unit| push_annex_b(&mut out, unit));
        }
        VideoCodec::Hevc => {
            let config = HevcConfig::parse(config).unwrap();
            config.units().for_each(|unit| push_annex_b(&mut out, unit));
        }
        _ => return bytes(demuxer, track.id),
    }
    for sample in samples(demuxer, track.id) {
        out.extend(length_prefixed_to_annex_b(&sample.payload.load().unwrap(), 4).unwrap());
    }
    out
}

/// Decoded pictures of a file, as checksums.
pub(crate) fn pictures(arguments: &[&str], out: &Path) -> Option<Vec<String>> {
    let mut all = arguments.to_vec();
    all.extend(["-an", "-f", "framehash", "-hash", "md5", "-fps_mode", "passthrough", out.to_str().unwrap()]);
    ffmpeg(&all)?;
    let text = std::fs::read_to_string(out).unwrap();
    let hashes =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit(',').next());
    Some(hashes.map(|hash| hash.trim().to_string()).collect())
}

/// A folder of its own below the build folder, emptied.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// When a media time of `track` is presented, in seconds on the movie's timeline: what other tools call a timestamp.
pub(crate) fn presented(track: &Track, time: Time) -> f64 {
    let mut gap = 0.0;
    for edit in &track.edits {
        match edit.media_time {
            None => gap += edit.duration.to_seconds_lossy(),
            Some(start) => {
                return time.to_seconds_lossy() - Time::new(start, track.timescale).to_seconds_lossy() + gap;
            }
        }
    }
    time.to_seconds_lossy()
}

/// Compares the packets of every track with ffprobe's: count, sizes where `sizes` says so, times within `tolerance`
/// seconds after `shift`, key flags of video.
pub(crate) fn compare_packets(path: &Path, tolerance: f64, sizes: bool, shift: f64) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let demuxer = open_path(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let movie = demuxer.movie();
    for (index, track) in movie.tracks.iter().enumerate() {
        let Some(theirs) = packets(path, index) else { return };
        let ours = samples(&*demuxer, track.id);
        assert_eq!(ours.len(), theirs.len(), "{name} track {}: count", track.id);
        assert_eq!(track.sample_count, Some(ours.len() as u64), "{name} track {}", track.id);
        let mut last = None;
        for (number, (our, their)) in ours.iter().zip(&theirs).enumerate() {
            let place = format!("{name} track {} sample {number}", track.id);
            if sizes {
                assert_eq!(our.payload.len(), their.size, "{place}: size");
            }
            if let Some(pts) = their.pts {
                let ours = presented(track, our.pts) + shift;
                assert!((ours - pts).abs() <= tolerance, "{place}: at {ours}, theirs {pts}");
            }
            if track.media == MediaType::Video {
                assert_eq!(our.flags.sync, their.key, "{place}: key");
                assert!(our.dts <= our.pts, "{place}: decoded late");
            }
            assert!(last.is_none_or(|last| last <= our.dts), "{place}: order");
            last = Some(our.dts);
        }
    }
}
