//! What of a source doesn't reach the output although nobody asked for that.

use reelwright_media::{
    AudioCodec, BoxFamily, Channel, Error, Hint, MediaType, MetadataItem, MetadataKey, Omission, Omitted,
    Stage, Time, TimeRange, Track,
};

use super::plan::{Context, Fate, TrackPlan};
use super::{Others, Reason, Treatment};
use crate::presentation::presented;
use crate::{Asset, FileType};

/// What is lost of a track with this fate.
pub(super) fn of_track(
    context: &Context<'_>,
    track: &Track,
    fate: &Fate,
    reason: &Reason,
    mut losses: Vec<Omission>,
) -> Vec<Omission> {
    if matches!(fate, Fate::Drop) {
        let lost = (!reason.loses_nothing())
            .then(|| Omission::new(Omitted::Track(track.media), Some(track.id), reason.to_string()));
        return lost.into_iter().collect();
    }
    losses.extend(missing_samples(context.asset, track, context.range.start));
    if matches!(fate, Fate::Copy) {
        losses.extend(lost_label(track, context.file_type));
    }
    if !context.options.metadata.replaces() && fate.is_output() {
        losses.extend(placeless(context.file_type, &track.metadata, Some(track.id)));
    }
    losses
}

/// Which of a film's channels a track of one is, where the container can't say it of its codec.
fn lost_label(track: &Track, file_type: FileType) -> Option<Omission> {
    let audio = track.formats.first()?.as_audio()?;
    let label = audio.layout.as_ref().filter(|layout| layout.count() == 1)?.channels().first()?;
    let stays = audio.codec == AudioCodec::Lpcm || file_type.family() == BoxFamily::QuickTime;
    let lost =
        (*label != Channel::Center && !stays).then(|| format!("which channel it is ({label:?}) is"))?;
    let reason = format!("{} has no place for it beside {}", file_type.name(), audio.codec.name());
    Some(Omission::new(Omitted::SideData(lost), Some(track.id), reason))
}

/// What the input lists of a track but doesn't hold, on a timeline that begins at `start`.
fn missing_samples(asset: &Asset, track: &Track, start: Time) -> Option<Omission> {
    let missing = asset.demuxer().missing(track.id)?;
    let from = presented(asset.movie(), track, missing.from).saturating_sub(start);
    let what = Omitted::Samples(missing.samples);
    let lost = Omission::new(what, Some(track.id), "the input was cut short, or its index is damaged");
    Some(lost.during(TimeRange::new(from, Time::ZERO)))
}

/// What is lost of the movie as a whole.
pub(super) fn of_movie(context: &Context<'_>, tracks: &[TrackPlan]) -> Vec<Omission> {
    let movie = context.asset.movie();
    let mut losses: Vec<_> =
        movie.omissions.iter().filter_map(|omission| wanted_loss(context, omission)).collect();
    let said = context.options.metadata.of_movie(carried_metadata(&movie.metadata, tracks));
    losses.extend(placeless(context.file_type, &said, None));
    losses
}

/// What the reader leaves out, on the output's timeline; `None` where it wasn't asked for.
fn wanted_loss(context: &Context<'_>, omission: &Omission) -> Option<Omission> {
    let options = context.options;
    let unwanted = match omission.what {
        Omitted::Track(MediaType::Video) => matches!(options.video, Treatment::Drop),
        Omitted::Track(MediaType::Audio) => matches!(options.audio, Treatment::Drop),
        Omitted::Track(_) => options.others == Others::Drop,
        _ => false,
    };
    let mut wanted = (!unwanted).then(|| omission.clone())?;
    // Where nothing is cut, a joined movie that isn't read lies behind the end of what is.
    if let Some(range) = omission.range.filter(|_| options.range.is_some()) {
        // One without a length begins there, and may go on to the end.
        let behind = range.start >= context.range.end();
        let before = !range.is_empty() && range.end() <= context.range.start;
        if behind || before {
            return None;
        }
        let within = if range.is_empty() { range } else { range.intersection(context.range) };
        let start = within.start.max(context.range.start).saturating_sub(context.range.start);
        wanted.range = Some(TimeRange::new(start, within.duration));
    }
    Some(wanted)
}

/// The source's metadata, but for what describes the packets of sound that is encoded anew: iTunes' statement of their
/// priming and padding, which readers would cut from others.
pub(super) fn carried_metadata(items: &[MetadataItem], tracks: &[TrackPlan]) -> Vec<MetadataItem> {
    let encoded = tracks.iter().any(|track| matches!(track.fate, Fate::EncodeAudio(_)));
    let is_stale = |key: &MetadataKey| matches!(key, MetadataKey::ITunesFreeForm { name, .. } if encoded && name == "iTunSMPB");
    items.iter().filter(|item| !is_stale(&item.key)).cloned().collect()
}

/// The facts that a kind of file has no place for.
fn placeless(file_type: FileType, items: &[MetadataItem], track: Option<u32>) -> Vec<Omission> {
    let reason = format!("{} has no place for it", file_type.name());
    let dropped = file_type.placeless(items, track.is_some()).into_iter();
    dropped
        .map(|item| Omission::new(Omitted::Metadata(item.key.identifier()), track, reason.clone()))
        .collect()
}

/// The refusal to make a file that is less than its source.
pub(super) fn strictly(first: &Omission) -> Error {
    Error::unsupported(format!("something would be lost: {first}"))
        .at_stage(Stage::Plan)
        .with_hint(Hint::AllowLosses)
}
