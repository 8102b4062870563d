use std::path::{Path, PathBuf};
use std::time::Duration;

use reelwright::codec::{EncoderSpecification, RateLimit};
use reelwright::media::{Error, MediaType, Omission, Ratio, Result, Time, TimeRange, VideoCodec};
use reelwright::{
    Asset, ColorPolicy, ExportOptions, ExportSession, ExportState, Fate, FileType, Fit, IndexPlace, Loss,
    Orientation, Plan, Preset, RateChoice, Report, SizeClass, Treatment, average_frame_rate,
};
use serde::Serialize;

use super::{cancel_on_interrupt, print_json, print_text};
use crate::args::{ExportArgs, FitArg};
use crate::failure;
use crate::progress::{ProgressLine, bytes};

/// Makes the movie a preset describes out of another one.
pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let asset = Asset::open(&args.input)?;
    let preset = preset(args);
    let options = options(args, &asset, preset)?;
    let file_type = file_type(args, preset)?;
    let output = output(args, preset, file_type);
    refuse_same_file(&args.input, &output)?;
    let cancel = cancel_on_interrupt();
    let session =
        ExportSession::new(&asset, options).registry(crate::codecs::registry()).cancelled_by(cancel);
    if args.dry_run {
        let plan = session.plan(file_type)?;
        return if args.out.json {
            print_json(&PlanRow::new(&plan, &output))
        } else {
            print_text(&plan_text(&plan, &output))
        };
    }
    if output.exists() && !args.out.overwrite {
        return Err(Error::new(
            reelwright::media::ErrorKind::Exists,
            format!("{} exists already", output.display()),
        ));
    }
    let report = watch(session, &output, file_type, args.out.quiet || args.out.json)?;
    print_report(&report, args.out.json, args.out.quiet)
}

/// Runs the session with a progress line.
pub(super) fn watch(
    session: ExportSession,
    output: &Path,
    file_type: FileType,
    quiet: bool,
) -> Result<Report> {
    let mut line = ProgressLine::new(quiet);
    let handle = session.start(output, file_type);
    for state in handle.states(Some(Duration::from_millis(100))) {
        if let ExportState::Exporting(progress) = state {
            line.update(&progress);
        }
    }
    line.finish();
    handle.wait()
}

fn preset(args: &ExportArgs) -> Preset {
    let audio_only = args.output.as_deref().and_then(extension) == Some(FileType::M4a) || args.audio_only;
    let default = if audio_only { Preset::AppleM4a } else { Preset::H264(SizeClass::Hd1080) };
    args.preset.unwrap_or(default)
}

fn options(args: &ExportArgs, asset: &Asset, preset: Preset) -> Result<ExportOptions> {
    let mut options = ExportOptions::new(preset);
    options.reencode = args.reencode;
    options.strict = args.strict;
    options.overwrite = args.out.overwrite;
    options.sync = args.out.sync;
    options.index = if args.out.network { IndexPlace::First } else { IndexPlace::Last };
    options.range = range(args, asset)?;
    if args.audio_only {
        options.video = Treatment::Drop;
    }
    if args.no_audio {
        options.audio = Treatment::Drop;
    }
    match (options.audio.as_encode_mut(), args.audio_bitrate) {
        (Some(audio), Some(rate)) => (audio.rate, audio.explicit_rate) = (rate, true),
        (None, Some(_)) => return Err(means_nothing(&["--audio-bitrate"], "no sound is encoded")),
        (_, None) => {}
    }
    let asked = video_flags(args);
    match options.video.as_encode_mut() {
        Some(video) => video_options(args, video),
        None if !asked.is_empty() => return Err(means_nothing(&asked, "no video is encoded")),
        None => {}
    }
    if args.reencode && preset == Preset::Passthrough {
        return Err(means_nothing(&["--reencode"], "preset passthrough copies everything"));
    }
    Ok(options)
}

/// The refusal of flags that would be without effect.
fn means_nothing(flags: &[&str], why: &str) -> Error {
    let (mean, leave) = if flags.len() == 1 { ("means", "it") } else { ("mean", "them") };
    Error::misuse(format!("{} {mean} nothing here: {why}", flags.join(", ")))
        .with_hint(format!("leave {leave} out, or choose a preset that encodes, such as --preset 1920x1080"))
}

/// The flags given that only make sense where video is encoded.
fn video_flags(args: &ExportArgs) -> Vec<&'static str> {
    let given = [
        (args.encoder.is_some(), "--encoder"),
        (args.codec.is_some(), "--codec"),
        (args.size.is_some(), "--size"),
        (args.upright, "--upright"),
        (args.color.is_some(), "--color"),
        (args.fps.is_some(), "--fps"),
        (args.video_bitrate.is_some(), "--video-bitrate"),
        (args.max_rate.is_some(), "--max-rate"),
        (args.quality.is_some(), "--quality"),
        (args.keyint.is_some(), "--keyint"),
        (!args.encoder_option.is_empty(), "--encoder-option"),
    ];
    given.into_iter().filter_map(|(given, name)| given.then_some(name)).collect()
}

