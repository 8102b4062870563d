//! Broadcasts and bare streams of sound: what their sound is, and what becomes of it in an export and in a copy.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod folder;
mod foreign;

use std::path::{Path, PathBuf};
use std::process::Command;

use folder::Folder;
use reelwright::media::{MediaType, Omitted, Time, TimeRange};
use reelwright::{Asset, ExportOptions, ExportSession, FileType, Preset, Remux};

/// A file made for a fault, or `None`, loudly, where it isn't there.
fn field(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field").join(name);
    let there = path.exists();
    if !there {
        reelwright_judges::skip!("{name} is not in ../shared/field");
    }
    there.then_some(path)
}

/// Has ffmpeg make `path`; `false`, loudly, where it is missing or can't.
fn made(arguments: &[&str], path: &Path) -> bool {
    let output =
        Command::new("ffmpeg").args(["-nostdin", "-v", "error", "-y"]).args(arguments).arg(path).output();
    let done = output.as_ref().is_ok_and(|output| output.status.success());
    if !done {
        reelwright_judges::skip!("ffmpeg {arguments:?}: {output:?}");
    }
    done
}

fn remux(source: &Path, target: &Path) {
    let asset = Asset::open(source).unwrap();
    Remux::new(FileType::Mp4).to_path(&asset, target).unwrap();
}

/// The tracks of a copy: kind, enabled, alternate group.
fn presented(path: &Path) -> Vec<(MediaType, bool, u16)> {
    let asset = Asset::open(path).unwrap();
    asset.movie().tracks.iter().map(|track| (track.media, track.enabled, track.alternate_group)).collect()
}

#[test]
fn one_of_two_languages_is_heard() {
    let folder = Folder::new("languages");
    let Some(source) = field("f03_two_lang.ts") else { return };
    let asset = Asset::open(&source).unwrap();
    let session = ExportSession::new(&asset, Preset::AppleM4a);
    let plan = session.plan(FileType::M4a).unwrap();
    let fates: Vec<_> = plan.tracks.iter().map(|track| (track.source, track.fate.name())).collect();
    assert_eq!(fates, [(256, "drop"), (257, "encode"), (258, "drop")]);

    let copy = folder.file("copy.mp4");
    remux(&source, &copy);
    use MediaType::{Audio, Video};
    assert_eq!(presented(&copy), [(Video, true, 0), (Audio, true, 1), (Audio, false, 1)]);
    let Some(said) = foreign::probe(&copy, "stream=codec_type:stream_disposition=default") else { return };
    let sound: Vec<_> =
        said.chunks(2).filter(|lines| lines[0].ends_with("audio")).map(|lines| &lines[1][..]).collect();
    assert_eq!(sound, ["DISPOSITION:default=1", "DISPOSITION:default=0"]);
}

/// A description for people who don't see comes first in the program, and is not what is played.
#[test]
fn sound_for_the_impaired_is_not_the_default() {
    let folder = Folder::new("impaired");
    let source = folder.file("described.ts");
    for disposition in ["visual_impaired", "hearing_impaired"] {
        let tones =
            ["-f", "lavfi", "-i", "sine=440:r=48000:d=1", "-f", "lavfi", "-i", "sine=660:r=48000:d=1"];
        let kinds = ["-map", "0:a", "-map", "1:a", "-c:a", "mp2", "-metadata:s:a:0", "language=eng"];
        let described = ["-metadata:s:a:1", "language=eng", "-disposition:a:0", disposition];
        if !made(&[&tones[..], &kinds, &described].concat(), &source) {
            return;
        }
        let tracks = presented(&source);
        assert_eq!(tracks, [(MediaType::Audio, false, 1), (MediaType::Audio, true, 1)], "{disposition}");
    }
}

/// The same sound twice, as MP2 and AC-3, would be mixed with itself.
#[test]
fn the_same_sound_in_two_codecs_is_heard_once() {
    let folder = Folder::new("codecs");
    let source = folder.file("twice.ts");
    let tone = ["-f", "lavfi", "-i", "sine=440:r=48000:d=1", "-map", "0:a", "-map", "0:a"];
    if !made(&[&tone[..], &["-c:a:0", "mp2", "-c:a:1", "ac3"]].concat(), &source) {
        return;
    }
    assert_eq!(presented(&source), [(MediaType::Audio, true, 1), (MediaType::Audio, false, 1)]);
}

