use reelwright::media::Result;
use reelwright::{Asset, ExportOptions, ExportSession, PRESETS, PresetRow};
use serde::Serialize;

use super::{print_json, print_text};
use crate::args::PresetsArgs;
use crate::progress::bytes;
use crate::source;

#[derive(Serialize)]
struct Row {
    name: &'static str,
    apple: &'static str,
    video: String,
    max_size: Option<String>,
    video_bit_rate: u32,
    audio: String,
    audio_bit_rate: u32,
    keeps_hdr: bool,
    file_types: Vec<&'static str>,
    /// Whether this build has the encoders it takes, and if not, which it lacks.
    available: bool,
    why_not: Option<String>,
    /// Only with a file: whether the preset can be used, and what it would make or why not.
    compatible: Option<bool>,
    outcome: Option<String>,
}

/// Lists the presets, or what each would make of a file.
pub(super) fn run(args: &PresetsArgs) -> Result<()> {
    let asset = args.input.as_deref().map(source::open).transpose()?;
    let rows: Vec<_> = PRESETS.iter().map(|preset| row(preset, asset.as_ref())).collect();
    if args.json {
        return print_json(&rows);
    }
    let listed = |rows: &[Row]| rows.iter().map(listing).collect::<String>();
    let compared = |rows: &[Row]| rows.iter().map(comparison).collect::<String>();
    print_text(&if asset.is_some() { compared(&rows) } else { HEADINGS.to_owned() + &listed(&rows) })
}

const HEADINGS: &str = "name            video   box          sound   Apple's name\n";

fn listing(row: &Row) -> String {
    let size = match (&row.max_size, row.video.as_str()) {
        (Some(size), _) => size,
        (None, "none") => "",
        (None, _) => "source size",
    };
    let lacking = if row.available { "" } else { " (not in this build)" };
    let Row { name, video, audio, apple, .. } = row;
    format!("{name:<15} {video:<7} {size:<12} {audio:<7} {apple}{lacking}\n")
}

fn comparison(row: &Row) -> String {
    let mark = if row.compatible == Some(true) { "yes" } else { "no " };
    format!("{:<15} {mark}  {}\n", row.name, row.outcome.as_deref().unwrap_or_default())
}

fn row(preset: &PresetRow, asset: Option<&Asset>) -> Row {
    let why_not = preset.preset.why_not_with(&crate::codecs::registry());
    let outcome = asset.map(|asset| outcome(preset, asset));
    Row {
        name: preset.name,
        apple: preset.apple,
        video: preset.video.map_or_else(
            || if preset.audio.is_none() { "copied".into() } else { "none".into() },
            |codec| codec.name(),
        ),
        max_size: preset.max_size.map(|size| size.to_string()),
        video_bit_rate: preset.video_rate,
        audio: preset.audio.map_or_else(|| "copied".into(), |codec| codec.name()),
        audio_bit_rate: preset.audio.map_or(0, |_| preset.audio_rate),
        keeps_hdr: preset.keeps_hdr,
        file_types: preset.file_types.iter().map(|kind| kind.extensions()[0]).collect(),
        available: why_not.is_none(),
        why_not: why_not.map(|error| error.message().to_owned()),
        compatible: outcome.as_ref().map(Result::is_ok),
        outcome: outcome.map(|outcome| outcome.unwrap_or_else(|reason| reason)),
    }
}

/// What the preset would make of the file, or why it can't.
fn outcome(preset: &PresetRow, asset: &Asset) -> Result<String, String> {
    let session =
        ExportSession::new(asset, ExportOptions::new(preset.preset)).registry(crate::codecs::registry());
    let plan = session.plan(preset.file_types[0]).map_err(|error| error.message().to_owned())?;
    let fates: Vec<_> =
        plan.tracks.iter().map(|track| format!("{} {}", track.fate.name(), track.media)).collect();
    Ok(format!("{}, about {}", fates.join(", "), bytes(plan.estimated_bytes)))
}