fn video_options(args: &ExportArgs, video: &mut reelwright::VideoOptions) {
    video.fit = match args.fit {
        FitArg::Display => Fit::Displayed,
        FitArg::Coded => Fit::Coded,
    };
    if args.upright {
        video.orientation = Orientation::TurnPixels;
    }
    if let Some(size) = args.size {
        video.max_size = Some(size);
    }
    if let Some(codec) = args.codec {
        if matches!(codec, VideoCodec::Hevc | VideoCodec::Av1 | VideoCodec::ProRes) {
            video.color = ColorPolicy::Keep;
        }
        video.codec = codec;
    }
    if let Some(color) = args.color {
        video.color = ColorPolicy::Convert(color);
    }
    if let Some(id) = &args.encoder {
        video.encoder = EncoderSpecification::with_id(id);
        if args.codec.is_none()
            && let Some(reelwright::codec::Codec::Video(codec)) =
                crate::codecs::registry().encoders().find(|info| info.id == *id).map(|info| info.codec)
        {
            video.codec = codec;
        }
    }
    if let Some(rate) = args.video_bitrate {
        video.rate = RateChoice::Average(rate);
    }
    if let Some(quality) = args.quality {
        video.rate = RateChoice::Quality(quality);
    }
    if let Some(max_rate) = args.max_rate {
        video.limit = Some(RateLimit { max_rate, buffer: args.buffer.unwrap_or(max_rate.saturating_mul(2)) });
    }
    if let Some(frames) = args.keyint {
        video.key_frames = reelwright::codec::KeyFrames { frames: Some(frames), interval: None };
    }
    video.frame_rate = args.fps;
    video.encoder_options.clone_from(&args.encoder_option);
    let explicit = ["--codec", "--size", "--upright", "--color"];
    video.explicit = video_flags(args).iter().any(|flag| !explicit.contains(flag));
}

/// The wanted part; frames are those of the first video track.
fn range(args: &ExportArgs, asset: &Asset) -> Result<Option<TimeRange>> {
    if args.from.is_none() && args.to.is_none() {
        return Ok(None);
    }
    let movie = asset.movie();
    let video = movie.tracks.iter().find(|track| track.media == MediaType::Video);
    let rate = video
        .and_then(|track| average_frame_rate(track, track.sample_count?))
        .unwrap_or(Ratio { num: 30, den: 1 });
    let from = args.from.map_or(Time::ZERO, |from| from.at(rate));
    let to = args.to.map(|to| to.at(rate));
    if let Some(to) = to.filter(|&to| to <= from) {
        let message = match args.from {
            Some(_) => format!("--to {to} is not after --from {from}"),
            None => format!("--to {to} leaves nothing to export"),
        };
        return Err(Error::misuse(message));
    }
    Ok(Some(TimeRange::between(from, to.unwrap_or(movie.duration))))
}

fn extension(path: &Path) -> Option<FileType> {
    path.extension().and_then(|extension| extension.to_str()).and_then(FileType::from_extension)
}

/// By the output's extension, else the preset's first.
fn file_type(args: &ExportArgs, preset: Preset) -> Result<FileType> {
    let Some(output) = &args.output else { return Ok(preset.row().file_types[0]) };
    extension(output).ok_or_else(|| unknown_extension(output))
}

/// The refusal of an output whose extension names no container.
pub(super) fn unknown_extension(output: &Path) -> Error {
    let names: Vec<_> = FileType::ALL.iter().map(|kind| format!(".{}", kind.extensions()[0])).collect();
    Error::misuse(format!("the name {} doesn't say which container to write", output.display()))
        .with_hint(format!("end it in {}", names.join(", ")))
}

/// The output beside the input where none was named: `phone-1280x720.mp4`.
fn output(args: &ExportArgs, preset: Preset, file_type: FileType) -> PathBuf {
    args.output.clone().unwrap_or_else(|| {
        let stem = args.input.file_stem().unwrap_or_default().to_string_lossy();
        args.input.with_file_name(format!("{stem}-{}.{}", preset.name(), file_type.extensions()[0]))
    })
}

/// An export over its own input would be the end of both.
pub(super) fn refuse_same_file(input: &Path, output: &Path) -> Result<()> {
    match (input.canonicalize(), output.canonicalize()) {
        (Ok(from), Ok(to)) if from == to => Err(Error::misuse("input and output are the same file")
            .with_hint("write to another name, then move it over the original")),
        _ => Ok(()),
    }
}

#[derive(Serialize)]
struct PlanRow<'a> {
    output: String,
    container: &'static str,
    start: f64,
    duration: f64,
    estimated_bytes: u64,
    tracks: Vec<TrackPlanRow>,
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

