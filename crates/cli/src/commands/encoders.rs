use reelwright::codec::{Codec, EncoderInfo};
use reelwright::media::Result;
use serde::Serialize;

use super::{print_json, print_text};
use crate::args::EncodersArgs;

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    kind: &'static str,
    codec: String,
    provider: &'a str,
    licence: &'static str,
    hardware: bool,
    speed: String,
    quality: String,
    reordering: bool,
    profiles: Vec<String>,
    options: Vec<&'a str>,
}

/// Lists the encoders of this build.
pub(super) fn run(args: &EncodersArgs) -> Result<()> {
    let registry = crate::codecs::registry();
    let rows: Vec<_> = registry.encoders().map(row).collect();
    if args.json {
        return print_json(&rows);
    }
    let mut text = format!(
        "{:<16} {:<16} {:<8} {:<11} {:<8} {:<7} name\n",
        "id", "codec", "from", "licence", "speed", "quality"
    );
    for row in &rows {
        let hardware = if row.hardware { " (hardware)" } else { "" };
        text += &format!(
            "{:<16} {:<16} {:<8} {:<11} {:<8} {:<7} {}{hardware}\n",
            row.id, row.codec, row.provider, row.licence, row.speed, row.quality, row.name
        );
    }
    let order: Vec<_> = registry.providers().collect();
    text += &format!(
        "\nProviders are asked in this order: {}. Of a provider's encoders that fit, the one of the best quality\n\
         is taken, in real time the fastest; AAC is made by aac, whichever comes first. --encoder ID takes another.\n",
        order.join(", ")
    );
    print_text(&text)
}

fn row(info: &EncoderInfo) -> Row<'_> {
    Row {
        id: &info.id,
        name: &info.name,
        kind: if matches!(info.codec, Codec::Video(_)) { "video" } else { "audio" },
        codec: info.codec.name(),
        provider: info.provider,
        licence: info.licence.name(),
        hardware: info.hardware,
        speed: format!("{:?}", info.speed).to_lowercase(),
        quality: format!("{:?}", info.quality).to_lowercase(),
        reordering: info.reordering,
        profiles: info.profiles.iter().map(|profile| format!("{profile:?}")).collect(),
        options: info.options.iter().map(|(name, _)| *name).collect(),
    }
}
