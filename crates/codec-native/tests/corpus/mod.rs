//! Real files, read and decoded by ffmpeg: samples to feed, and what must come out.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // every test program uses another part, and unwraps

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_media::{
    AudioCodec, AudioFormat, CodecConfig, FormatDescription, FourCc, PcmFormat, PixelBuffer, Ratio,
    SampleBuffer, SampleFlags, Size, Time, Timescale, Trim, VideoCodec, VideoFormat,
};

/// The path of a file of the corpus, or `None` (loudly) where it or ffmpeg is missing.
pub fn file(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media").join(name);
    let present = [path.exists(), has("ffmpeg"), has("ffprobe")];
    if present.contains(&false) {
        reelwright_judges::skip!("{name} (file, ffmpeg, ffprobe: {present:?})");
        return None;
    }
    Some(path)
}

/// Whether a program can be run.
pub fn has(program: &str) -> bool {
    Command::new(program).arg("-version").output().is_ok()
}

/// Twenty-four frames of ffmpeg's test picture in a file of its making, which goes with this.
pub struct Made(pub PathBuf);

impl Made {
    /// A file of that name in the temporary folder, coded as `arguments` say; `None` (loudly) without ffmpeg.
    pub fn new(name: &str, size: &str, arguments: &[&str]) -> Option<Self> {
        if !has("ffmpeg") {
            reelwright_judges::skip!("no ffmpeg");
            return None;
        }
        let path = std::env::temp_dir().join(format!("reelwright-{}-{name}", std::process::id()));
        let source = format!("testsrc2=s={size}:r=30");
        let start = ["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-frames:v", "24"];
        run("ffmpeg", &[&start[..], arguments, &[path.to_str().unwrap()]].concat());
        Some(Self(path))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A stream of a file: its format and samples in decode order, edit lists ignored.
pub struct Stream {
    pub format: Arc<FormatDescription>,
    pub samples: Vec<SampleBuffer>,
}

/// The standard output of a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn lines(bytes: Vec<u8>) -> Vec<String> {
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

/// What ffprobe says of the first stream of a kind (`v` or `a`).
fn facts(path: &str, kind: &str) -> impl Fn(&str) -> String {
    let select = format!("{kind}:0");
    let text = lines(run(
        "ffprobe",
        &["-v", "error", "-select_streams", &select, "-show_streams", "-of", "flat", path],
    ));
    move |key: &str| {
        let prefix = format!("streams.stream.0.{key}=");
        let value = text.iter().find_map(|line| line.strip_prefix(&prefix)).unwrap_or("");
        value.trim_matches('"').to_owned()
    }
}

/// The decoder configuration as ffprobe dumps it.
fn extradata(path: &str, kind: &str) -> Vec<u8> {
    let select = format!("{kind}:0");
    let arguments =
        ["-v", "error", "-select_streams", &select, "-show_entries", "stream=extradata", "-show_data", path];
    let mut bytes = Vec::new();
    for line in lines(run("ffprobe", &arguments)) {
        let Some((_, dump)) = line.split_once(": ").filter(|(address, _)| address.len() == 8) else {
            continue;
        };
        let hex: String = dump.chars().take(39).filter(|c| !c.is_whitespace()).collect();
        bytes.extend((0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()));
    }
    bytes
}

/// The first stream of a kind of an MP4 or QuickTime file.
pub fn stream(path: &std::path::Path, kind: &str) -> Stream {
    let path = path.to_str().unwrap();
    let fact = facts(path, kind);
    let number = |key: &str| fact(key).parse::<u32>().unwrap_or(0);
    let config = extradata(path, kind);
    let config = |kind: &[u8; 4]| {
        Some(CodecConfig { kind: FourCc::new(kind), bytes: Bytes::from(config.clone()) })
            .filter(|config| !config.bytes.is_empty())
    };
    let tag: String = fact("codec_tag_string");
    let tag = FourCc(<[u8; 4]>::try_from(tag.as_bytes()).unwrap_or(*b"mp4a"));
    let format = if kind == "v" {
        let size = Size::new(number("width"), number("height"));
        let (codec, config) = match fact("codec_name").as_str() {
            "h264" => (VideoCodec::H264, config(b"avcC")),
            "hevc" => (VideoCodec::Hevc, config(b"hvcC")),
            "av1" => (VideoCodec::Av1, config(b"av1C")),
            "vp8" => (VideoCodec::Vp8, None),
            "vp9" => (VideoCodec::Vp9, None),
            "mjpeg" => (VideoCodec::Jpeg, None),
            other => panic!("no test for {other}"),
        };
        FormatDescription::Video(VideoFormat { config, ..VideoFormat::new(codec, tag, size) })
    } else {
        let channels = u16::try_from(number("channels")).unwrap();
        let (codec, config) = match fact("codec_name").as_str() {
            "aac" => (AudioCodec::Aac, config(b"esds")),
            "alac" => (AudioCodec::Alac, config(b"alac")),
            "mp3" => (AudioCodec::Mp3, None),
            "mp2" => (AudioCodec::Mp2, None),
            "flac" => (AudioCodec::Flac, config(b"dfLa")),
            "opus" => (AudioCodec::Opus, config(b"dOps")),
            "adpcm_ima_qt" => (AudioCodec::Ima4, None),
            pcm if pcm.starts_with("pcm_") => (AudioCodec::Lpcm, None),
            other => panic!("no test for {other}"),
        };
        let pcm = fact("codec_name").strip_prefix("pcm_").map(|name| PcmFormat {
            bits: name[1..3].trim_end_matches(['l', 'b']).parse().unwrap(),
            float: name.starts_with('f'),
            big_endian: name.ends_with("be"),
            signed: !name.starts_with('u'),
        });
        FormatDescription::Audio(AudioFormat {
            config,
            pcm,
            ..AudioFormat::new(codec, tag, number("sample_rate"), channels)
        })
    };
    let format = Arc::new(format);
    let timescale = fact("time_base").split_once('/').and_then(|(_, den)| den.parse().ok()).unwrap();
    let samples = packets(path, kind, Timescale::or_one(timescale), &format);
    Stream { format, samples }
}

/// What has ffmpeg ignore edit lists, for files that have some.
fn edits_ignored(path: &str) -> &'static [&'static str] {
    let none = [".mp3", ".flac", ".ivf"].iter().any(|end| path.ends_with(end));
    if none { &[] } else { &["-ignore_editlist", "1"] }
}

fn packets(path: &str, kind: &str, scale: Timescale, format: &Arc<FormatDescription>) -> Vec<SampleBuffer> {
    let file = Bytes::from(std::fs::read(path).unwrap());
    let select = format!("{kind}:0");
    let mut arguments = vec!["-v", "error", "-select_streams", &select];
    arguments.extend(edits_ignored(path));
    arguments.extend(["-show_packets", "-show_entries", "packet=pts,dts,duration,size,pos,flags"]);
    arguments.extend(["-of", "csv=p=0", path]);
    let mut samples = Vec::new();
    for line in lines(run("ffprobe", &arguments)) {
        let fields: Vec<&str> = line.split(',').collect();
        let [pts, dts, duration, size, pos, flags, ..] = fields[..] else { continue };
        let time = |text: &str| Time::new(text.parse().unwrap_or(0), scale);
        let (size, mut pos): (usize, usize) = (size.parse().unwrap(), pos.parse().unwrap());
        if path.ends_with(".ivf") {
            pos += 12; // The header of a frame: its size and time.
        }
        if pos + size > file.len() {
            break;
        }
        samples.push(SampleBuffer {
            format: format.clone(),
            payload: file.slice(pos..pos + size).into(),
            dts: time(dts),
            pts: time(pts),
            duration: time(duration),
            flags: if flags.starts_with('K') { SampleFlags::SYNC } else { SampleFlags::NOT_SYNC },
            trim: Trim::default(),
        });
    }
    samples
}

/// One picture as ffmpeg decodes it: presentation time in ticks, bytes, and their Adler-32 from 0 on.
pub type Digest = (i64, usize, u32);

/// Every picture of the first video stream, in ffmpeg's own pixel format, edit lists and rotation ignored.
pub fn expected_pictures(path: &std::path::Path) -> Vec<Digest> {
    let path = path.to_str().unwrap();
    let mut arguments = vec!["-v", "error", "-noautorotate"];
    arguments.extend(edits_ignored(path));
    arguments.extend([
        "-copyts",
        "-flags",
        "bitexact",
        "-i",
        path,
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-enc_time_base",
        "-1",
        "-f",
        "framecrc",
        "-",
    ]);
    let mut out = Vec::new();
    for line in lines(run("ffmpeg", &arguments)) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [_, _, pts, _, size, crc] = fields[..] else { continue };
        let crc = u32::from_str_radix(crc.trim_start_matches("0x"), 16).unwrap();
        out.push((pts.parse().unwrap(), size.parse().unwrap(), crc));
    }
    out
}