impl<'a> PlanRow<'a> {
    fn new(plan: &'a Plan, output: &Path) -> Self {
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
            output: output.display().to_string(),
            container: plan.file_type.name(),
            start: plan.range.start.to_seconds_lossy(),
            duration: plan.range.duration.to_seconds_lossy(),
            estimated_bytes: plan.estimated_bytes,
            tracks: plan.tracks.iter().map(row).collect(),
            omissions: plan.omissions().map(omission_row).collect(),
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
            Some(format!("{} {} at {rate}{frames}{tone}", video.settings.codec.name(), video.settings.size))
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

fn plan_text(plan: &Plan, output: &Path) -> String {
    let mut text = format!(
        "{}: {}, {} from {}, about {}\n",
        output.display(),
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
    for omission in plan.omissions() {
        text += &format!("  lost: {omission}\n");
    }
    text
}

#[derive(Serialize)]
struct ReportRow<'a> {
    output: String,
    container: &'static str,
    duration: f64,
    bytes: u64,
    elapsed: f64,
    tracks: Vec<TrackReportRow<'a>>,
    omissions: Vec<OmissionRow<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct TrackReportRow<'a> {
    track: u32,
    output: Option<u32>,
    kind: String,
    source: &'a str,
    fate: &'a str,
    reason: String,
    encoder: Option<&'a str>,
    decoder: Option<&'a str>,
    read: u64,
    decoded: u64,
    written: u64,
    repeated: u64,
    left_out: u64,
    damaged: Option<LossRow<'a>>,
}

#[derive(Serialize)]
struct OmissionRow<'a> {
    track: Option<u32>,
    what: &'static str,
    count: Option<u64>,
    from: Option<f64>,
    to: Option<f64>,
    reason: &'a str,
    text: String,
}

#[derive(Serialize)]
struct LossRow<'a> {
    samples: u64,
    left_out: u64,
    from: f64,
    cause: &'a str,
}

/// Prints what was done; what was lost is said on standard error, however quiet the rest is.
pub(super) fn print_report(report: &Report, json: bool, quiet: bool) -> Result<()> {
    report.omissions.iter().for_each(|omission| failure::warn(&omission.to_string()));
    if json {
        return print_json(&ReportRow {
            output: report.output.display().to_string(),
            container: report.file_type.name(),
            duration: report.duration.to_seconds_lossy(),
            bytes: report.bytes,
            elapsed: report.elapsed.as_secs_f64(),
            tracks: report.tracks.iter().map(track_row).collect(),
            omissions: report.omissions.iter().map(omission_row).collect(),
            notes: &report.notes,
        });
    }
    if quiet {
        return Ok(());
    }
    let mut text = format!(
        "{}: {}, {}, {} in {:.1} s\n",
        report.output.display(),
        report.file_type.name(),
        report.duration,
        bytes(report.bytes),
        report.elapsed.as_secs_f64()
    );
    for track in &report.tracks {
        let encoder = track.encoder.as_ref().map(|encoder| format!(" with {encoder}")).unwrap_or_default();
        let counts = match track.counts.written {
            0 => String::new(),
            written if track.media == MediaType::Video => format!(", {written} frames"),
            _ => String::new(),
        };
        text += &format!(
            "  track {} {} {}: {}{encoder}{counts} ({})\n",
            track.source, track.media, track.summary, track.fate, track.reason
        );
    }
    for note in &report.notes {
        text += &format!("  note: {note}\n");
    }
    print_text(&text)
}

fn track_row(track: &reelwright::TrackReport) -> TrackReportRow<'_> {
    TrackReportRow {
        track: track.source,
        output: track.output,
        kind: track.media.name(),
        source: &track.summary,
        fate: track.fate,
        reason: track.reason.to_string(),
        encoder: track.encoder.as_deref(),
        decoder: track.decoder.as_deref(),
        read: track.counts.read,
        decoded: track.counts.decoded,
        written: track.counts.written,
        repeated: track.counts.repeated,
        left_out: track.counts.left_out,
        damaged: track.damaged.as_ref().map(loss_row),
    }
}

fn omission_row(omission: &Omission) -> OmissionRow<'_> {
    let seconds = |time: Time| time.to_seconds_lossy();
    let until = omission.range.filter(|range| !range.is_empty());
    OmissionRow {
        track: omission.track,
        what: omission.what.name(),
        count: omission.what.count(),
        from: omission.range.map(|range| seconds(range.start)),
        to: until.map(|range| seconds(range.end())),
        reason: &omission.reason,
        text: omission.to_string(),
    }
}

fn loss_row(loss: &Loss) -> LossRow<'_> {
    let Loss { samples, left_out, from, cause } = loss;
    LossRow { samples: *samples, left_out: *left_out, from: from.to_seconds_lossy(), cause }
}
