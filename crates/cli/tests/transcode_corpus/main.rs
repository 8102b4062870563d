//! Movies of the corpus through `reel export` at 1280x720, judged by foreign decoders: every picture is there, on time,
//! upright and of the right colour; every frame of sound is there; sound and picture keep their distance; nobody complains.
//!
//! `REEL_CORPUS=all` takes every file, not only a few small ones; `REEL_MEDIA=folder` other files; `REEL=path` an
//! optimised `reel`.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod judges;
mod likeness;

use std::path::{Path, PathBuf};
use std::process::Command;

use judges::{Ffmpegs, Tick};
use likeness::{lag, likeness};
use serde_json::Value;

/// What a quick run takes: rotation, mirror, B pictures, edit lists, HDR, interlaced ProRes, odd pixels, PCM, mono, AV1.
const FEW: [&str; 15] = [
    "av1_aac.mp4",
    "iphone_rot90_tapt.mov",
    "matrix_mirror_rot.mp4",
    "edts_avc_aac.mp4",
    "elst_three_segments.mov",
    "elst_empty_first.mp4",
    "elst_ctts_2nd.mov",
    "nal_len2_neg_ctts.mp4",
    "pixel_hlg10.mp4",
    "dv_p81.mp4",
    "twos_avc.mov",
    "quicktime7_aac.mp4",
    "whatsapp_like_h264.mp4",
    "frag_one_moof.mp4",
    "h264_interlaced_crop.mp4",
];

/// Files that can't be exported by the default build, and words of the reason it gives.
const REFUSED: &[(&str, &str)] = &[
    ("bad_chunk_oor.mp4", "it has no samples"),
    ("bad_empty_stsc.mp4", "decoding failed"),
    ("bad_userdata.mp4", "not one sample"),
    ("cbcs_hls.mp4", "it is encrypted"),
    ("chapters.mkv", "4:4:4"),
    ("cineform_tmcd.mov", "no decoder for 'CFHD'"),
    ("cmaf_chunks_init.mp4", "it has no samples"),
    ("cmaf_init_avc3.cmfv", "it has no samples"),
    ("co64_4gb_overflow.mov", "not one sample"),
    ("colr_nclx_icc.mp4", "not 2x2"),
    ("hls_c608.mp4", "nothing of it is in the wanted range"),
    ("itunes_mpeg4_wave.mov", "no decoder for MPEG-4 Visual"),
    ("mjpeg_multi_stsd.mov", "the sample is in another file"),
    ("mp3_in_mp4.mp4", "mono at 384 kbit/s"),
    ("mpeg4_amr.3gp", "no decoder for MPEG-4 Visual"),
    ("neg_ctts_v1.mp4", "4:4:4"),
    ("no_ftyp_large64.mov", "no decoder for MPEG-4 Visual"),
    ("prores_422_interlaced.mov", "no decoder for ProRes"),
    ("prores_4444_alpha_tmcd.mov", "no decoder for ProRes"),
    ("prores_gray_aac.mov", "no decoder for ProRes"),
    ("prores_proxy_interlaced.mov", "no decoder for ProRes"),
    ("qt_mdta_udta.mov", "it has no samples"),
    ("spherical_360.mp4", "4:4:4"),
    ("vvc.mp4", "no decoder for VVC"),
    ("wvtt_elng_init.mp4", "it has no samples"),
];

/// Files, checks and why that check doesn't apply.
const EXEMPT: &[(&str, &str, &str)] = &[
    ("annexb_in_mp4.mp4", "frames", "ffmpeg also shows what is left of the picture the file was cut in"),
    (
        "chapters.mkv",
        "picture",
        "4:4:4 of 38 kbit/s, and so is the copy's rate; ffmpeg's own with x264 is as unlike",
    ),
    (
        "cineform_tmcd.mov",
        "decoders",
        "GStreamer's OpenH264 shows nothing of a single picture; its libav does",
    ),
    ("dvb_hevc_latm.ts", "frames", "ffmpeg also shows pictures that refer to some before the first"),
    ("dvb_hevc_latm.ts", "decoders", "GStreamer takes pictures much shorter than the sound for a preview"),
    ("empty_track.mp4", "samples", "its index gives the last packet no length; the whole packet is decoded"),
    ("frag_rot90_5_1.mp4", "times", "ffmpeg shifts signed offsets of fragments by the least of them"),
    ("h264_multi_stsd.mp4", "shape", "it has two sizes, and ffprobe gives the second"),
    ("h264_multi_stsd.mp4", "picture", "it has two sizes, and ffprobe gives the second"),
    (
        "iTunSMPB_aac.m4a",
        "offset",
        "ffmpeg delays the source by its priming, which it cuts; the sound is periodic",
    ),
    ("ilst_gnre.mp4", "decoders", "GStreamer's OpenH264 shows nothing of a single picture; its libav does"),
    (
        "no_ftyp_large64.mov",
        "decoders",
        "GStreamer's OpenH264 shows nothing of a single picture; its libav does",
    ),
    (
        "prores_4444_alpha_tmcd.mov",
        "decoders",
        "GStreamer's OpenH264 shows nothing of a single picture; its libav does",
    ),
    (
        "prores_4444_alpha_tmcd.mov",
        "picture",
        "one picture of noise at an average rate; ffmpeg's own with x264 is as unlike",
    ),
    ("iphone_hdr_edit_list.mov", "frames", "the edit cuts into a picture, which ffmpeg leaves out"),
];

