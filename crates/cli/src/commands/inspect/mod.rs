//! `reel inspect`: what a file holds, for people and as JSON.

mod date;
mod movie;
mod rows;
mod samples;
mod text;
mod video;

use reelwright::media::Result;

use super::{TextOutput, print_json, print_text};
use crate::args::InspectArgs;
use crate::source;

/// Says what a file holds.
pub(super) fn run(args: &InspectArgs) -> Result<()> {
    let mut out = TextOutput::default();
    if args.boxes {
        let printed = source::dump_boxes(&args.input, &mut out);
        return out.finish().and(printed);
    }
    let asset = source::open(&args.input)?;
    if args.samples {
        let printed = samples::print(&asset, &mut out);
        return out.finish().and(printed);
    }
    let report = rows::Report::new(&asset)?;
    if args.json { print_json(&report) } else { print_text(&report.text(&source::name(&args.input))) }
}
