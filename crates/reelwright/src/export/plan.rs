use std::sync::Arc;

use reelwright_codec::{AudioEncoderSettings, EncoderInfo, Registry, VideoEncoderSettings};
use reelwright_media::{
    Chapter, EditTimeline, Error, ErrorKind, FormatDescription, Hint, Matrix, MediaType, Movie, Omission,
    Result, Size, Stage, Time, TimeRange, Track,
};

use super::audio_plan::{self, AudioPlan};
use super::estimate::estimated_bytes;
use super::losses::{of_movie, of_track, strictly};
use super::main_video::{main_video, why_not_main};
use super::video_plan::{self, VideoPlan};
use super::{ExportOptions, Others, Reason, Treatment};
use crate::chapters;
use crate::cut_short::{COPY_AGAIN, nothing_present};
use crate::subtitles;
use crate::verdict;
use crate::{Asset, FileType};

/// What an export will do, track by track, before it does anything: plan and report agree.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The container to write.
    pub file_type: FileType,
    /// The part of the source's presentation timeline that is exported; its start becomes zero.
    pub range: TimeRange,
    /// One entry per source track, in the source's order.
    pub tracks: Vec<TrackPlan>,
    /// What of the source as a whole does not reach the output: what its reader leaves out, facts that the container has
    /// no place for. [`Self::omissions`] has the tracks' too.
    pub losses: Vec<Omission>,
    /// The output's chapters, on its timeline: those of the source that the range shows, however the source keeps them.
    pub chapters: Vec<Chapter>,
    /// Bytes the output will have, roughly.
    pub estimated_bytes: u64,
}

/// What happens to one track of the source, and why.
#[derive(Clone, Debug)]
pub struct TrackPlan {
    /// The track's ID in the source.
    pub source: u32,
    /// What it carries.
    pub media: MediaType,
    /// The track in a few words: codec, size or rate.
    pub summary: String,
    /// What happens to it.
    pub fate: Fate,
    /// Why.
    pub reason: Reason,
    /// What of the track does not reach the output although the track does, or all of it where it is dropped.
    pub losses: Vec<Omission>,
}

/// What happens to a track.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Stored samples are copied.
    Copy,
    /// Video is decoded, processed and encoded.
    EncodeVideo(Box<VideoPlan>),
    /// Sound is decoded, mixed, resampled and encoded.
    EncodeAudio(Box<AudioPlan>),
    /// Sound is mixed into the track made of this source track.
    MixInto(u32),
    /// It is left out.
    Drop,
}

impl Fate {
    /// One word for tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::EncodeVideo(_) | Self::EncodeAudio(_) => "encode",
            Self::MixInto(_) => "mix",
            Self::Drop => "drop",
        }
    }

    /// Whether it makes a track of the output.
    pub fn is_output(&self) -> bool {
        matches!(self, Self::Copy | Self::EncodeVideo(_) | Self::EncodeAudio(_))
    }
}

/// What planning looks at besides the track itself.
pub(super) struct Context<'a> {
    pub(super) asset: &'a Asset,
    pub(super) options: &'a ExportOptions,
    pub(super) registry: &'a Registry,
    pub(super) file_type: FileType,
    pub(super) range: TimeRange,
}

impl Context<'_> {
    /// Whether the track is one of those that are wanted.
    fn takes(&self, track: &Track) -> bool {
        self.options.tracks.as_ref().is_none_or(|wanted| wanted.contains(&track.id))
    }
}

