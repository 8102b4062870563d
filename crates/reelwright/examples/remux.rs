//! Copies every track into another container: `cargo run --release --example remux -- phone.mov out.mp4`

use reelwright::{Asset, ExportSession, FileType, Preset};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(input), Some(output)) = (args.next(), args.next()) else {
        return Err("usage: remux INPUT OUTPUT.mp4|mov".into());
    };
    let extension = output.rsplit('.').next().unwrap_or_default();
    let file_type =
        FileType::from_extension(extension).ok_or("the output must end in .mp4, .mov, .m4v or .m4a")?;
    let report = ExportSession::new(&Asset::open(input)?, Preset::Passthrough).export(output, file_type)?;
    for track in report.tracks {
        println!("track {}: {} ({})", track.source, track.fate, track.reason);
    }
    Ok(())
}
