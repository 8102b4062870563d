//! Chapters as a track of text that others name as their list (QuickTime File Format, "Chapter Lists"): what players of
//! both families read.

use std::sync::Arc;

use bytes::Bytes;
use reelwright_bmff::entry::text;
use reelwright_bmff::{GenericMediaInfo, Writer};
use reelwright_media::{
    BoxFamily, Chapter, DataFormat, Edit, ForeignBox, FormatDescription, FourCc, Language, Matrix, MediaType,
    Payload, Rounding, SampleBuffer, SampleFlags, Time, TimeRange, Timescale, Track, TrackReference, Trim,
};

use crate::track::TrackState;
use crate::{Chunks, MovieSettings, TrackSettings};

const LIST: FourCc = FourCc::new(b"chap");

/// Whether a track of the file is the chapter list of another already.
pub(crate) fn are_listed(tracks: &[TrackState]) -> bool {
    let references = tracks.iter().flat_map(|track| &track.settings.track.references);
    let mut listed = references.filter(|reference| reference.kind == LIST).flat_map(|list| &list.tracks);
    let is_text = |track: &TrackState| track.settings.track.media == MediaType::Text;
    listed.any(|id| tracks.iter().any(|track| track.id() == *id && is_text(track)))
}

/// Leaves out what lies behind `end`, the movie's.
pub(crate) fn end_at(chapters: &mut Vec<Chapter>, end: Time) {
    chapters.retain(|chapter| chapter.range.start < end);
    for chapter in chapters {
        chapter.range = TimeRange::between(chapter.range.start, chapter.range.end().min(end));
    }
}

/// Has pictures and sound name track `list` as their chapters; anything, where there are neither.
pub(crate) fn refer(tracks: &mut [TrackState], list: u32) {
    let is_main =
        |track: &TrackState| matches!(track.settings.track.media, MediaType::Video | MediaType::Audio);
    let any = tracks.iter().any(is_main);
    for track in tracks.iter_mut().filter(|track| is_main(track) || !any) {
        let references = &mut track.settings.track.references;
        references.retain(|reference| reference.kind != LIST);
        references.push(TrackReference { kind: LIST, tracks: vec![list] });
    }
}

/// The track of the settings' chapters and its samples; `None` without chapters that last.
pub(crate) fn track(
    settings: &MovieSettings,
    others: &[TrackState],
) -> Option<(TrackSettings, Vec<SampleBuffer>)> {
    let family = settings.file_type.family();
    let entry = Some(text::plain_text(family));
    let format = DataFormat { media: MediaType::Text, tag: FourCc::new(b"text"), entry };
    let format = Arc::new(FormatDescription::Data(format));
    let scale = scale(&settings.chapters);
    let (start, mut samples) = samples(&settings.chapters, scale, &format)?;
    let end = samples.last().map_or(start, |last| last.pts.saturating_add(last.duration));
    let shown = Edit::showing(0, end.saturating_sub(start));
    // FFmpeg takes the length of the media for the end of the last, though the media is shown later.
    if let Some(last) = samples.last_mut() {
        last.duration = last.duration.saturating_add(start);
    }
    let edits = if start.is_zero() { Vec::new() } else { vec![Edit::empty(start), shown] };
    let track = Track {
        id: others.iter().map(TrackState::id).max().unwrap_or(0).checked_add(1)?,
        media: MediaType::Text,
        handler: FourCc::new(b"text"),
        handler_name: "Chapters".into(),
        timescale: scale,
        media_duration: Time::ZERO,
        range: TimeRange::new(Time::ZERO, Time::ZERO),
        sample_count: None,
        byte_count: None,
        formats: vec![format],
        // Players would show it as a subtitle.
        enabled: false,
        header_flags: if family == BoxFamily::QuickTime { 0xE } else { 0x2 },
        language: language(&settings.chapters),
        header_size: (0, 0),
        matrix: Matrix::IDENTITY,
        volume: 0,
        layer: 0,
        alternate_group: 0,
        edits,
        references: Vec::new(),
        metadata: Vec::new(),
        roll_distance: None,
        creation_time: settings.creation_time,
        foreign: text_header(family).into_iter().collect(),
    };
    let samples = samples.into_iter().map(|sample| SampleBuffer {
        dts: sample.dts.saturating_sub(start),
        pts: sample.pts.saturating_sub(start),
        ..sample
    });
    Some((TrackSettings { chunks: Chunks::AsFed, ..TrackSettings::copy(track) }, samples.collect()))
}

