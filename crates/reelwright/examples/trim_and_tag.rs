//! Copies ten seconds of a movie under another title: `cargo run --release --example trim_and_tag -- phone.mov out.mp4 "A title"`

use reelwright::media::{Language, MetadataItem, MetadataKey, MetadataValue, Result, Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, MetadataPolicy, Preset};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (input, output) = args.next().zip(args.next()).ok_or("usage: trim_and_tag INPUT OUTPUT.mp4 TITLE")?;
    Ok(run(&input, &output, &args.next().ok_or("no title")?)?)
}

pub(crate) fn run(input: &str, output: &str, title: &str) -> Result<()> {
    let key = MetadataKey::itunes("title").unwrap_or(MetadataKey::QuickTime("title".into()));
    let title =
        MetadataItem { key, value: MetadataValue::Text(title.into()), language: Language::UNDETERMINED };
    let options = ExportOptions::new(Preset::Passthrough)
        .range(TimeRange::from(Time::from_secs(1)..Time::from_secs(11)))
        .metadata(MetadataPolicy::Edit { set: vec![title], remove: Vec::new() });
    let report = ExportSession::new(&Asset::open(input)?, options).export(output, FileType::Mp4)?;
    println!("{} bytes", report.bytes);
    Ok(())
}
