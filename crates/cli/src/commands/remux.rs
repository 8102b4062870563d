use std::path::Path;

use reelwright::media::{Error, ErrorKind, Result};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, IndexPlace, Preset};

use super::cancel_on_interrupt;
use super::export::{print_report, refuse_same_file, unknown_extension, watch};
use crate::args::RemuxArgs;

/// Copies every track into another container: an export with the passthrough preset.
pub(crate) fn run(args: &RemuxArgs) -> Result<()> {
    let asset = Asset::open(&args.input)?;
    let file_type = file_type(&args.output)?;
    refuse_same_file(&args.input, &args.output)?;
    if args.output.exists() && !args.out.overwrite {
        return Err(Error::new(ErrorKind::Exists, format!("{} exists already", args.output.display())));
    }
    let mut options = ExportOptions::new(Preset::Passthrough);
    options.strict = args.strict;
    options.overwrite = args.out.overwrite;
    options.sync = args.out.sync;
    options.index = if args.out.network { IndexPlace::First } else { IndexPlace::Last };
    let session = ExportSession::new(&asset, options)
        .registry(crate::codecs::registry())
        .cancelled_by(cancel_on_interrupt());
    let report = watch(session, &args.output, file_type, args.out.quiet || args.out.json)?;
    print_report(&report, args.out.json, args.out.quiet)
}

fn file_type(output: &Path) -> Result<FileType> {
    let extension = output.extension().and_then(|extension| extension.to_str());
    extension.and_then(FileType::from_extension).ok_or_else(|| unknown_extension(output))
}