/// One file on its way through the checks.
struct Case<'a> {
    name: String,
    source: &'a Path,
    output: &'a Path,
    ffmpegs: &'a Ffmpegs,
    /// Seconds of the source that are exported, where not all of it.
    to: Option<f64>,
    facts: Value,
    faults: Vec<String>,
}

impl Case<'_> {
    fn fault(&mut self, check: &str, what: impl std::fmt::Display) {
        match EXEMPT.iter().find(|(file, exempt, _)| *file == self.name && *exempt == check) {
            Some((_, _, why)) => eprintln!("{}: {check}: {what} ({why})", self.name),
            None => self.faults.push(format!("{}: {check}: {what}", self.name)),
        }
    }

    fn track(&self, id: u32) -> Value {
        track(&self.facts, id)
    }

    /// How ffmpeg's options call a stream of the source: Matroska has IDs of its own, and there they are in order.
    fn stream(&self, id: u32) -> String {
        let tracks = self.facts["tracks"].as_array().unwrap();
        match tracks.iter().position(|track| track["id"] == id) {
            Some(index) if self.facts["container"] == "Matroska" => index.to_string(),
            _ => by_id(id),
        }
    }

    /// Every picture is there, at its time.
    fn times(&mut self, from: u32, into: u32) -> usize {
        let mut before = judges::picture_times(self.source, &self.stream(from), self.to);
        let after = judges::picture_times(self.output, &by_id(into), None);
        if self.facts["container"] == "MPEG-TS" {
            // Transport streams count from anywhere: distances are compared.
            let first = before.first().map_or(0, |time| time.value);
            before.iter_mut().for_each(|time| time.value -= first);
        }
        // Matroska rounds the times of a constant rate to milliseconds, and says that it is one.
        let rounded = self.facts["container"] == "Matroska";
        let on_time = |before, after| is_on_time(before, after) || (rounded && is_on_time(after, before));
        let late = before.iter().zip(&after).find(|(before, after)| !on_time(**before, **after));
        if before.len() != after.len() {
            self.fault("frames", format!("{} became {}", before.len(), after.len()));
        } else if let Some((before, after)) = late {
            self.fault("times", format!("{:.6} s became {:.6} s", before.seconds(), after.seconds()));
        }
        after.len()
    }

    /// The picture has its shape, is upright, and of the right colour.
    fn pictures(&mut self, from: u32, into: u32) {
        let (wanted, shape) = (shape(self.source, &self.stream(from)), shape(self.output, &by_id(into)));
        let ((width, height), (wanted_width, wanted_height)) = (shape, wanted);
        if (width / height / (wanted_width / wanted_height) - 1.0).abs() > 0.02 {
            self.fault("shape", format!("{wanted_width}x{wanted_height} became {width}x{height}"));
        }
        let size = if width >= height {
            (96, ((96.0 * height / width / 2.0).round() as u32).max(4) * 2)
        } else {
            (((96.0 * width / height / 2.0).round() as u32).max(4) * 2, 96)
        };
        let ffmpeg = self.ffmpegs.best();
        let before = judges::pictures(ffmpeg, self.source, &self.stream(from), self.to, size);
        let after = judges::pictures(ffmpeg, self.output, &by_id(into), None, size);
        if before.is_empty() || after.is_empty() {
            return self.fault("picture", format!("{} and {} decoded", before.len(), after.len()));
        }
        let alike = likeness(&before, &after);
        let hdr =
            matches!(self.track(from)["color"]["transfer"].as_str(), Some("smpte2084" | "arib-std-b67"));
        let far = alike.bias.iter().any(|bias| bias.abs() > 2.0);
        // Tone mapping is compared elsewhere; here a tone-mapped picture must show the same things.
        let unlike = alike.correlation < 0.9 && alike.mean < 40.0;
        let wrong = if hdr { unlike } else { alike.mean < 30.0 || alike.worst < 24.0 || far };
        eprintln!("{}: {} pictures, {alike:?}", self.name, before.len().min(after.len()));
        if wrong {
            self.fault("picture", format!("{alike:?}"));
        }
    }

    /// No frame of sound is lost or added, and it keeps its distance to time 0, at the end as at the start.
    fn sound(&mut self, from: u32, into: u32) {
        let ffmpeg = self.ffmpegs.best();
        let before = judges::timeline_sound(ffmpeg, self.source, &self.stream(from), self.to);
        let after = judges::timeline_sound(ffmpeg, self.output, &by_id(into), None);
        self.length(from, into, after.len());
        let length = 9600.min(before.len());
        let last = before.len().saturating_sub(length + 2048);
        for (place, from) in [("start", 0), ("end", last)] {
            // 1 ms at 48 kHz.
            match lag(&before, &after, from, length, 2000) {
                Some(lag) if lag.abs() > 48 => self.fault("offset", format!("{lag} samples at the {place}")),
                _ => {}
            }
        }
    }

    /// The sound ends where the source's does, by the file's own statement and by what ffmpeg decodes, at 48 kHz.
    fn length(&mut self, from: u32, into: u32, decoded: usize) {
        // ffmpeg decodes packets that reach beyond the end of an edit whole: the source's own statement counts.
        let source = self.track(from);
        let wanted = end_of(&source).min(self.to.unwrap_or(f64::INFINITY));
        let output = json(&["inspect", "--json"], &[self.output]).unwrap();
        let output = track(&output, into);
        let stated = end_of(&output);
        // Times of edits and packets are often rounded to milliseconds; those of PCM without edits aren't.
        let exact = source["codec_name"] == "PCM" && source["edits"].as_array().is_none_or(Vec::is_empty);
        if (stated - wanted).abs() > if exact { 1.5 / 44_100.0 } else { 0.001 } {
            self.fault("samples", format!("{wanted:.6} s became {stated:.6} s"));
        }
        // Where sound begins late ffmpeg may cut the last packet at the media's length, or not cut it: in its own files,
        // too.
        let media = output["media_duration"]["seconds"].as_f64().unwrap_or(0.0);
        let late = output["start"]["seconds"].as_f64().is_some_and(|start| start > 0.0);
        if self.ffmpegs.newer.is_none() {
            // Older ones decode the last packet whole, whatever the edit list says. That none is here was said.
            return;
        }
        let is_heard = |seconds: f64| (seconds * 48_000.0 - decoded as f64).abs() <= 1.5;
        let packet = 1024.0 / output["sample_rate"].as_f64().unwrap_or(48_000.0);
        let whole = stated < decoded as f64 / 48_000.0 && decoded as f64 / 48_000.0 < stated + packet;
        if !is_heard(stated) && !(late && (whole || is_heard(stated.min(media)))) {
            self.fault("samples", format!("{:.0} stated, {decoded} decoded at 48 kHz", stated * 48_000.0));
        }
    }

    /// Nobody complains.
    fn decoders(&mut self, video: bool, audio: bool) {
        for ffmpeg in self.ffmpegs.all() {
            // What is carried over may be complained of in the source already.
            let own = judges::complaints(ffmpeg, self.source);
            let said = judges::complaints(ffmpeg, self.output);
            let new: Vec<_> = said.iter().filter(|line| !own.contains(line)).collect();
            if !new.is_empty() {
                self.fault("decoders", format!("{}: {new:?}", ffmpeg.display()));
            }
        }
        for (there, video) in [(video, true), (audio, false)] {
            let said = if there { judges::gstreamer_complaints(self.output, video) } else { None };
            if let Some(said) = said.filter(|said| !said.is_empty()) {
                self.fault("decoders", format!("GStreamer: {said}"));
            }
        }
    }
}

