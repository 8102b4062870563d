//! Decodes the first video track and prints when each picture is shown and how bright it is:
//! `cargo run --release --example read_frames -- phone.mov`

use reelwright::media::{MediaType, Time, TimeRange};
use reelwright::{Asset, FrameReader};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let input = std::env::args().nth(1).ok_or("usage: read_frames INPUT")?;
    let asset = Asset::open(input)?;
    let movie = asset.movie();
    let video =
        movie.tracks.iter().find(|track| track.media == MediaType::Video).ok_or("there is no video track")?;
    let everything = TimeRange::new(Time::ZERO, movie.duration);
    let mut reader = FrameReader::new(&asset, video.id, everything, &reelwright::registry())?;
    while let Some(frame) = reader.next_frame()? {
        let row = frame.pixels.row(0, frame.pixels.size.height as usize / 2);
        let mean = row.iter().map(|value| u64::from(*value)).sum::<u64>() / row.len().max(1) as u64;
        println!("{}  {}  {mean}", frame.pts, frame.pixels.size);
    }
    Ok(())
}