/// The same digest of one of our pictures.
pub fn digest(picture: &PixelBuffer, pts: i64) -> Digest {
    let (mut a, mut b, mut size) = (0u32, 0u32, 0);
    for index in 0..picture.format.planes() {
        let (_, rows) = picture.format.plane_size(index, picture.size);
        for y in 0..rows {
            let row = picture.row(index, y);
            size += row.len();
            for &byte in row {
                a = (a + u32::from(byte)) % 65521;
                b = (b + a) % 65521;
            }
        }
    }
    (pts, size, b << 16 | a)
}

/// Interleaved samples, as floats, of the first audio stream as ffmpeg decodes it, edit lists ignored; with the decoder
/// of that name, or its own choice.
pub fn expected_pcm(path: &std::path::Path, decoder: Option<&str>) -> Vec<f32> {
    let path = path.to_str().unwrap();
    let mut arguments = vec!["-v", "error"];
    arguments.extend(decoder.into_iter().flat_map(|decoder| ["-c:a", decoder]));
    arguments.extend(edits_ignored(path));
    arguments.extend(["-flags2", "skip_manual", "-i", path, "-map", "0:a:0", "-f", "f32le", "-"]);
    let bytes = run("ffmpeg", &arguments);
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// One frame rate for many tests.
pub const RATE: Ratio = Ratio { num: 30, den: 1 };
