//! Decodes a movie's video and prints each picture's time, size and average brightness.
//!
//!     cargo run --release --example read_frames -- phone.mov

use reelwright::Asset;
use reelwright::media::PixelFormat;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asset = Asset::open(std::env::args().nth(1).ok_or("usage: read_frames MOVIE")?)?;
    let video = asset.movie().tracks.iter().find(|track| track.formats[0].as_video().is_some());
    for frame in asset.frames(video.ok_or("no video")?.id).format(PixelFormat::Bgra).upright().open()? {
        let frame = frame?;
        let size = frame.pixels.size;
        let rows = (0..size.height as usize).flat_map(|row| frame.pixels.row(0, row));
        let sum: u64 = rows.map(|&byte| u64::from(byte)).sum();
        println!("{}  {size}  brightness {}", frame.pts, sum / (size.area() * 4));
    }
    Ok(())
}