/// Milliseconds, where they hold all times; else the chapters' own ticks, or those of transport streams.
fn scale(chapters: &[Chapter]) -> Timescale {
    let times = || chapters.iter().flat_map(|chapter| [chapter.range.start, chapter.range.end()]);
    let own = chapters.first().map_or(1000, |chapter| chapter.range.start.scale().ticks());
    let candidates = [1000, own, 90_000].map(Timescale::or_one);
    let exact = |scale: &&Timescale| {
        scale.ticks() <= 1_000_000
            && times()
                .all(|time| time.ticks_in(**scale, Rounding::Down) == time.ticks_in(**scale, Rounding::Up))
    };
    *candidates.iter().find(exact).unwrap_or(&candidates[2])
}

/// Where the first chapter begins, and the samples: each lasts until the next begins, the last as long as stated.
fn samples(
    chapters: &[Chapter],
    scale: Timescale,
    format: &Arc<FormatDescription>,
) -> Option<(Time, Vec<SampleBuffer>)> {
    let tick = |time: Time| time.max(Time::ZERO).ticks_in(scale, Rounding::Nearest);
    let first = tick(chapters.first()?.range.start)?;
    let next = chapters.iter().skip(1).map(|chapter| chapter.range.start);
    let ends = next.chain(chapters.last().map(|chapter| chapter.range.end()));
    let mut samples = Vec::with_capacity(chapters.len());
    let mut at = first;
    for (chapter, end) in chapters.iter().zip(ends) {
        // The distance between two samples has 32 bits.
        let end = tick(end)?.clamp(at, at.saturating_add(u32::MAX.into()));
        if end == at {
            continue;
        }
        samples.push(SampleBuffer {
            format: format.clone(),
            payload: Payload::from(title(&chapter.title)),
            dts: Time::new(at, scale),
            pts: Time::new(at, scale),
            duration: Time::new(end - at, scale),
            flags: SampleFlags::SYNC,
            trim: Trim::default(),
        });
        at = end;
    }
    (!samples.is_empty()).then_some((Time::new(first, scale), samples))
}

/// A sample: the text's length, the text, and that it is UTF-8 (QuickTime File Format, "Text Sample Data").
fn title(text: &str) -> Bytes {
    const UTF_8: u32 = 0x100;
    let fits = |&end: &usize| text.is_char_boundary(end);
    let end = (0..=text.len().min(usize::from(u16::MAX))).rev().find(fits).unwrap_or(0);
    let mut w = Writer::new();
    w.u16(u16::try_from(end).unwrap_or(0));
    w.bytes(&text.as_bytes()[..end]);
    w.write_box(b"encd", |w| w.u32(UTF_8));
    w.into_bytes().into()
}

/// The language of all titles that state one, if it is the same.
fn language(chapters: &[Chapter]) -> Language {
    let mut stated = chapters.iter().map(|chapter| &chapter.language).filter(|code| !code.is_undetermined());
    let first = stated.next().cloned().unwrap_or_default();
    if stated.all(|other| *other == first) { first } else { Language::UNDETERMINED }
}

/// Text has QuickTime's media header in MPEG-4 files too.
fn text_header(family: BoxFamily) -> Option<ForeignBox> {
    if family == BoxFamily::QuickTime {
        return None;
    }
    let mut w = Writer::new();
    w.write_box(b"gmhd", |w| {
        w.put(&GenericMediaInfo {
            graphics_mode: 0x40,
            op_color: [0x8000; 3],
            ..GenericMediaInfo::default()
        });
        w.write_box(b"text", |w| w.matrix(&Matrix::IDENTITY));
    });
    Some(ForeignBox { parent: "mdia/minf".into(), family, bytes: w.into_bytes().into() })
}
