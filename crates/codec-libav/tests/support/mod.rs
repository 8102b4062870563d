//! ffmpeg and ffprobe as the other opinion, and their packets as input, so that nothing here depends on our demuxer.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses some of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, FormatDescription, FourCc, Payload, PixelBuffer, SampleBuffer,
    SampleFlags, Size, Time, Timescale, Trim, VideoCodec, VideoFormat,
};

/// A file of the corpus, or `None` (said loudly) where it or ffmpeg is missing.
pub fn media(name: &str) -> Option<PathBuf> {
    shared(&format!("media/{name}"))
}

/// A file beside the corpus.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if !path.exists() {
        reelwright_judges::skip!("{} is missing", path.display());
        return None;
    }
    have_ffmpeg().then_some(path)
}

/// Whether ffmpeg and ffprobe can be run.
pub fn have_ffmpeg() -> bool {
    let runs = |name: &str| Command::new(name).arg("-version").output().is_ok_and(|out| out.status.success());
    let both = runs("ffmpeg") && runs("ffprobe");
    if !both {
        reelwright_judges::skip!("ffmpeg or ffprobe is missing");
    }
    both
}

/// The standard output of `program`.
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {complaint}");
    output.stdout
}

/// As [`samples`], or `None` where ffprobe finds no such stream or can't read it.
pub fn try_samples(path: &Path, stream: &str) -> Option<(Arc<FormatDescription>, Vec<SampleBuffer>)> {
    let entries =
        ["-v", "error", "-ignore_editlist", "1", "-select_streams", stream, "-show_entries", "packet=size"];
    let probe = Command::new("ffprobe").args(entries).arg(path).output().ok()?;
    (probe.status.success() && !probe.stdout.is_empty()).then(|| samples(path, stream))
}

/// The first stream of a kind (`v:0`, `a:0`) of an MP4 or QuickTime file, as ffprobe sees it, edit lists ignored.
pub fn samples(path: &Path, stream: &str) -> (Arc<FormatDescription>, Vec<SampleBuffer>) {
    let file = path.to_str().unwrap();
    let entries = "stream=codec_name,codec_tag_string,width,height,time_base,sample_rate,channels,extradata";
    let probe = ["-v", "error", "-ignore_editlist", "1", "-select_streams", stream];
    let show = ["-show_entries", entries, "-show_data", "-of", "default=nw=1", file];
    let facts = String::from_utf8(run("ffprobe", &[&probe[..], &show[..]].concat())).unwrap();
    let fact = |name: &str| {
        let line = facts.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_default().to_owned()
    };
    let tag: Vec<u8> = fact("codec_tag_string").bytes().collect();
    let tag = FourCc(tag.get(..4).and_then(|tag| tag.try_into().ok()).unwrap_or(*b"\0\0\0\0"));
    let config = extradata(&facts);
    let config =
        (!config.is_empty()).then(|| CodecConfig { kind: FourCc::new(b"glbl"), bytes: config.into() });
    let number = |name: &str| fact(name).parse::<u32>().unwrap_or(0);
    let format = if stream.starts_with('v') {
        let size = Size::new(number("width"), number("height"));
        let mut format = VideoFormat::new(video_codec(&fact("codec_name"), tag), tag, size);
        format.config = config;
        FormatDescription::Video(format)
    } else {
        let channels = u16::try_from(number("channels")).unwrap();
        let codec = audio_codec(&fact("codec_name"));
        let mut format = AudioFormat::new(codec, tag, number("sample_rate"), channels);
        format.config = config;
        FormatDescription::Audio(format)
    };
    let format = Arc::new(format);
    let scale = fact("time_base").split_once('/').unwrap().1.parse().unwrap();
    let samples = packets(path, &probe, &format, Timescale::new(scale).unwrap());
    (format, samples)
}

