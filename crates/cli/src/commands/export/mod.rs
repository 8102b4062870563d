//! `reel export`: the movie a preset describes, made out of another one.

mod omission;
mod plan;
mod report;
mod settings;

use reelwright::media::{MediaType, Result};
use reelwright::{ExportSession, FileType, Preset, SizeClass};

use super::cancel_on_interrupt;
use crate::answer::Answer;
use crate::args::ExportArgs;
use crate::destination::{Destination, stem_of};
use crate::{progress, source};

pub(super) use report::print_report;

/// Makes the movie a preset describes out of another one.
pub(super) fn run(args: &ExportArgs, answer: Answer) -> Result<()> {
    let asset = source::open(&args.input)?;
    let preset = preset(args);
    let destination = destination(args, preset)?;
    let options = settings::options(args, &asset, preset, destination.file_type)?;
    destination.refuse_input(&args.input)?;
    let session = ExportSession::new(&asset, options)
        .registry(crate::codecs::registry())
        .cancelled_by(cancel_on_interrupt());
    let encodes = preset.row().video.is_some() && !args.copy_video;
    let remark = |mut fates: Box<dyn Iterator<Item = (MediaType, &str)> + '_>| {
        let copies = encodes && fates.any(|fate| fate == (MediaType::Video, "copy"));
        copies.then_some(COPIED)
    };
    if args.dry_run {
        let plan = session.plan(destination.file_type)?;
        if answer.json {
            return answer.print_json(&plan::PlanRow::new(&plan, &destination));
        }
        let fates = plan.tracks.iter().map(|track| (track.media, track.fate.name()));
        return answer.print(&plan::text(&plan, &destination, remark(Box::new(fates))));
    }
    args.out.refuse_taken(&destination)?;
    let handle = destination.start(session)?;
    let report = progress::follow(handle, args.progress.progress, args.out.quiet || args.out.json)?;
    let fates = report.tracks.iter().map(|track| (track.media, track.fate));
    print_report(&report, &destination, args.out.quiet, answer, remark(Box::new(fates)))
}

/// Said where a preset that encodes had nothing to do.
const COPIED: &str =
    "the pictures are copied: they fit the preset as they are; --reencode encodes them anyway";

fn preset(args: &ExportArgs) -> Preset {
    let stated = args.output.as_deref().map_or(args.out.format, |output| args.out.stated_type(output));
    let audio_only = matches!(stated, Some(FileType::M4a | FileType::M4b)) || args.audio_only;
    let default = if audio_only { Preset::AppleM4a } else { Preset::H264(SizeClass::Hd1080) };
    args.preset.unwrap_or(default)
}

/// Where no output is named it is beside the input: `phone-1280x720.mp4`.
fn destination(args: &ExportArgs, preset: Preset) -> Result<Destination> {
    let usual = preset.file_types()[0];
    if let Some(output) = &args.output {
        return args.out.destination(output, || stem_of(&args.input), usual);
    }
    let file_type = args.out.format.unwrap_or(usual);
    let mut name = stem_of(&args.input)?;
    name.push(format!("-{}.{}", preset.name(), file_type.extensions()[0]));
    Ok(Destination { path: args.input.with_file_name(name), file_type })
}