impl Plan {
    /// Decides what happens to every track of `asset`.
    ///
    /// # Errors
    ///
    /// When nothing would be left to write, when a needed codec is missing, or when the range lies outside the movie.
    pub fn new(
        asset: &Asset,
        options: &ExportOptions,
        file_type: FileType,
        registry: &Registry,
    ) -> Result<Self> {
        let source = asset;
        let asset = &subtitles::of_asset(source);
        let movie = asset.movie();
        if !options.file_types.contains(&file_type) {
            let allowed: Vec<_> = options.file_types.iter().map(|kind| kind.name()).collect();
            return Err(Error::misuse(format!(
                "preset {} can't be written as {}, only as {}",
                options.preset,
                file_type.name(),
                allowed.join(", ")
            ))
            .at_stage(Stage::Plan)
            .with_hint(format!(
                "end the output's name in .{}, or choose another preset",
                options.file_types.first().map_or("", |kind| kind.extensions()[0])
            )));
        }
        options.tracks.iter().flatten().try_for_each(|id| known_track(movie, *id))?;
        let context =
            Context { asset, options, registry, file_type, range: clamp_range(asset, options.range)? };
        let lacks = |track: &Track| nothing_present(asset.demuxer().missing(track.id)).is_some();
        let usable = movie.tracks.iter().filter(|track| track.sample_count != Some(0) && !lacks(track));
        let usable = usable.filter(|track| context.takes(track));
        let usable: Vec<_> = usable.collect();
        let main = match &options.video {
            Treatment::Encode(video) => main_video(&context, &usable, video),
            Treatment::Copy | Treatment::Drop => None,
        };
        let audio = audio_plan::chosen_tracks(&context, &usable);
        let mut tracks = Vec::with_capacity(movie.tracks.len());
        for track in &movie.tracks {
            let decision = decide(&context, track, main, &audio).map_err(|error| error.at_track(track.id))?;
            let Decision { fate, reason, .. } = decision;
            let losses = of_track(&context, track, &fate, &reason, decision.losses);
            let stored = source.movie().track(track.id).unwrap_or(track);
            let is_text = matches!(fate, Fate::Copy) && stored.formats != track.formats;
            tracks.push(TrackPlan {
                source: track.id,
                media: track.media,
                summary: summary(stored),
                fate,
                reason: if is_text { Reason::TimedText } else { reason },
                losses,
            });
        }
        let losses = of_movie(&context, &tracks);
        let chapters = chapters::clipped(&movie.chapters, context.range);
        let plan = Self { file_type, range: context.range, tracks, chapters, losses, estimated_bytes: 0 };
        let is_main = |track: &&TrackPlan| matches!(track.media, MediaType::Video | MediaType::Audio);
        let of_use = |track: &TrackPlan| {
            track.fate.is_output() && (is_main(&track) || !plan.tracks.iter().any(|track| is_main(&track)))
        };
        // Captions without the picture they belong to are no movie.
        if !plan.tracks.iter().any(of_use) {
            let cut_short = movie.tracks.iter().any(lacks);
            return Err(plan.nothing_left(movie, cut_short));
        }
        // Silence is sound beside something else, not alone.
        let used = |track: &TrackPlan| is_main(&track) && !matches!(track.fate, Fate::Drop) || of_use(track);
        let sources = movie.tracks.iter().filter(|track| plan.track(track.id).is_some_and(used));
        let sources: Vec<_> = sources.collect();
        if sources.iter().all(|track| misses(&context, track).is_ok_and(|misses| misses)) {
            return Err(nothing_in_range(&context, &sources));
        }
        if let Some(first) = plan.omissions().next().filter(|_| options.strict) {
            return Err(strictly(first));
        }
        Ok(Self { estimated_bytes: estimated_bytes(&plan, asset), ..plan })
    }

    /// Everything of the source that does not reach the output, the tracks' part of it included. Nothing here was left out
    /// on request.
    pub fn omissions(&self) -> impl Iterator<Item = &Omission> {
        self.losses.iter().chain(self.tracks.iter().flat_map(|track| &track.losses))
    }

    /// The entry of the source track with this ID.
    pub fn track(&self, source: u32) -> Option<&TrackPlan> {
        self.tracks.iter().find(|track| track.source == source)
    }

    fn nothing_left(&self, movie: &Movie, cut_short: bool) -> Error {
        let reasons = movie.tracks.iter().zip(self.tracks.iter().map(|track| &track.reason));
        let message = format!("no track would be left in the output: {}", verdict::why_none(reasons));
        if cut_short {
            return Error::truncated(message).at_stage(Stage::Plan).with_hint(COPY_AGAIN);
        }
        Error::new(ErrorKind::Unsupported, message).at_stage(Stage::Plan)
    }
}

fn clamp_range(asset: &Asset, wanted: Option<TimeRange>) -> Result<TimeRange> {
    let whole = TimeRange::new(Time::ZERO, asset.movie().duration);
    let Some(wanted) = wanted else { return Ok(whole) };
    let range = wanted.intersection(whole);
    if range.is_empty() {
        return Err(Error::misuse(format!(
            "the wanted range {} to {} holds nothing: the movie runs from 0:00 to {}",
            wanted.start,
            wanted.end(),
            whole.end()
        ))
        .at_stage(Stage::Plan)
        .with_hint(Hint::ChooseRange));
    }
    Ok(range)
}

