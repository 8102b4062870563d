//! `Remux` from the outside, on inputs made up for the purpose.

#![allow(clippy::unwrap_used)]

mod generated;

use std::sync::Arc;

use bytes::Bytes;
use generated::{RATE, frames, pcm_format};
use reelwright::{Asset, FileType, IndexPlace, MemorySink, Remux, RemuxReport, TrackOutcome};
use reelwright_bmff::{ChunkOffsets, boxes};
use reelwright_formats::{Demuxer, SampleCursor};
use reelwright_media::{
    ContainerKind, DataFormat, ErrorKind, FormatDescription, FourCc, Language, Matrix, MediaType, Movie,
    Payload, ReadAt, Result, SampleBuffer, SampleFlags, Time, TimeRange, Timescale, Track, Trim,
};

/// Where each block of a track lies in the input, and which frame it begins with.
type Blocks = Vec<(u64, i64)>;

/// Frames of a block.
const BLOCK: i64 = 4800;
/// Bytes of a block.
const BYTES: u64 = BLOCK as u64 * 4;

/// An input of PCM tracks, laid out as a test wants it.
#[derive(Clone)]
struct Made {
    movie: Arc<Movie>,
    source: Arc<dyn ReadAt>,
    tracks: Vec<Blocks>,
}

struct Walk {
    source: Arc<dyn ReadAt>,
    format: Arc<FormatDescription>,
    blocks: std::vec::IntoIter<(u64, i64)>,
}

fn track(id: u32, format: Arc<FormatDescription>) -> Track {
    Track {
        id,
        media: MediaType::Audio,
        handler: FourCc::new(b"soun"),
        handler_name: "Sound".into(),
        timescale: Timescale::new(RATE).unwrap(),
        media_duration: Time::ZERO,
        range: TimeRange::new(Time::ZERO, Time::ZERO),
        sample_count: None,
        byte_count: None,
        formats: vec![format],
        enabled: true,
        header_flags: 0xF,
        language: Language::UNDETERMINED,
        header_size: (0, 0),
        matrix: Matrix::IDENTITY,
        volume: 0x100,
        layer: 0,
        alternate_group: 0,
        edits: Vec::new(),
        references: Vec::new(),
        metadata: Vec::new(),
        roll_distance: None,
        creation_time: 0,
        foreign: Vec::new(),
    }
}

impl Made {
    fn new(tracks: Vec<Blocks>) -> Self {
        let total = tracks.iter().flatten().map(|(offset, _)| offset + BYTES).max().unwrap_or(0);
        let bytes: Vec<u8> = (0..total).map(|at| (at / BYTES % 251) as u8).collect();
        let described = (1..).zip(&tracks).map(|(id, _)| track(id, pcm_format())).collect();
        let movie = Movie {
            container: ContainerKind::QuickTime,
            major_brand: None,
            minor_version: 0,
            compatible_brands: Vec::new(),
            timescale: Timescale::new(600).unwrap(),
            duration: Time::ZERO,
            tracks: described,
            metadata: Vec::new(),
            chapters: Vec::new(),
            creation_time: 0,
            matrix: Matrix::IDENTITY,
            fragmented: false,
            foreign: Vec::new(),
            warnings: Vec::new(),
            omissions: Vec::new(),
        };
        Self { movie: Arc::new(movie), source: Arc::new(Bytes::from(bytes)), tracks }
    }

    fn remux(&self, change: impl FnOnce(&mut Remux)) -> Result<(RemuxReport, Bytes)> {
        let (mut sink, output) = MemorySink::new();
        let mut remux = Remux::new(FileType::Mov);
        change(&mut remux);
        let report =
            remux.to_sink(&Asset::from_demuxer(Arc::new(self.clone()), self.source.clone()), &mut sink)?;
        Ok((report, output.take().unwrap()))
    }
}

impl Demuxer for Made {
    fn movie(&self) -> &Arc<Movie> {
        &self.movie
    }

    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        let index = self.movie.tracks.iter().position(|known| known.id == track).unwrap();
        Ok(Box::new(Walk {
            source: self.source.clone(),
            format: self.movie.tracks[index].formats[0].clone(),
            blocks: self.tracks[index].clone().into_iter(),
        }))
    }
}

impl SampleCursor for Walk {
    fn next_sample(&mut self) -> Result<Option<SampleBuffer>> {
        Ok(self.blocks.next().map(|(offset, start)| SampleBuffer {
            format: self.format.clone(),
            payload: Payload::range(self.source.clone(), offset, BYTES),
            dts: frames(start),
            pts: frames(start),
            duration: frames(BLOCK),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        }))
    }

    fn peek_offset(&mut self) -> Result<Option<u64>> {
        Ok(self.blocks.as_slice().first().map(|(offset, _)| *offset))
    }

    fn seek(&mut self, _: Time) -> Result<()> {
        Ok(())
    }
}

/// A track of `count` blocks, each `stride` blocks after the one before, the first at block `first`.
fn blocks(first: u64, stride: u64, count: u64) -> Blocks {
    (0..count).map(|index| ((first + index * stride) * BYTES, index as i64 * BLOCK)).collect()
}

/// The media of a file whose index is last, without headers.
fn media(file: &Bytes) -> Bytes {
    boxes(file).find(b"mdat").unwrap().body().rest()
}

