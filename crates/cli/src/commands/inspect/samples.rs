use std::fmt::{self, Write};

use reelwright::Asset;
use reelwright::media::{Result, Rounding, Time};

use super::TextOutput;

/// A line a sample: track, index, decode and presentation time in ticks, duration, size, offset, sync.
pub(super) fn print(asset: &Asset, out: &mut TextOutput) -> Result<()> {
    let mut print = |line: fmt::Arguments<'_>| out.write_fmt(line).is_ok();
    let mut listens = print(format_args!("track  index  dts  pts  duration  bytes  offset  flags\n"));
    for track in &asset.movie().tracks {
        let ticks = |time: Time| time.ticks_in(track.timescale, Rounding::Nearest).unwrap_or(0);
        let mut cursor = asset.cursor(track.id)?;
        let mut index = 0u64;
        while listens && let Some(sample) = cursor.next_sample()? {
            let (dts, pts, duration) = (ticks(sample.dts), ticks(sample.pts), ticks(sample.duration));
            let bytes = sample.payload.len();
            let offset =
                sample.payload.source_offset().map_or_else(|| "-".to_owned(), |offset| offset.to_string());
            let flag = match sample.flags {
                flags if flags.sync => 'K',
                flags if flags.partial_sync => 'k',
                _ => '-',
            };
            let id = track.id;
            listens =
                print(format_args!("{id}  {index}  {dts}  {pts}  {duration}  {bytes}  {offset}  {flag}\n"));
            index += 1;
        }
    }
    Ok(())
}