/// Refuses an ID that no track has.
fn known_track(movie: &Movie, id: u32) -> Result<()> {
    if movie.track(id).is_some() {
        return Ok(());
    }
    let tracks = movie.tracks.iter().map(|track| format!("{} ({})", track.id, track.media));
    let tracks = tracks.collect::<Vec<_>>().join(", ");
    Err(Error::misuse(format!("there is no track {id}; there are {tracks}")).at_stage(Stage::Plan))
}

fn nothing_in_range(context: &Context<'_>, tracks: &[&Track]) -> Error {
    let (start, end) = (context.range.start, context.range.end());
    let error =
        Error::misuse(format!("nothing of the movie is shown from {start} to {end}")).at_stage(Stage::Plan);
    match tracks.iter().filter_map(|track| begins(context, track).ok()).min() {
        Some(first) if first >= end => error.with_hint(format!("its pictures and sound begin at {first}")),
        _ => error.with_hint(Hint::ChooseRange),
    }
}

fn decide(context: &Context<'_>, track: &Track, main: Option<u32>, audio: &[u32]) -> Result<Decision> {
    if !context.takes(track) {
        return leave_out(Reason::NotAsked);
    }
    if track.sample_count == Some(0) {
        return leave_out(Reason::Empty);
    }
    if let Some(reason) = nothing_present(context.asset.demuxer().missing(track.id)) {
        return leave_out(reason);
    }
    if let Some(reason) = verdict::unusable(track) {
        return leave_out(reason);
    }
    // Sound is mixed with that of other tracks, and silence is sound; an empty track of anything else is none.
    if track.media != MediaType::Audio {
        if shows_nothing(context, track) {
            return leave_out(Reason::NothingShown);
        }
        if misses(context, track)? {
            return leave_out(Reason::OutOfRange);
        }
    }
    match track.media {
        MediaType::Video => match &context.options.video {
            Treatment::Drop => leave_out(Reason::NotAsked),
            Treatment::Copy => copy(context, track),
            Treatment::Encode(video) if main != Some(track.id) => {
                leave_out(why_not_main(context, track, video))
            }
            Treatment::Encode(video) => video_plan::decide(context, track, video),
        },
        MediaType::Audio => match &context.options.audio {
            Treatment::Drop => leave_out(Reason::NotAsked),
            Treatment::Copy => copy(context, track),
            Treatment::Encode(_) if !audio.contains(&track.id) => {
                leave_out(match audio_plan::undecodable(context, track) {
                    Some(why) => why,
                    None if track.enabled || shares_group(context, track, audio) => Reason::Alternative,
                    None => Reason::Disabled,
                })
            }
            Treatment::Encode(options) => audio_plan::decide(context, track, audio, options),
        },
        _ if is_chapter_list(context, track)
            && (context.options.others == Others::Drop || acceptance(context, track).is_err()) =>
        {
            leave_out(Reason::ChaptersAnew)
        }
        _ => match context.options.others {
            Others::Drop => leave_out(Reason::NotAsked),
            Others::Copy => copy(context, track),
        },
    }
}

/// Whether the track lists the movie's chapters, which the plan knows.
fn is_chapter_list(context: &Context<'_>, track: &Track) -> bool {
    let movie = context.asset.movie();
    !movie.chapters.is_empty() && chapters::list_of(movie).is_some_and(|list| list.id == track.id)
}

/// Whether one of the tracks with these IDs excludes this one.
fn shares_group(context: &Context<'_>, track: &Track, others: &[u32]) -> bool {
    let group = |id: &u32| context.asset.movie().track(*id).map(|other| other.alternate_group);
    track.alternate_group != 0 && others.iter().filter_map(group).any(|group| group == track.alternate_group)
}

/// Whether all edits of the track are empty, or show what lies behind its media.
fn shows_nothing(context: &Context<'_>, track: &Track) -> bool {
    let movie = context.asset.movie().timescale;
    let spans = EditTimeline::of(track, movie).spans(EditTimeline::everything(movie));
    // Fragments have no such length, and can't tell.
    let behind = |start: Time| track.media_duration > Time::ZERO && start >= track.media_duration;
    spans.iter().all(|span| behind(span.media_start))
}

/// Whether nothing of the track is in the wanted range.
fn misses(context: &Context<'_>, track: &Track) -> Result<bool> {
    if context.options.range.is_none() || track.range.is_empty() {
        return Ok(false);
    }
    Ok(begins(context, track)? >= context.range.end() || track.range.end() <= context.range.start)
}

