//! Makes a 1280x720 H.264 movie: `cargo run --release --example transcode -- phone.mov out.mp4`

use reelwright::{Asset, ExportSession, FileType, Preset, SizeClass};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(input), Some(output)) = (args.next(), args.next()) else {
        return Err("usage: transcode INPUT OUTPUT.mp4".into());
    };
    let asset = Asset::open(input)?;
    let session = ExportSession::new(&asset, Preset::H264(SizeClass::Hd720));
    for track in session.plan(FileType::Mp4)?.tracks {
        println!("track {}: {} ({})", track.source, track.fate.name(), track.reason);
    }
    let report = session.export(output, FileType::Mp4)?;
    println!("{} bytes in {:.1} s", report.bytes, report.elapsed.as_secs_f64());
    Ok(())
}