#[test]
fn tracks_that_are_not_read_are_omissions() {
    let folder = Folder::new("omitted");
    let Some(matroska) = field("f38_truehd.mkv") else { return };
    let asset = Asset::open(&matroska).unwrap();
    let [omission] = &asset.movie().omissions[..] else { panic!("{:?}", asset.movie().omissions) };
    assert_eq!((&omission.what, omission.track), (&Omitted::Track(MediaType::Audio), Some(2)));
    assert!(omission.reason.contains("A_TRUEHD"), "{omission}");
    assert_eq!(asset.movie().warnings, [""; 0]);

    let source = folder.file("unread.ts");
    let inputs = ["-f", "lavfi", "-i", "sine=440:r=48000:d=1", "-f", "lavfi", "-i", "sine=660:r=48000:d=1"];
    let kinds = ["-map", "0:a", "-map", "1:a", "-c:a:0", "mp2", "-c:a:1", "dca", "-strict", "-2"];
    if !made(&[&inputs[..], &kinds].concat(), &source) {
        return;
    }
    let asset = Asset::open(&source).unwrap();
    let [omission] = &asset.movie().omissions[..] else { panic!("{:?}", asset.movie().omissions) };
    assert_eq!((&omission.what, omission.track), (&Omitted::Track(MediaType::Audio), Some(0x101)));
    assert!(omission.reason.contains("DTS"), "{omission}");
}

