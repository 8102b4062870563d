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
            reelwright_judges::skip!("ffprobe is not installed");
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

/// Entries of the corpus that the other family has no way to say, by codec.
fn is_refused(format: &FormatDescription, family: BoxFamily) -> bool {
    match format {
        FormatDescription::Audio(audio) => {
            let unsigned = audio.pcm.is_some_and(|pcm| pcm.bits == 8);
            family == BoxFamily::Iso && (unsigned || audio.codec == reelwright_media::AudioCodec::Ima4)
        }
        FormatDescription::Video(video) => {
            video.entry.is_none() && (video.config.is_none() || &video.tag.0 == b"encv")
        }
        FormatDescription::Data(_) => false,
    }
}

/// The format without what a change of family changes by design.
fn essence(format: &FormatDescription) -> FormatDescription {
    let mut format = format.clone();
    match &mut format {
        FormatDescription::Audio(audio) => {
            audio.entry = None;
            audio.tag = FourCc::default();
            audio.layout = None;
            audio.bytes_per_packet = 0;
            audio.bit_rate = (0, 0);
            if audio.pcm.is_none() && audio.codec != reelwright_media::AudioCodec::Alac {
                audio.bits = None;
            }
        }
        FormatDescription::Video(video) => {
            video.entry = None;
            video.field_order = None;
            // `nclc` has no range.
            video.color.range = None;
        }
        FormatDescription::Data(data) => data.entry = None,
    }
    format
}

fn without_entry(format: &FormatDescription) -> FormatDescription {
    let mut format = format.clone();
    match &mut format {
        FormatDescription::Audio(audio) => audio.entry = None,
        FormatDescription::Video(video) => video.entry = None,
        FormatDescription::Data(_) => {}
    }
    format
}

fn other(family: BoxFamily) -> BoxFamily {
    match family {
        BoxFamily::QuickTime => BoxFamily::Iso,
        BoxFamily::Iso => BoxFamily::QuickTime,
    }
}

#[test]
fn entries_are_kept_within_a_family_and_carried_into_the_other() {
    for path in corpus::paths() {
        let (family, tracks) = corpus::tracks(&path);
        for (handler, entry) in tracks.iter().flat_map(|(h, entries)| entries.iter().map(move |e| (*h, e))) {
            let format = read(entry, handler, family).unwrap();
            let mut expected = entry.to_vec();
            expected[14..16].copy_from_slice(&[0, 1]);
            assert_eq!(write(&format, family).unwrap(), expected, "{}", path.display());
            let place = format!("{} {}", path.display(), format.tag());
            for (format, family) in [
                (format.clone(), other(family)),
                (without_entry(&format), family),
                (without_entry(&format), other(family)),
            ] {
                match write(&format, family) {
                    Ok(bytes) => {
                        let again = read(&bytes.into(), handler, family).unwrap();
                        assert_eq!(essence(&again), essence(&format), "{place} to {family:?}");
                    }
                    Err(error) => {
                        let unknown = matches!(
                            &format,
                            FormatDescription::Audio(audio)
                                if matches!(audio.codec, reelwright_media::AudioCodec::Other(_))
                        );
                        assert!(unknown || is_refused(&format, family), "{place} to {family:?}: {error}");
                    }
                }
            }
        }
    }
}

/// Formats of the corpus, written anew for both families: a foreign reader must find the same in the result.
#[test]
fn ffprobe_reads_what_is_written() {
    let mut seen = Vec::new();
    for path in corpus::paths() {
        let (family, tracks) = corpus::tracks(&path);
        for (handler, entries) in &tracks {
            let Some(format) = entries.first().and_then(|entry| read(entry, *handler, family).ok()) else {
                continue;
            };
            let name: &[u8; 4] = match format {
                FormatDescription::Audio(_) => b"soun",
                FormatDescription::Video(_) => b"vide",
                FormatDescription::Data(_) => continue,
            };
            if seen.contains(&format.tag())
                || matches!(&format.tag().0, b"encv" | b"vvc1" | b"ipcm" | b"fpcm" | b"iamf")
            {
                continue;
            }
            seen.push(format.tag());
            for target in [BoxFamily::QuickTime, BoxFamily::Iso] {
                let Ok(entry) = write(&without_entry(&format), target) else { continue };
                let again = read(&entry.clone().into(), *handler, target).unwrap();
                let file = corpus::file_of(&entry, name, target, &[]);
                let extension = if target == BoxFamily::QuickTime { "mov" } else { "mp4" };
                let path = corpus::scratch(&format!("{}.{extension}", format.tag()), &file);
                let streams = ffprobe(&path);
                std::fs::remove_file(&path).unwrap();
                let Some(streams) = streams else { return };
                let stream =
                    streams.first().unwrap_or_else(|| panic!("no stream: {} {target:?}", format.tag()));
                for (key, ours) in facts(&again) {
                    let theirs = stream.get(key).map_or("N/A", |value| value);
                    let silent = ["N/A", "unknown", "unspecified", "0"].contains(&theirs);
                    // The rest ffprobe learns by decoding, and there is nothing to decode.
                    let stated = ["width", "height", "sample_rate", "channels", "codec_name"].contains(&key)
                        || key.starts_with("color");
                    let pcm_in_mp4 = target == BoxFamily::Iso && key == "codec_name";
                    if stated && !silent && ours != "unknown" && !pcm_in_mp4 {
                        assert_eq!(ours, theirs, "{key} of {} in {target:?}: {stream:?}", format.tag());
                    }
                }
                eprintln!(
                    "{} {target:?} {:?} {:?}",
                    format.tag(),
                    stream.get("codec_name"),
                    stream.get("channels")
                );
            }
        }
    }
}