fn packets(
    path: &Path,
    probe: &[&str],
    format: &Arc<FormatDescription>,
    scale: Timescale,
) -> Vec<SampleBuffer> {
    let bytes = Bytes::from(std::fs::read(path).unwrap());
    let show = ["-show_entries", "packet=pts,dts,duration,size,pos,flags", "-of", "default=nw=1:nk=0"];
    let list = run("ffprobe", &[probe, &show, &[path.to_str().unwrap()]].concat());
    let list = String::from_utf8(list).unwrap();
    let mut samples: Vec<SampleBuffer> = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in list.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        fields.push((name.to_owned(), value.to_owned()));
        if name != "flags" {
            continue;
        }
        let number = |name: &str| {
            let field = fields.iter().find(|(other, _)| other == name);
            field.and_then(|(_, value)| value.parse::<i64>().ok())
        };
        let (Some(start), Some(len)) = (number("pos"), number("size")) else {
            fields.clear();
            continue;
        };
        let (start, len) = (start as usize, len as usize);
        let time = |ticks| Time::new(ticks, scale);
        samples.push(SampleBuffer {
            format: format.clone(),
            payload: Payload::from(bytes.slice(start..start + len)),
            dts: time(number("dts").or(number("pts")).unwrap()),
            pts: time(number("pts").or(number("dts")).unwrap()),
            duration: time(number("duration").unwrap_or(0)),
            flags: if value.starts_with('K') { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC },
            trim: Trim::default(),
        });
        fields.clear();
    }
    samples
}

/// The bytes of ffprobe's hex dump: an address, groups of digits, then the same as text.
fn extradata(facts: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in facts.lines() {
        let Some((address, rest)) = line.split_once(": ") else { continue };
        if address.len() != 8 || !address.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            continue;
        }
        let digits: String =
            rest.get(..rest.len().min(40)).unwrap().split("  ").next().unwrap().replace(' ', "");
        let pairs = digits.as_bytes().chunks_exact(2);
        bytes.extend(pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()));
    }
    bytes
}

fn video_codec(name: &str, tag: FourCc) -> VideoCodec {
    match name {
        "h264" => VideoCodec::H264,
        "hevc" => VideoCodec::Hevc,
        "av1" => VideoCodec::Av1,
        "vp9" => VideoCodec::Vp9,
        "prores" => VideoCodec::ProRes,
        "mjpeg" => VideoCodec::Jpeg,
        "mpeg4" => VideoCodec::Mpeg4,
        "png" => VideoCodec::Png,
        _ => VideoCodec::Other(tag),
    }
}

fn audio_codec(name: &str) -> AudioCodec {
    match name {
        "aac" => AudioCodec::Aac,
        "alac" => AudioCodec::Alac,
        "flac" => AudioCodec::Flac,
        "opus" => AudioCodec::Opus,
        "mp3" => AudioCodec::Mp3,
        "ac3" => AudioCodec::Ac3,
        "eac3" => AudioCodec::Eac3,
        "amr_nb" => AudioCodec::AmrNb,
        "adpcm_ima_qt" => AudioCodec::Ima4,
        other => panic!("no audio codec {other} in the corpus"),
    }
}

/// ffmpeg's `framecrc` of a picture: Adler-32 of the rows without padding, beginning with 0 instead of 1.
pub fn checksum(picture: &PixelBuffer) -> u32 {
    let (mut a, mut b) = (0_u32, 0_u32);
    for plane in 0..picture.format.planes() {
        let (_, rows) = picture.format.plane_size(plane, picture.size);
        for y in 0..rows {
            for chunk in picture.row(plane, y).chunks(4096) {
                for &byte in chunk {
                    a += u32::from(byte);
                    b += a;
                }
                a %= 65_521;
                b %= 65_521;
            }
        }
    }
    b << 16 | a
}

/// Time in ticks and checksum of every frame that ffmpeg decodes of a stream.
pub fn frames_by_ffmpeg(path: &Path, stream: &str, limit: usize) -> Vec<(i64, u32)> {
    let map = format!("0:{stream}");
    let limit = limit.to_string();
    let arguments = [
        "-v",
        "error",
        "-ignore_editlist",
        "1",
        "-noautorotate",
        "-i",
        path.to_str().unwrap(),
        "-map",
        &map,
        "-copyts",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "-1",
        "-frames:v",
        &limit,
        "-f",
        "framecrc",
        "-",
    ];
    let text = String::from_utf8(run("ffmpeg", &arguments)).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<_> = line.split(',').map(str::trim).collect();
            (fields[2].parse().unwrap(), u32::from_str_radix(&fields[5][2..], 16).unwrap())
        })
        .collect()
}