/// What of a file an ffmpeg hears: 48 kHz, mixed down to one channel.
fn heard(ffmpeg: &Path, path: &Path) -> Vec<f32> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-v", "error", "-i"]).arg(path);
    let output =
        command.args(["-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

/// The frequency of a tone between two instants, by how often it crosses zero; 0 where it is too soft to be one.
fn pitch(sound: &[f32], from: f64, to: f64) -> f64 {
    let frame = |time: f64| ((time * 48_000.0) as usize).min(sound.len());
    let part = &sound[frame(from)..frame(to)];
    let power: f32 = part.iter().map(|sample| sample * sample).sum::<f32>() / part.len().max(1) as f32;
    let crossings = part.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
    if power < 1e-5 { 0.0 } else { crossings as f64 / 2.0 / (to - from) }
}

/// Tones as one stream of sound after the other: frequency, rate, channels.
type Part = (u32, u32, u32);

/// Has ffmpeg write each part, two seconds long, and puts them one behind the other; `false` where it can't.
fn joined(folder: &Folder, parts: &[Part], extension: &str, arguments: &[&str], path: &Path) -> bool {
    let mut whole = Vec::new();
    for (tone, rate, channels) in parts {
        let part = folder.file(&format!("part.{extension}"));
        let (source, channels) = (format!("sine={tone}:r={rate}:d=2"), channels.to_string());
        let input = ["-f", "lavfi", "-i", &source, "-ac", &channels];
        if !made(&[&input[..], arguments].concat(), &part) {
            return false;
        }
        whole.extend(std::fs::read(part).unwrap());
    }
    std::fs::write(path, whole).unwrap();
    true
}

/// Sound is there for as long as its parts are, each at its pitch, in an export, and in a copy as far as a copy can be.
fn check_parts(folder: &Folder, source: &Path, parts: &[Part]) {
    let name = source.file_name().unwrap().to_string_lossy().into_owned();
    let asset = Asset::open(source).unwrap();
    let track = asset.movie().tracks.iter().find(|track| track.media == MediaType::Audio).unwrap();
    let formats: Vec<_> = track
        .formats
        .iter()
        .map(|format| format.as_audio().unwrap())
        .map(|audio| (audio.sample_rate, audio.channels))
        .collect();
    let mut expected: Vec<(u32, u16)> = Vec::new();
    for (_, rate, channels) in parts {
        let kind = (*rate, *channels as u16);
        if !expected.contains(&kind) {
            expected.push(kind);
        }
    }
    assert_eq!(formats, expected, "{name}");
    assert_eq!(asset.movie().warnings, [""; 0], "{name}");

    let export = folder.file("export.m4a");
    let _ = std::fs::remove_file(&export);
    ExportSession::new(&asset, Preset::AppleM4a).export(&export, FileType::M4a).unwrap();
    let copy = folder.file("copy.mp4");
    let _ = std::fs::remove_file(&copy);
    remux(source, &copy);
    let whole = 2.0 * parts.len() as f64;
    for ffmpeg in foreign::ffmpegs() {
        for path in [&export, &copy] {
            let sound = heard(&ffmpeg, path);
            let length = sound.len() as f64 / 48_000.0;
            assert!((length - whole).abs() < 0.3, "{name}, {}: {length} s", path.display());
            for (number, (tone, ..)) in parts.iter().enumerate() {
                let begin = 2.0 * number as f64;
                let pitch = pitch(&sound, begin + 0.4, begin + 1.7);
                assert!(
                    (pitch - f64::from(*tone)).abs() < 8.0,
                    "{name}, part {number}, {}: {pitch} Hz",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn bare_sound_that_changes_is_all_heard() {
    let folder = Folder::new("bare");
    let aac: &[&str] = &["-c:a", "aac"];
    let mp3: &[&str] = &["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"];
    let cases: [(&str, &[&str], &[Part]); 5] = [
        ("aac", aac, &[(440, 48_000, 2), (660, 44_100, 2), (880, 48_000, 2)]),
        ("aac", aac, &[(440, 48_000, 2), (660, 48_000, 6), (880, 48_000, 2)]),
        ("aac", aac, &[(440, 22_050, 1), (660, 96_000, 2)]),
        ("mp3", mp3, &[(440, 48_000, 2), (660, 44_100, 1), (880, 22_050, 1)]),
        ("mp3", &["-c:a", "libmp3lame"], &[(440, 48_000, 1), (660, 32_000, 2)]),
    ];
    for (extension, arguments, parts) in cases {
        let source = folder.file(&format!("whole.{extension}"));
        if joined(&folder, parts, extension, arguments, &source) {
            check_parts(&folder, &source, parts);
        }
    }
}

/// A cut copied out of sound that changes its rate: FFmpeg takes the ticks of the edit for frames.
#[test]
fn a_cut_of_sound_that_changes_is_heard() {
    let folder = Folder::new("cut");
    let (source, cut) = (folder.file("whole.aac"), folder.file("cut.mp4"));
    let parts = [(440, 48_000, 2), (660, 44_100, 2)];
    if !joined(&folder, &parts, "aac", &["-c:a", "aac"], &source) {
        return;
    }
    let asset = Asset::open(&source).unwrap();
    let mut options = ExportOptions::new(Preset::Passthrough);
    options.range = Some(TimeRange::between(Time::from_secs(1), Time::from_secs(3)));
    ExportSession::new(&asset, options).export(&cut, FileType::Mp4).unwrap();
    for ffmpeg in foreign::ffmpegs() {
        let sound = heard(&ffmpeg, &cut);
        assert!(sound.len().abs_diff(96_000) < 2048, "{} frames", sound.len());
        for (from, to, tone) in [(0.1, 0.9, 440.0), (1.3, 1.9, 660.0)] {
            let pitch = pitch(&sound, from, to);
            assert!((pitch - tone).abs() < 8.0, "{pitch} Hz where {tone} should be");
        }
    }
}

/// Parts of a stream whose clock goes on.
#[test]
fn broadcast_sound_that_changes_is_all_heard() {
    let folder = Folder::new("changes");
    let kinds: [(&str, &[&str], &[Part]); 5] = [
        ("adts", &["-c:a", "aac"], &[(440, 48_000, 1), (660, 44_100, 2), (880, 48_000, 1)]),
        ("latm", &["-c:a", "aac", "-mpegts_flags", "latm"], &[(440, 48_000, 2), (660, 32_000, 1)]),
        ("mp2", &["-c:a", "mp2"], &[(440, 48_000, 2), (660, 44_100, 2)]),
        ("mp3", &["-c:a", "libmp3lame"], &[(440, 48_000, 2), (660, 24_000, 1)]),
        ("ac3", &["-c:a", "ac3"], &[(440, 48_000, 2), (660, 48_000, 6), (880, 44_100, 2)]),
    ];
    for (name, arguments, parts) in kinds {
        let source = folder.file(&format!("{name}.ts"));
        let mut whole = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let offset = (2 * number).to_string();
            let later = [arguments, &["-output_ts_offset", &offset]].concat();
            let path = folder.file("one.ts");
            if !joined(&folder, &[*part], "ts", &later, &path) {
                return;
            }
            whole.extend(std::fs::read(path).unwrap());
        }
        std::fs::write(&source, whole).unwrap();
        if name == "ac3"
            && reelwright::registry()
                .audio_decoder(&Asset::open(&source).unwrap().movie().tracks[0].formats[0])
                .is_err()
        {
            reelwright_judges::lacks!("this build doesn't decode AC-3");
            continue;
        }
        check_parts(&folder, &source, parts);
    }
}

/// Pictures and sound of the second part belong together, though the first part's sound goes beyond its pictures.
#[test]
fn the_second_part_of_a_broadcast_keeps_in_step() {
    let folder = Folder::new("step");
    let Some(source) = field("f24_aac_rates.ts") else { return };
    let copy = folder.file("copy.mp4");
    remux(&source, &copy);
    let entries = ["-select_streams", "a", "-show_entries", "packet=pts_time,size", "-of", "csv=p=0"];
    let (Some(theirs), Some(ours)) = (foreign::ffprobe(&source, &entries), foreign::ffprobe(&copy, &entries))
    else {
        return;
    };
    let rows = |lines: Vec<String>| -> Vec<(f64, u32)> {
        let row = |line: String| {
            let mut cells = line.split(',');
            (cells.next().unwrap().parse().unwrap(), cells.next().unwrap().parse().unwrap())
        };
        lines.into_iter().map(row).collect()
    };
    let (theirs, ours) = (rows(theirs), rows(ours));
    // The first packet of the other rate, 258 bytes behind its header, has a time of its own in the stream.
    let second =
        |rows: &[(f64, u32)], size: u32| rows.iter().find(|row| row.1 == size).unwrap().0 - rows[0].0;
    assert!(
        (second(&theirs, 265) - second(&ours, 258)).abs() < 0.001,
        "{} {}",
        second(&theirs, 265),
        second(&ours, 258)
    );
    let asset = Asset::open(&source).unwrap();
    let left_out: Vec<_> = asset.movie().omissions.iter().map(|omission| omission.what.clone()).collect();
    // Two packets of the first part begin after the second part does.
    assert_eq!(left_out, [Omitted::Samples(2)]);
}

/// The channels a reader puts out, one after the other.
fn decoded(path: &Path) -> Vec<Vec<f32>> {
    let asset = Asset::open(path).unwrap();
    let track = asset.movie().tracks[0].id;
    let mut out: Vec<Vec<f32>> = Vec::new();
    for buffer in asset.sound(track).open().unwrap() {
        let buffer = buffer.unwrap();
        let count = buffer.channels();
        assert_eq!(buffer.layout.count(), count);
        out.resize(count, Vec::new());
        out.iter_mut().zip(buffer.planes()).for_each(|(out, plane)| out.extend(plane));
    }
    out
}

/// What an ffmpeg decodes, per channel, in the order in which it comes; it may guess what the channels are.
fn channels(ffmpeg: &Path, path: &Path, count: usize) -> Vec<Vec<f32>> {
    let mut command = Command::new(ffmpeg);
    command.args(["-nostdin", "-v", "error", "-i"]).arg(path);
    let output = command.args(["-map", "0:a", "-f", "f32le", "-"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let samples: Vec<f32> =
        output.stdout.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    (0..count).map(|channel| samples.iter().skip(channel).step_by(count).copied().collect()).collect()
}

/// Ours are theirs, channel by channel.
fn check_sound(path: &Path, name: &str) {
    let Some(ffmpeg) = foreign::newer_ffmpeg() else { return };
    let ours = decoded(path);
    let theirs = channels(&ffmpeg, path, ours.len());
    for (channel, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert!(
            ours.len().abs_diff(theirs.len()) <= 2048,
            "{name}: {} and {} frames",
            ours.len(),
            theirs.len()
        );
        let most = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(most < 1e-3, "{name}, channel {channel}: {most} apart");
    }
}

#[test]
fn channels_that_a_program_counts_keep_their_places() {
    let folder = Folder::new("programs");
    let (source, copy) = (folder.file("source.aac"), folder.file("copy.mp4"));
    let layouts = [
        "5.1(side)",
        "6.1",
        "7.1",
        "hexagonal",
        "6.0(front)",
        "quad",
        "2.1",
        "3.1",
        "5.0(side)",
        "octagonal",
    ];
    for layout in layouts {
        // A tone of its own in each channel.
        let channels = match layout {
            "2.1" => 3,
            "quad" | "3.1" => 4,
            "5.0(side)" => 5,
            "5.1(side)" | "hexagonal" | "6.0(front)" => 6,
            "6.1" => 7,
            _ => 8,
        };
        let tones: Vec<_> =
            (0..channels).map(|channel| format!("0.3*sin({}*2*PI*t)", 300 + 70 * channel)).collect();
        let input = format!("aevalsrc={}:s=48000:d=1:c={layout}", tones.join("|"));
        if !made(&["-f", "lavfi", "-i", &input, "-c:a", "aac", "-b:a", "384k"], &source) {
            continue;
        }
        let asset = Asset::open(&source).unwrap();
        let format = asset.movie().tracks[0].formats[0].as_audio().unwrap().clone();
        assert_eq!(format.layout.map(|layout| layout.count()), Some(channels), "{layout}");
        assert!(format.config.is_some(), "{layout}");
        check_sound(&source, layout);
        let _ = std::fs::remove_file(&copy);
        remux(&source, &copy);
        let entries = "stream=sample_rate,channels,channel_layout";
        let [Some(theirs), Some(ours)] = [foreign::probe(&source, entries), foreign::probe(&copy, entries)]
        else {
            return;
        };
        assert_eq!(ours, theirs, "{layout}");
        for ffmpeg in foreign::ffmpegs() {
            let sounds = [&source, &copy].map(|path| self::channels(&ffmpeg, path, channels));
            assert!(sounds[0] == sounds[1], "{layout}: the copy sounds different");
        }
    }
}

/// ADTS can't say that there is spectral band replication, and a configuration needn't.
#[test]
fn replication_is_found_in_the_stream() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media");
    let folder = Folder::new("replication");
    for (name, rate, channels) in [("heaac_51.mp4", 48_000, 6), ("afconvert_heaac.m4a", 32_000, 2)] {
        let original = corpus.join(name);
        if !original.exists() {
            reelwright_judges::skip!("{name} is not in ../shared/media");
            continue;
        }
        let cases: [(&str, &[&str]); 4] =
            [("s.aac", &[]), ("s.ts", &[]), ("l.ts", &["-mpegts_flags", "latm"]), ("s.mka", &[])];
        for (file, flags) in cases {
            let (source, copy) = (folder.file(file), folder.file("copy.mp4"));
            let from = ["-i", original.to_str().unwrap(), "-t", "2", "-c:a", "copy"];
            if !made(&[&from[..], flags].concat(), &source) {
                continue;
            }
            let asset = Asset::open(&source).unwrap();
            let format = asset.movie().tracks[0].formats[0].as_audio().unwrap().clone();
            assert_eq!(
                (format.sample_rate, format.channels, format.frames_per_packet),
                (rate, channels, 2048),
                "{name} as {file}"
            );
            if !file.starts_with('l') {
                check_sound(&source, &format!("{name} as {file}"));
            }
            let _ = std::fs::remove_file(&copy);
            remux(&source, &copy);
            // Both ways of signalling: the core's object type, and replication behind it.
            let bytes = std::fs::read(&copy).unwrap();
            let esds = bytes.windows(4).position(|four| four == b"esds").unwrap();
            assert!(bytes[esds..esds + 80].windows(2).any(|pair| pair == [0x56, 0xE5]), "{name} as {file}");
            let entries = "stream=profile,sample_rate,channels,channel_layout";
            let [Some(theirs), Some(ours)] =
                [foreign::probe(&source, entries), foreign::probe(&copy, entries)]
            else {
                return;
            };
            // Streams of a program are told of twice.
            assert_eq!(ours, theirs[..ours.len()], "{name} as {file}");

            // The same without the signal.
            let silent = folder.file("silent.mp4");
            let mut bytes = bytes;
            let at = esds + bytes[esds..].windows(2).position(|pair| pair == [0x56, 0xE5]).unwrap();
            bytes[at..at + 2].fill(0);
            std::fs::write(&silent, bytes).unwrap();
            let told = Asset::open(&silent).unwrap();
            let told = told.movie().tracks[0].formats[0].as_audio().unwrap().clone();
            assert_eq!(
                (told.sample_rate, told.channels, told.config),
                (rate, channels, format.config),
                "{name}"
            );
        }
    }
}