/// ffprobe's stream of a file with the format's entry.
fn foreign(format: &FormatDescription, family: BoxFamily) -> Option<Stream> {
    let name = if format.as_video().is_some() { b"vide" } else { b"soun" };
    let entry = write(format, family).unwrap();
    let again = read(&entry.clone().into(), FourCc::new(name), family).unwrap();
    assert_eq!(essence(&again), essence(format));
    let layout = |format: &FormatDescription| format.as_audio().and_then(|audio| audio.layout.clone());
    if layout(format).is_some() {
        assert_eq!(layout(&again), layout(format));
    }
    let path = corpus::scratch(
        &format!("new-{family:?}-{}.mp4", format.tag()),
        &corpus::file_of(&entry, name, family, &[]),
    );
    let streams = ffprobe(&path);
    std::fs::remove_file(path).unwrap();
    streams.map(|streams| streams.into_iter().next().expect("a stream"))
}

#[test]
fn pcm_of_every_kind() {
    use reelwright_media::{AudioFormat, Channel, ChannelLayout, PcmFormat};
    let of = |bits, float, big_endian| PcmFormat { bits, float, big_endian, signed: true };
    for (pcm, rate, channels) in [
        (of(16, false, false), 44_100, 2),
        (of(16, false, true), 48_000, 1),
        (of(24, false, false), 96_000, 6),
        (of(24, false, true), 48_000, 2),
        (of(32, false, false), 192_000, 8),
        (of(32, true, false), 48_000, 2),
        (of(64, true, true), 48_000, 2),
    ] {
        let mut audio = AudioFormat::lpcm(pcm, rate, channels);
        audio.layout = ChannelLayout::default_for(channels);
        let format = FormatDescription::Audio(audio.clone());
        for family in [BoxFamily::QuickTime, BoxFamily::Iso] {
            let Some(stream) = foreign(&format, family) else { return };
            let wanted = if rate > 65_535 && family == BoxFamily::Iso { 48_000 } else { rate };
            // Beyond 16 bits MP4 leaves the rate to the timescale, which is 48000 here.
            assert_eq!(stream["sample_rate"], wanted.to_string(), "{pcm:?} {family:?}");
            assert_eq!(stream["channels"], channels.to_string(), "{pcm:?} {family:?}");
            if family == BoxFamily::QuickTime {
                let kind = if pcm.float { "f" } else { "s" };
                let order = if pcm.big_endian { "be" } else { "le" };
                assert_eq!(stream["codec_name"], format!("pcm_{kind}{}{order}", pcm.bits));
            }
        }
        // An order no tag stands for.
        audio.layout = Some(ChannelLayout::new(vec![Channel::TopFrontLeft; usize::from(channels)]));
        let format = FormatDescription::Audio(audio);
        for family in [BoxFamily::QuickTime, BoxFamily::Iso] {
            _ = foreign(&format, family);
        }
    }
    let unsigned = PcmFormat { signed: false, ..of(8, false, false) };
    let format = FormatDescription::Audio(AudioFormat::lpcm(unsigned, 22_050, 1));
    assert_eq!(write(&format, BoxFamily::Iso).unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(foreign(&format, BoxFamily::QuickTime).is_none_or(|stream| stream["codec_name"] == "pcm_u8"));
}

#[test]
fn video_with_everything() {
    use reelwright_media::*;
    let mut video = VideoFormat::new(VideoCodec::ProRes, FourCc::new(b"apch"), Size::new(1920, 1080));
    video.bit_depth = Some(10);
    video.pixel_aspect = Ratio::new(4, 3);
    video.clean_aperture =
        Some(CleanAperture { width: (1888, 1), height: (1062, 1), offset_x: (0, 1), offset_y: (-1, 2) });
    video.color = Color {
        primaries: ColorPrimaries::BT2020,
        transfer: TransferFunction::PQ,
        matrix: ColorMatrix::BT2020,
        range: Some(ColorRange::Video),
        siting: None,
    };
    video.icc_profile = Some(Bytes::from_static(b"profile"));
    video.mastering = Some(MasteringDisplay {
        primaries: [(13_250, 34_500), (7_500, 3_000), (34_000, 16_000)],
        white: (15_635, 16_450),
        max_luminance: 10_000_000,
        min_luminance: 1,
    });
    video.content_light = Some(ContentLight { max: 1000, max_frame_average: 400 });
    video.ambient = Some(AmbientViewing { illuminance: 3_140_000, light: (15_635, 16_450) });
    let format = FormatDescription::Video(video.clone());
    for family in [BoxFamily::QuickTime, BoxFamily::Iso] {
        let Some(stream) = foreign(&format, family) else { return };
        assert_eq!(stream["codec_name"], "prores");
        assert_eq!(stream["color_transfer"], "smpte2084");
        assert_eq!(stream["color_primaries"], "bt2020");
        assert_eq!(stream["sample_aspect_ratio"], "4:3");
    }
    for (order, detail) in [(FieldOrder::TopFirst, "tb"), (FieldOrder::BottomFirst, "bt")] {
        video.field_order = Some(order);
        let Some(stream) = foreign(&FormatDescription::Video(video.clone()), BoxFamily::QuickTime) else {
            return;
        };
        assert_eq!(stream["field_order"], detail);
    }
    video.codec = VideoCodec::H264;
    let error = write(&FormatDescription::Video(video), BoxFamily::Iso).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[test]
fn hostile_entries_neither_panic_nor_loop() {
    let mut entries = Vec::new();
    for path in corpus::paths() {
        let (family, tracks) = corpus::tracks(&path);
        entries.extend(
            tracks.into_iter().filter_map(|(handler, list)| Some((family, handler, list.first()?.clone()))),
        );
    }
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for (family, handler, entry) in entries {
        for _ in 0..60 {
            let mut bytes = entry.to_vec();
            for _ in 0..=random(4) {
                let at = 8 + random(bytes.len().min(300) - 8);
                bytes[at] = [0, 0xFF, 0x7F, 0x80, 1][random(5)];
            }
            let length = if random(2) == 0 { bytes.len() } else { 8 + random(bytes.len() - 8) };
            bytes.truncate(length);
            bytes[..4].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
            if let Ok(format) = read(&bytes.into(), handler, family) {
                for format in [&format, &without_entry(&format)] {
                    for family in [family, other(family)] {
                        assert!(
                            write(format, family).map_or(0, |bytes| bytes.len()) < entry.len() * 2 + 4096
                        );
                    }
                }
            }
        }
    }
}

/// A single channel may be one of a film's: the entry says which, of whatever codec.
#[test]
fn a_single_channel_keeps_its_label() {
    use reelwright_media::Channel;

    use crate::Writer;

    let mut w = Writer::new();
    w.write_box(b"sowt", |w| {
        w.zeros(6);
        w.u16(1);
        w.zeros(8);
        w.u16(1);
        w.u16(16);
        w.zeros(4);
        w.u32(48_000 << 16);
    });
    let plain = w.into_bytes();
    for (tag, label) in [(b"sowt", Channel::Left), (b"ulaw", Channel::Lfe), (b"mp4a", Channel::SideRight)] {
        for bitmap in [true, false] {
            let number = match label {
                Channel::Left => 1,
                Channel::Lfe => 4,
                _ => 6u32,
            };
            let mut entry = plain.clone();
            entry[4..8].copy_from_slice(tag);
            let mut w = Writer::new();
            w.full_box(b"chan", 0, 0, |w| {
                w.u32(if bitmap { 0x1_0000 } else { 0 });
                w.u32(if bitmap { 1 << (number - 1) } else { 0 });
                w.u32(u32::from(!bitmap));
                if !bitmap {
                    w.u32(number);
                    w.zeros(16);
                }
            });
            entry.extend(w.into_bytes());
            let size = u32::try_from(entry.len()).unwrap();
            entry[..4].copy_from_slice(&size.to_be_bytes());
            let format = read(&entry.into(), b"soun".into(), BoxFamily::QuickTime).unwrap();
            let layout = format.as_audio().unwrap().layout.clone().unwrap();
            assert_eq!(layout.channels(), [label], "{tag:?} {bitmap}");
        }
    }
}
