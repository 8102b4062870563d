//! How large an export will be.

use std::sync::Arc;

use reelwright_media::{ForeignBox, FormatDescription, MetadataItem, MetadataValue, Track};

use super::plan::{Fate, Plan, TrackPlan};
use crate::Asset;

/// Bytes that what is planned will have, roughly.
pub(super) fn estimated_bytes(plan: &Plan, asset: &Asset) -> u64 {
    let seconds = plan.range.duration.to_seconds_lossy();
    let total = asset.movie().duration.to_seconds_lossy();
    let share = if total > 0.0 { (seconds / total).min(1.0) } else { 1.0 };
    let track = |plan: &TrackPlan| asset.movie().track(plan.source);
    let encoded = |rate: u32, samples: f64| f64::from(rate) * seconds / 8.0 + samples * BYTES_PER_SAMPLE;
    let bytes = |plan: &TrackPlan| match &plan.fate {
        Fate::Copy => track(plan).map_or(0.0, copied_bytes) * share,
        Fate::EncodeVideo(video) => {
            encoded(video.expected_rate(), seconds * video.settings.frame_rate.to_f64())
        }
        Fate::EncodeAudio(audio) => encoded(audio.expected_rate(), seconds * audio.packets_a_second()),
        Fate::MixInto(_) | Fate::Drop => 0.0,
    };
    let media: f64 = plan.tracks.iter().map(bytes).sum();
    let headers: u64 = plan
        .tracks
        .iter()
        .filter(|plan| plan.fate.is_output())
        .filter_map(track)
        .map(|track| header_bytes(&track.formats, &track.metadata, &track.foreign))
        .sum();
    let movie = asset.movie();
    // Files may claim to last beyond what can be counted.
    (media as u64).saturating_add(headers + header_bytes(&[], &movie.metadata, &movie.foreign))
}

/// What the index says of a sample: its size, and now and then its time.
const BYTES_PER_SAMPLE: f64 = 5.0;

/// A copied track's samples, and what the index says of them, where they aren't all of one size.
fn copied_bytes(track: &Track) -> f64 {
    let indexed = match track.formats.first().and_then(|format| format.as_audio()) {
        Some(audio) if audio.bytes_per_packet > 0 => 0,
        _ => track.sample_count.unwrap_or(0),
    };
    track.byte_count.unwrap_or(0) as f64 + indexed as f64 * BYTES_PER_SAMPLE
}

/// The boxes of a movie or track but its tables, roughly.
fn header_bytes(
    formats: &[Arc<FormatDescription>],
    metadata: &[MetadataItem],
    foreign: &[ForeignBox],
) -> u64 {
    const BOXES: u64 = 500;
    let entries = formats.iter().filter_map(|format| Some(format.entry()?.bytes.len()));
    let items = metadata.iter().map(|item| 40 + value_bytes(&item.value));
    let boxes = foreign.iter().map(|carried| carried.bytes.len());
    let bytes: usize = entries.chain(items).chain(boxes).sum();
    BOXES.saturating_add(bytes as u64)
}

fn value_bytes(value: &MetadataValue) -> usize {
    match value {
        MetadataValue::Text(text) => text.len(),
        MetadataValue::Integer(_) | MetadataValue::Float(_) => 8,
        MetadataValue::Data { bytes, .. } => bytes.len(),
    }
}
