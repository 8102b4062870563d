//! Writes one picture of a movie as a PPM image: `cargo run --release --example thumbnail -- phone.mov 3 out.ppm`

use reelwright::media::{Color, Error, PixelFormat, Result, Size, Time};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [input, seconds, output] = args.as_slice() else { return Err("give MOVIE SECONDS OUT.ppm".into()) };
    Ok(std::fs::write(output, run(input, Time::from_secs(seconds.parse()?))?)?)
}

pub(crate) fn run(input: &str, time: Time) -> Result<Vec<u8>> {
    let asset = reelwright::Asset::open(input)?;
    let video = asset.movie().tracks.iter().find(|track| track.formats[0].as_video().is_some());
    let frames = asset.frames(video.map_or(0, |track| track.id)).range(time..).upright();
    let mut frames =
        frames.max_size(Size::new(320, 320)).format(PixelFormat::Rgba).color(Color::BT709).open()?;
    let pixels = frames.next().ok_or_else(|| Error::misuse("the movie ends before"))??.pixels;
    let mut image = format!("P6 {} {} 255\n", pixels.size.width, pixels.size.height).into_bytes();
    let rows = (0..pixels.size.height as usize).flat_map(|row| pixels.row(0, row).chunks_exact(4));
    image.extend(rows.flat_map(|pixel| &pixel[..3]));
    Ok(image)
}