/// How ffmpeg's options call a stream with this ID.
fn by_id(id: u32) -> String {
    format!("i:{id}")
}

/// The track with this ID, as `inspect` has it.
fn track(facts: &Value, id: u32) -> Value {
    let tracks = facts["tracks"].as_array().unwrap();
    tracks.iter().find(|track| track["id"] == id).cloned().unwrap_or(Value::Null)
}

/// Where a track ends on the movie's timeline, in seconds, as `inspect` has it.
fn end_of(track: &Value) -> f64 {
    let seconds = |key: &str| track[key]["seconds"].as_f64().unwrap_or(0.0);
    seconds("start") + seconds("duration")
}

/// Within half a tick of what counts the later.
fn is_on_time(before: Tick, after: Tick) -> bool {
    let at = |a: Tick, b: Tick| i128::from(a.value) * i128::from(a.num) * i128::from(b.den);
    2 * (at(before, after) - at(after, before)).abs() <= i128::from(after.num) * i128::from(before.den)
}

/// Width and height as shown: pixel aspect and rotation applied.
fn shape(file: &Path, stream: &str) -> (f64, f64) {
    let output = Command::new("ffprobe")
        .args(["-v", "quiet", "-select_streams", stream, "-of", "json", "-show_streams"])
        .arg(file)
        .output()
        .unwrap();
    let probed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stream = &probed["streams"][0];
    let aspect = stream["sample_aspect_ratio"].as_str().and_then(|aspect| {
        let (num, den) = aspect.split_once(':')?;
        Some(num.parse::<f64>().ok()? / den.parse::<f64>().ok()?)
    });
    let aspect = aspect.filter(|aspect| aspect.is_normal()).unwrap_or(1.0);
    let size = (stream["width"].as_f64().unwrap_or(1.0) * aspect, stream["height"].as_f64().unwrap_or(1.0));
    let turned = stream["side_data_list"]
        .as_array()
        .and_then(|sides| sides.iter().find_map(|side| side["rotation"].as_i64()));
    if turned.unwrap_or(0) % 180 == 0 { size } else { (size.1, size.0) }
}

