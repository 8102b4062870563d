use reelwright::media::Result;
use reelwright::{ExportOptions, ExportSession, FileType, Preset};

use super::cancel_on_interrupt;
use super::export::print_report;
use crate::answer::Answer;
use crate::args::RemuxArgs;
use crate::destination::stem_of;
use crate::{progress, selection, source, tags};

/// Copies every track into another container: an export with the passthrough preset.
pub(super) fn run(args: &RemuxArgs, answer: Answer) -> Result<()> {
    let asset = source::open(&args.input)?;
    let usual = args.input.extension().and_then(|extension| extension.to_str());
    let usual = usual.and_then(FileType::from_extension).unwrap_or(FileType::Mov);
    let destination = args.out.destination(&args.output, || stem_of(&args.input), usual)?;
    destination.refuse_input(&args.input)?;
    args.out.refuse_taken(&destination)?;
    let mut options = ExportOptions::new(Preset::Passthrough);
    options.strict = args.strict;
    options.overwrite = args.out.policy();
    options.sync = args.out.sync;
    options.index = args.out.index();
    options.tracks = selection::tracks(&args.tracks, asset.movie(), true)?;
    options.metadata = tags::policy(&args.tags, destination.file_type)?;
    let session = ExportSession::new(&asset, options)
        .registry(crate::codecs::registry())
        .cancelled_by(cancel_on_interrupt());
    let handle = destination.start(session)?;
    let report = progress::follow(handle, args.progress.progress, args.out.quiet || args.out.json)?;
    print_report(&report, &destination, args.out.quiet, answer, None)
}
