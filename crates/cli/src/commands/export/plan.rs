use reelwright::media::{Chapter, FieldOrder};
use reelwright::{Fate, Plan};
use serde::Serialize;

use super::omission::OmissionRow;
use crate::destination::Destination;
use crate::progress::bytes;

/// The plan as JSON.
#[derive(Serialize)]
pub(super) struct PlanRow<'a> {
    output: String,
    container: &'static str,
    start: f64,
    duration: f64,
    estimated_bytes: u64,
    tracks: Vec<TrackPlanRow>,
    chapters: Vec<ChapterRow<'a>>,
    omissions: Vec<OmissionRow<'a>>,
}

#[derive(Serialize)]
struct TrackPlanRow {
    track: u32,
    kind: String,
    source: String,
    fate: &'static str,
    target: Option<String>,
    encoder: Option<String>,
    reason: String,
}

#[derive(Serialize)]
struct ChapterRow<'a> {
    start: f64,
    end: f64,
    title: &'a str,
}

impl<'a> ChapterRow<'a> {
    fn new(chapter: &'a Chapter) -> Self {
        let range = chapter.range;
        let (start, end) = (range.start.to_seconds_lossy(), range.end().to_seconds_lossy());
        Self { start, end, title: &chapter.title }
    }
}

impl<'a> PlanRow<'a> {
    pub(super) fn new(plan: &'a Plan, destination: &Destination) -> Self {
        let row = |track: &reelwright::TrackPlan| TrackPlanRow {
            track: track.source,
            kind: track.media.name(),
            source: track.summary.clone(),
            fate: track.fate.name(),
            target: target(&track.fate),
            encoder: match &track.fate {
                Fate::EncodeVideo(video) => Some(video.encoder.id.clone()),
                Fate::EncodeAudio(audio) => Some(audio.encoder.id.clone()),
                _ => None,
            },
            reason: track.reason.to_string(),
        };
        Self {
            output: destination.to_string(),
            container: plan.file_type.name(),
            start: plan.range.start.to_seconds_lossy(),
            duration: plan.range.duration.to_seconds_lossy(),
            estimated_bytes: plan.estimated_bytes,
            tracks: plan.tracks.iter().map(row).collect(),
            chapters: plan.chapters.iter().map(ChapterRow::new).collect(),
            omissions: plan.omissions().map(OmissionRow::new).collect(),
        }
    }
}

/// What an encode will make, in a few words.
fn target(fate: &Fate) -> Option<String> {
    match fate {
        Fate::EncodeVideo(video) => {
            let rate = match video.settings.rate {
                reelwright::codec::VideoRate::Average(rate) => format!("{} kbit/s", rate / 1000),
                reelwright::codec::VideoRate::Quality(quality) => format!("quality {quality}"),
            };
            let tone = if video.tone_mapped { ", HDR tone-mapped to SDR" } else { "" };
            let frames =
                video.frame_rate.map(|rate| format!(", {:.3} fps", rate.to_f64())).unwrap_or_default();
            let fields = match video.settings.field_order {
                FieldOrder::Progressive => "",
                FieldOrder::TopFirst => ", interlaced, top field first",
                FieldOrder::BottomFirst => ", interlaced, bottom field first",
            };
            let apart = if video.scales_fields() { ", scaled field by field" } else { "" };
            let (codec, size) = (video.settings.codec.name(), video.settings.size);
            Some(format!("{codec} {size} at {rate}{frames}{tone}{fields}{apart}"))
        }
        Fate::EncodeAudio(audio) => Some(format!(
            "{} {} Hz {} at {} kbit/s",
            audio.settings.codec.name(),
            audio.settings.sample_rate,
            audio.settings.layout.name(),
            audio.expected_rate() / 1000
        )),
        _ => None,
    }
}

/// The plan for people; `remark` stands below it.
pub(super) fn text(plan: &Plan, destination: &Destination, remark: Option<&str>) -> String {
    let mut text = format!(
        "{destination}: {}, {} from {}, about {}\n",
        plan.file_type.name(),
        plan.range.duration,
        plan.range.start,
        bytes(plan.estimated_bytes)
    );
    for track in &plan.tracks {
        let target = target(&track.fate).map(|target| format!(" -> {target}")).unwrap_or_default();
        text += &format!(
            "  track {} {} {}: {}{target} ({})\n",
            track.source,
            track.media,
            track.summary,
            track.fate.name(),
            track.reason
        );
    }
    if !plan.chapters.is_empty() {
        text += &format!("  chapters: {}\n", plan.chapters.len());
    }
    for omission in plan.omissions() {
        text += &format!("  lost: {omission}\n");
    }
    text + &remark.map(|remark| format!("  note: {remark}\n")).unwrap_or_default()
}