/// When the track begins: without an edit list, at its first sample.
fn begins(context: &Context<'_>, track: &Track) -> Result<Time> {
    let first = if track.edits.is_empty() {
        let sample = context.asset.cursor(track.id)?.next_sample();
        sample.ok().flatten().map(|sample| sample.pts)
    } else {
        None
    };
    Ok(first.map_or(track.range.start, |first| first.max(track.range.start)))
}

/// What happens to a track, why, and what of it is lost although it is made.
pub(super) struct Decision {
    pub(super) fate: Fate,
    pub(super) reason: Reason,
    pub(super) losses: Vec<Omission>,
}

impl Decision {
    pub(super) fn new(fate: Fate, reason: Reason) -> Self {
        Self { fate, reason, losses: Vec::new() }
    }
}

/// Copies the track where the container can hold it; where not, leaves it out with the reason.
pub(super) fn copy(context: &Context<'_>, track: &Track) -> Result<Decision> {
    match acceptance(context, track) {
        Ok(()) => Ok(Decision::new(Fate::Copy, Reason::Copied)),
        Err(refusal) if context.options.strict => Err(refusal.at_stage(Stage::Plan)),
        Err(refusal) => leave_out(Reason::Refused(refusal.message().to_owned())),
    }
}

/// Whether the container can hold every format of the track.
pub(super) fn acceptance(context: &Context<'_>, track: &Track) -> Result<()> {
    track.formats.iter().try_for_each(|format| context.file_type.accepts(format))
}

pub(super) fn leave_out(reason: Reason) -> Result<Decision> {
    Ok(Decision::new(Fate::Drop, reason))
}

/// The track in a few words.
pub(crate) fn summary(track: &Track) -> String {
    match track.formats.first().map(Arc::as_ref) {
        Some(FormatDescription::Video(video)) => {
            let turned = match track.matrix.degrees() {
                0 => String::new(),
                degrees => format!(", turned {degrees}°"),
            };
            format!("{} {}{turned}", video.codec.name(), video.size)
        }
        Some(FormatDescription::Audio(audio)) => {
            let layout = audio.layout.as_ref().map(|layout| layout.name());
            let channels = layout.unwrap_or_else(|| format!("{} channels", audio.channels));
            format!("{} {} Hz {channels}", audio.codec.name(), audio.sample_rate)
        }
        Some(FormatDescription::Data(data)) => format!("'{}'", data.tag),
        None => "no format".to_owned(),
    }
}

/// The matrix that turns a picture of `size` the way `matrix` turns the source's, with the corner at (0, 0).
///
/// The translation of quarter turns is made anew: it is often wrong in the wild, and never right after scaling.
pub(super) fn carried_matrix(matrix: &Matrix, source: Size, size: Size) -> Matrix {
    let Some((rotation, mirrored)) = matrix.orientation() else {
        return scaled_translation(matrix, source, size);
    };
    if !mirrored {
        return Matrix::rotation(rotation, size);
    }
    let width = i32::try_from(u64::from(size.width) << 16).unwrap_or(i32::MAX);
    let mirror = Matrix([-0x1_0000, 0, 0, 0, 0x1_0000, 0, width, 0, 0x4000_0000]);
    mirror.then(&Matrix::rotation(rotation, size))
}

fn scaled_translation(matrix: &Matrix, source: Size, size: Size) -> Matrix {
    let mut out = *matrix;
    for (index, (from, to)) in [(6, (source.width, size.width)), (7, (source.height, size.height))] {
        let scaled = i64::from(out.0[index]) * i64::from(to) / i64::from(from.max(1));
        out.0[index] = i32::try_from(scaled).unwrap_or(0);
    }
    out
}

/// Which encoder makes `settings`, checked before anything runs.
pub(super) fn select_video(
    registry: &Registry,
    settings: &VideoEncoderSettings,
    specification: &reelwright_codec::EncoderSpecification,
) -> Result<EncoderInfo> {
    let specification = specification
        .clone()
        .size(settings.size)
        .profile(settings.profile)
        .real_time(specification.real_time || settings.real_time);
    let codec = reelwright_codec::Codec::Video(settings.codec);
    registry.select(codec, &specification).map(|choice| choice.encoder)
}

/// Which encoder makes `settings`, checked before anything runs.
pub(super) fn select_audio(
    registry: &Registry,
    settings: &AudioEncoderSettings,
    specification: &reelwright_codec::EncoderSpecification,
) -> Result<EncoderInfo> {
    let codec = reelwright_codec::Codec::Audio(settings.codec);
    registry.select(codec, specification).map(|choice| choice.encoder)
}
