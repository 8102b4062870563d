use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::corpus;

type Stream = HashMap<String, String>;

/// What ffprobe says of the streams of a file, or `None` where it isn't installed.
fn ffprobe(path: &Path) -> Option<Vec<Stream>> {
    let output = Command::new("ffprobe")
        .args(["-v", "quiet", "-show_streams", "-of", "compact=p=0:nk=0"])
        .arg(path)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let fields = |line: &str| {
        line.split('|').filter_map(|f| f.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect()
    };
    Some(text.lines().filter(|line| line.starts_with("index=")).map(fields).collect())
}

fn facts(format: &FormatDescription) -> Vec<(&'static str, String)> {
    match format {
        FormatDescription::Audio(audio) => {
            let mut facts = vec![
                ("sample_rate", audio.sample_rate.to_string()),
                ("channels", audio.channels.to_string()),
            ];
            if let Some(pcm) = audio.pcm {
                let kind = match (pcm.float, pcm.signed) {
                    (true, _) => "f",
                    (_, true) => "s",
                    _ => "u",
                };
                let order = if pcm.bits == 8 { "" } else { ["le", "be"][usize::from(pcm.big_endian)] };
                facts.push(("codec_name", format!("pcm_{kind}{}{order}", pcm.bits)));
            }
            facts
        }
        FormatDescription::Video(video) => {
            let mut facts =
                vec![("width", video.size.width.to_string()), ("height", video.size.height.to_string())];
            let color = video.color;
            facts.extend(color.primaries.name().map(|name| ("color_primaries", name.into())));
            facts.extend(color.transfer.name().map(|name| ("color_transfer", name.into())));
            facts.extend(color.matrix.name().map(|name| ("color_space", name.into())));
            let range = |range| ["tv", "pc"][usize::from(range == reelwright_media::ColorRange::Full)];
            facts.extend(color.range.map(|stated| ("color_range", range(stated).into())));
            facts.extend(video.bit_depth.map(|bits| ("bits_per_raw_sample", bits.to_string())));
            facts.extend(video.pixel_aspect.map(|ratio| ("sample_aspect_ratio", ratio.to_string())));
            facts
        }
        FormatDescription::Data(_) => Vec::new(),
    }
}

/// Facts that ffprobe 5.1 states otherwise, with the reason.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("gopro_max.mp4", "color_range", "colr and parameter sets disagree; ffprobe prefers the latter"),
    ("pixel_hevc_mett.mp4", "color_transfer", "colr and parameter sets disagree; ffprobe prefers the latter"),
    ("pixel_hevc_mett.mp4", "color_space", "colr and parameter sets disagree; ffprobe prefers the latter"),
    ("h264_multi_stsd.mp4", "width", "ffprobe shows the first sample's entry, not the first entry"),
    ("iamf_opus_51.mp4", "sample_rate", "the entry says 0; ffprobe falls back to the timescale"),
    ("ipcm_24le_avc.mp4", "codec_name", "ffprobe 5.1 doesn't know pcmC"),
];

#[test]
fn entries_say_what_ffprobe_says() {
    let (mut compared, mut differences) = (0, Vec::new());
    for path in corpus::paths() {
        let Some(streams) = ffprobe(&path) else {
            eprintln!("SKIPPED: ffprobe is not installed");
            return;
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (family, tracks) = corpus::tracks(&path);
        for ((handler, entries), stream) in tracks.iter().zip(&streams) {
            let Some(entry) = entries.first() else { continue };
            let format = read(entry, *handler, family).unwrap();
            for (key, ours) in facts(&format) {
                let Some(theirs) =
                    stream.get(key).filter(|v| !["N/A", "unknown", "unspecified"].contains(&&v[..]))
                else {
                    continue;
                };
                compared += 1;
                let excused = DIFFERENT.iter().any(|(file, fact, _)| *file == name && *fact == key);
                if ours != *theirs && ours != "unknown" && !excused {
                    differences
                        .push(format!("{name} {}: {key} is {ours} here, {theirs} there", format.tag()));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} of {compared}:\n{}", differences.len(), differences.join("\n"));
    eprintln!("{compared} facts agree");
}