fn reel() -> PathBuf {
    std::env::var_os("REEL").map_or_else(|| env!("CARGO_BIN_EXE_reel").into(), PathBuf::from)
}

fn json(arguments: &[&str], files: &[&Path]) -> Result<Value, String> {
    let output = Command::new(reel()).args(arguments).args(files).output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', " "))
    }
}

/// Exports one file and looks at the outcome; what is wrong comes back in plain lines.
fn check(source: &Path, ffmpegs: &Ffmpegs, folder: &Path, longest: f64) -> Vec<String> {
    let started = std::time::Instant::now();
    let name = source.file_name().unwrap().to_string_lossy().into_owned();
    let Ok(facts) = json(&["inspect", "--json"], &[source]) else { return Vec::new() };
    let duration = facts["duration"]["seconds"].as_f64().unwrap_or(0.0);
    let to = (duration > longest * 1.5).then_some(longest);
    let output = folder.join(format!("{name}.mp4"));
    let cut = to.unwrap_or(0.0).to_string();
    let mut flags = vec!["export", "--json", "--overwrite", "--reencode", "--preset", "1280x720"];
    flags.extend(to.map(|_| ["--to", cut.as_str()]).into_iter().flatten());
    let report = match json(&flags, &[source, &output]) {
        Ok(report) => report,
        Err(said) => {
            let known = REFUSED.iter().any(|(file, words)| *file == name && said.contains(words));
            return if known { Vec::new() } else { vec![format!("{name}: refused: {said}")] };
        }
    };
    let mut case = Case { name, source, output: &output, ffmpegs, to, facts, faults: Vec::new() };
    let (mut video, mut audio) = (false, false);
    for track in report["tracks"].as_array().unwrap() {
        let id = |key: &str| track[key].as_u64().and_then(|id| u32::try_from(id).ok());
        let (Some(from), Some(into)) = (id("track"), id("output")) else { continue };
        match (track["fate"].as_str(), track["kind"].as_str()) {
            (Some("encode"), Some("video")) => {
                video = true;
                let count = case.times(from, into);
                if count > 0 {
                    case.pictures(from, into);
                }
            }
            (Some("encode"), Some("audio")) => {
                audio = true;
                case.sound(from, into);
            }
            _ => {}
        }
    }
    if video || audio {
        case.decoders(video, audio);
    }
    eprintln!("{}: {:.1} s", case.name, started.elapsed().as_secs_f64());
    let faults = case.faults;
    let _ = std::fs::remove_file(&output);
    faults
}

#[test]
fn exports_show_and_sound_as_their_sources() {
    let corpus = std::env::var_os("REEL_MEDIA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"), PathBuf::from);
    let (Ok(listed), Some(ffmpegs)) = (std::fs::read_dir(&corpus), Ffmpegs::find()) else {
        reelwright_judges::skip!("{} or ffmpeg is not there", corpus.display());
        return;
    };
    let all = std::env::var("REEL_CORPUS").is_ok_and(|which| which == "all");
    let mut files: Vec<_> = listed.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        std::env::var("REEL_ONLY").map_or(all || FEW.contains(&&*name), |only| name.contains(&only))
    });
    files.sort();
    let folder = std::env::temp_dir().join(format!("reel-transcode-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let longest = if all { 2.0 } else { 1.0 };
    let faults: Vec<_> = files.iter().flat_map(|source| check(source, &ffmpegs, &folder, longest)).collect();
    let _ = std::fs::remove_dir_all(&folder);
    eprintln!("{} files exported", files.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
