//! Subtitles of other containers as 3GPP timed text (3GPP TS 26.245), which files of both families hold and all players
//! read.

mod cues;
mod markup;
mod styled;

use std::sync::Arc;

use reelwright_bmff::entry::text::{ALL_FORCED, LETTERS, SOME_FORCED, timed_text};
use reelwright_formats::{Demuxer, SampleCursor};
use reelwright_media::{
    BoxFamily, DataFormat, EditTimeline, FormatDescription, FourCc, Matrix, MediaType, MetadataKey, Missing,
    Movie, Omission, Omitted, Result, Size, Time, TimeRange, Track,
};

use crate::{Asset, display_size};
use cues::{MOST_CUES, TextCursor};
use markup::Markup;

const TIMED_TEXT: FourCc = FourCc::new(b"tx3g");

/// An input whose subtitles are timed text.
struct Converted {
    inner: Arc<dyn Demuxer>,
    movie: Arc<Movie>,
    texts: Vec<Text>,
}

/// A track that is converted.
struct Text {
    track: u32,
    markup: Markup,
    format: Arc<FormatDescription>,
    /// What is to be added to the times of its samples to place them on the movie's timeline.
    shift: Time,
}

/// `asset` with its subtitles as timed text; as it is where nothing is to be converted.
pub(crate) fn of_asset(asset: &Asset) -> Asset {
    match Converted::new(asset.demuxer().clone()) {
        Some(converted) => asset.clone().with_demuxer(Arc::new(converted)),
        None => asset.clone(),
    }
}

impl Converted {
    fn new(inner: Arc<dyn Demuxer>) -> Option<Self> {
        let source = inner.movie();
        let kinds: Vec<_> = source.tracks.iter().map(markup_of).collect();
        if kinds.iter().all(Option::is_none) {
            return None;
        }
        let mut movie = Movie::clone(source);
        let picture = source.tracks.iter().find(|track| track.media == MediaType::Video);
        let size = picture.and_then(display_size);
        let mut texts = Vec::new();
        for (track, markup) in movie.tracks.iter_mut().zip(kinds) {
            let Some(markup) = markup else { continue };
            let shift = EditTimeline::of(track, source.timescale).shift();
            if markup == Markup::SubStation {
                let what = Omitted::SideData("the styles and positions of subtitles".into());
                let reason = "timed text keeps their words, and what is bold, italic or underlined";
                movie.omissions.push(Omission::new(what, Some(track.id), reason));
            }
            if let Some(more) =
                track.sample_count.and_then(|count| count.checked_sub(MOST_CUES)).filter(|more| *more > 0)
            {
                let reason = format!("no film has more than {MOST_CUES} subtitles");
                movie.omissions.push(Omission::new(Omitted::Samples(more), Some(track.id), reason));
            }
            texts.push(describe(track, markup, size, shift));
        }
        Some(Self { inner, movie: Arc::new(movie), texts })
    }
}

/// How the texts of a track are marked up, where it is one to be converted.
fn markup_of(track: &Track) -> Option<Markup> {
    let tag = track.formats.first().filter(|_| track.media == MediaType::Subtitle)?.tag();
    Some(match &tag.0 {
        b"srt " => Markup::SubRip,
        b"ssa " => Markup::SubStation,
        b"vtt " => Markup::WebVtt,
        b"dvtt" => Markup::WebVttBlock,
        _ => return None,
    })
}

/// Makes `track` one of timed text over a picture of `size`. The letters have one size, and the track's pixels are scaled so
/// that it is a twentieth of the picture's height, as players show subtitles.
fn describe(track: &mut Track, markup: Markup, size: Option<Size>, shift: Time) -> Text {
    const LINES: u32 = 20 * LETTERS as u32;
    const FORCED: &str = "public.subtitles.forced-only";
    const IN_FRONT: i16 = -1;
    let key = MetadataKey::UserData(FourCc::new(b"tagc"));
    let forced = track.metadata.iter().any(|item| item.key == key && item.value.as_text() == Some(FORCED));
    let width = |size: Size| u64::from(LINES) * u64::from(size.width) / u64::from(size.height.max(1));
    let own = size.map(|size| Size::new(u32::try_from(width(size)).unwrap_or(LINES).clamp(1, 0x7FFF), LINES));
    let own = own.unwrap_or(Size::new(0, 0));
    let flags = if forced { ALL_FORCED | SOME_FORCED } else { 0 };
    // Its bytes are the same in both families, and what came from either goes into the other.
    let entry = Some(timed_text(flags, own, BoxFamily::QuickTime));
    let format = DataFormat { media: MediaType::Subtitle, tag: TIMED_TEXT, entry };
    let format = Arc::new(FormatDescription::Data(format));
    let end = track.range.end();
    track.handler = FourCc::new(b"sbtl");
    track.formats = vec![format.clone()];
    track.header_size = (own.width << 16, own.height << 16);
    track.matrix = size.map_or(Matrix::IDENTITY, |size| scale(own, size));
    if track.handler_name.is_empty() {
        track.handler_name = "Subtitles".into();
    }
    track.layer = IN_FRONT;
    track.edits.clear();
    track.range = TimeRange::new(Time::ZERO, end);
    track.media_duration = end;
    Text { track: track.id, markup, format, shift }
}

/// The matrix that stretches what is `from` large over what is `to` large.
fn scale(from: Size, to: Size) -> Matrix {
    let ratio =
        |from: u32, to: u32| i32::try_from((u64::from(to) << 16) / u64::from(from.max(1))).unwrap_or(1 << 16);
    let mut matrix = Matrix::IDENTITY;
    matrix.0[0] = ratio(from.width, to.width);
    matrix.0[4] = ratio(from.height, to.height);
    matrix
}

impl Demuxer for Converted {
    fn movie(&self) -> &Arc<Movie> {
        &self.movie
    }

    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        let inner = self.inner.cursor(track)?;
        match self.texts.iter().find(|text| text.track == track) {
            Some(text) => Ok(Box::new(TextCursor::new(inner, text)?)),
            None => Ok(inner),
        }
    }

    fn missing(&self, track: u32) -> Option<Missing> {
        self.inner.missing(track)
    }
}