#[test]
fn interleaved_tracks_keep_their_order_and_leave_in_one_piece() {
    let made = Made::new(vec![blocks(0, 2, 50), blocks(1, 2, 50)]);
    let (report, file) = made.remux(|_| {}).unwrap();
    assert_eq!(report.duration, Time::from_secs(5));
    let mut bytes = vec![0; usize::try_from(BYTES * 100).unwrap()];
    made.source.read_exact_at(&mut bytes, 0).unwrap();
    assert!(media(&file) == bytes);
}

#[test]
fn tracks_one_behind_the_other_are_brought_together() {
    let made = Made::new(vec![blocks(0, 1, 200), blocks(200, 1, 200)]);
    let (_, file) = made.remux(|_| {}).unwrap();
    let moov = boxes(&file).find(b"moov").unwrap();
    let offsets = |index: usize| -> Vec<u32> {
        let traks = moov.children().filter_map(Result::ok).filter(|child| child.is(b"trak"));
        let trak = traks.into_iter().nth(index).unwrap();
        let stbl = [b"mdia", b"minf", b"stbl"]
            .iter()
            .fold(trak, |parent, name| parent.children().find(*name).unwrap());
        stbl.children().find(b"stco").unwrap().read::<ChunkOffsets>().unwrap().offsets.iter().collect()
    };
    for (first, second) in offsets(0).into_iter().zip(offsets(1)) {
        // 1.1 s of both tracks at most, at 192000 bytes a second each.
        assert!(first.abs_diff(second) < 2 * 192_000 * 11 / 10 * 2, "{first} and {second}");
    }
}

#[test]
fn index_first_and_last_hold_the_same_media() {
    let made = Made::new(vec![blocks(0, 2, 20), blocks(1, 2, 20)]);
    let (_, last) = made.remux(|_| {}).unwrap();
    let (report, first) = made.remux(|remux| remux.index = IndexPlace::First).unwrap();
    assert_eq!(report.index, IndexPlace::First);
    assert!(boxes(&first).nth(1).unwrap().unwrap().is(b"moov"));
    assert!(media(&first) == media(&last));
    let (_, again) = made.remux(|remux| remux.index = IndexPlace::First).unwrap();
    assert!(first == again);
}

/// So that the kernel can copy whole pages; small files aren't worth an empty box.
#[test]
fn large_copies_keep_their_place_within_a_page() {
    for count in (1..=6).map(|steps| steps * 50) {
        let made = Made::new(vec![blocks(1, 1, count)]);
        for index in [IndexPlace::Last, IndexPlace::First] {
            for file_type in [FileType::Mov, FileType::Mp4] {
                let (_, file) =
                    made.remux(|remux| (remux.index, remux.file_type) = (index, file_type)).unwrap();
                let media = media(&file);
                assert_eq!(media.len() as u64, count * BYTES);
                let at = media.as_ptr() as u64 - file.as_ptr() as u64;
                let padded = count * BYTES >= 4 << 20;
                assert_eq!(
                    at % 4096 == BYTES % 4096,
                    padded,
                    "{count} blocks, {index:?}, {file_type:?}: {at}"
                );
                // Samples are still found where they are.
                let demuxer = reelwright_formats::open(Arc::new(file.clone())).unwrap();
                let mut cursor = demuxer.cursor(1).unwrap();
                let first = cursor.next_sample().unwrap().unwrap();
                assert_eq!(first.payload.load().unwrap()[0], 1);
            }
        }
    }
}

#[test]
fn every_track_is_accounted_for() {
    let mut made = Made::new(vec![blocks(0, 1, 10), blocks(10, 1, 10), blocks(20, 1, 10)]);
    let movie = Arc::get_mut(&mut made.movie).unwrap();
    let format = |tag: &[u8; 4]| {
        let data = DataFormat { media: MediaType::Timecode, tag: tag.into(), entry: None };
        vec![Arc::new(FormatDescription::Data(data))]
    };
    movie.tracks[0].formats = format(b"tmcd");
    movie.tracks[1].formats = format(b"enca");
    let (report, _) = made.remux(|remux| remux.file_type = FileType::Mp4).unwrap();
    let reasons: Vec<_> = report
        .tracks
        .iter()
        .map(|track| match &track.outcome {
            TrackOutcome::Copied(summary) => format!("{} frames", summary.samples),
            TrackOutcome::Dropped(reason) => reason.to_string(),
        })
        .collect();
    assert!(reasons[0].contains("timecode"), "{}", reasons[0]);
    assert!(reasons[1].contains("encrypted"), "{}", reasons[1]);
    assert_eq!(reasons[2], "48000 frames");
    let none = made.remux(|remux| remux.tracks = Some(vec![])).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Unsupported);
    assert!(none.message().contains("not asked for"));
}

#[test]
fn time_that_runs_backwards_is_held_and_reported() {
    let mut made = Made::new(vec![blocks(0, 1, 10)]);
    made.tracks[0][5].1 -= 3 * BLOCK;
    let (report, _) = made.remux(|_| {}).unwrap();
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].contains("track 1"));
}

#[test]
fn cancelling_stops_a_copy() {
    let made = Made::new(vec![blocks(0, 1, 10)]);
    let error = made.remux(|remux| remux.cancel.cancel()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
