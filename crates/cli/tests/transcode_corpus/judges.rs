//! The foreign decoders and what they say of a file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A time in seconds as ffprobe counts: `value` ticks of `num / den` seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    pub(crate) value: i64,
    pub(crate) num: i64,
    pub(crate) den: i64,
}

impl Tick {
    pub(crate) fn seconds(self) -> f64 {
        self.value as f64 * self.num as f64 / self.den as f64
    }
}

/// The ffmpeg commands at hand: the system's, and a newer one, which alone can judge where sound ends.
pub(crate) struct Ffmpegs {
    pub(crate) system: PathBuf,
    pub(crate) newer: Option<PathBuf>,
}

impl Ffmpegs {
    pub(crate) fn find() -> Option<Self> {
        if !reelwright_judges::runs("ffprobe") {
            reelwright_judges::skip!("ffmpeg is not installed");
            return None;
        }
        let newer = reelwright_judges::newer_ffmpeg();
        if newer.is_none() {
            reelwright_judges::skip!("no newer ffmpeg: pip install imageio-ffmpeg, or name one in FFMPEG9");
        }
        Some(Self { system: "ffmpeg".into(), newer })
    }

    /// The better judge of what a file holds.
    pub(crate) fn best(&self) -> &Path {
        self.newer.as_deref().unwrap_or(&self.system)
    }

    /// Both.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(self.system.as_path()).chain(self.newer.as_deref())
    }
}

/// What a decoder of ffmpeg complains of when it decodes every picture and all sound of `file`; empty where nothing.
pub(crate) fn complaints(ffmpeg: &Path, file: &Path) -> Vec<String> {
    let output = Command::new(ffmpeg)
        .args(["-nostdin", "-v", "warning", "-xerror", "-err_detect", "explode", "-i"])
        .arg(file)
        .args(["-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Lines begin with the part that speaks and its address.
    let words = |line: &str| line.split_once("] ").map_or(line, |(_, words)| words).trim().to_owned();
    let mut said: Vec<_> = said.lines().map(words).filter(|line| !line.is_empty()).collect();
    if said.is_empty() && !output.status.success() {
        said.push(output.status.to_string());
    }
    said
}

/// What GStreamer's demuxer and OpenH264 say of the pictures; `None` where they aren't installed.
pub(crate) fn gstreamer_complaints(file: &Path, video: bool) -> Option<String> {
    let said =
        gstreamer_says(file, video, if video { "h264parse ! openh264dec" } else { "aacparse ! avdec_aac" })?;
    // OpenH264's decoder knows no fields.
    if !said.contains("frame_mbs_only_flag (0) not supported") {
        return Some(said);
    }
    gstreamer_says(file, video, "h264parse ! avdec_h264")
}

fn gstreamer_says(file: &Path, video: bool, elements: &str) -> Option<String> {
    let there = elements.split(" ! ").all(|element| {
        let found = Command::new("gst-inspect-1.0").args(["--exists", element]).status();
        found.is_ok_and(|status| status.success())
    });
    if !there {
        reelwright_judges::skip!("GStreamer with {elements} is not installed");
        return None;
    }
    let pipeline = format!(
        "filesrc location={} ! qtdemux name=d d.{}_0 ! queue ! {elements} ! fakesink sync=false",
        file.display(),
        if video { "video" } else { "audio" },
    );
    // A pad that never appears would be waited for without end.
    let output = Command::new("timeout")
        .args(["60", "gst-launch-1.0", "-q"])
        .args(pipeline.split(' '))
        .env("GST_DEBUG", "1,qtdemux:2,h264parse:2,openh264dec:2,aacparse:2,libav:2")
        .env("GST_DEBUG_NO_COLOR", "1")
        .output()
        .unwrap();
    // Said of every sound file: of boxes qtdemux has no name for (and takes `©mak` for one with
    // children), and of tracks without fragments.
    let chatter = ["unknown QuickTime node type", "failed to find fragment defaults", "length too long"];
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = said.lines().filter(|line| !chatter.iter().any(|words| line.contains(words)));
    let said = said.collect::<Vec<_>>().join("; ");
    Some(if said.is_empty() && !output.status.success() { output.status.to_string() } else { said })
}

/// The presentation time of every picture of `stream`, an option of ffmpeg, before `to` seconds, edit list applied.
pub(crate) fn picture_times(file: &Path, stream: &str, to: Option<f64>) -> Vec<Tick> {
    let output = Command::new("ffprobe")
        .args(["-v", "quiet", "-select_streams", stream, "-show_entries"])
        .args(["stream=time_base:frame=pts", "-of", "default=nw=1"])
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let Some((num, den)) = value("time_base").and_then(|base| base.split_once('/')) else {
        return Vec::new();
    };
    let (num, den) = (num.parse().unwrap(), den.parse().unwrap());
    let times = text.lines().filter_map(|line| line.strip_prefix("pts=")?.parse().ok());
    let times = times.map(|value| Tick { value, num, den });
    times.filter(|time| to.is_none_or(|to| time.seconds() < to - 1e-9)).collect()
}

/// Every picture of a stream before `to`, upright, made `width` x `height` and R'G'B' by its own tags.
pub(crate) fn pictures(
    ffmpeg: &Path,
    file: &Path,
    stream: &str,
    to: Option<f64>,
    (width, height): (u32, u32),
) -> Vec<Vec<u8>> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-v", "quiet", "-copyts", "-i"]).arg(file);
    if let Some(to) = to {
        command.args(["-to", &to.to_string()]);
    }
    let filter = format!("scale={width}:{height}:flags=area+accurate_rnd+full_chroma_int,format=rgb24");
    let output = command
        .args(["-map", &format!("0:{stream}"), "-fps_mode", "passthrough", "-vf", &filter])
        .args(["-f", "rawvideo", "-"])
        .output()
        .unwrap();
    output.stdout.chunks_exact((width * height * 3) as usize).map(<[u8]>::to_vec).collect()
}

/// Silence wherever the times of packets leave more than a millisecond open, from time 0 on.
const SILENCE_IN_GAPS: &str = "aresample=48000:async=1:min_hard_comp=0.001:first_pts=0";

/// Sound of a stream as mono at 48 kHz from time 0 of the movie on.
pub(crate) fn timeline_sound(ffmpeg: &Path, file: &Path, stream: &str, to: Option<f64>) -> Vec<f32> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-v", "quiet", "-copyts", "-i"]).arg(file);
    if let Some(to) = to {
        command.args(["-to", &to.to_string()]);
    }
    let output = command
        .args(["-map", &format!("0:{stream}"), "-af", SILENCE_IN_GAPS, "-ac", "1"])
        .args(["-f", "f32le", "-"])
        .output()
        .unwrap();
    output.stdout.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}
