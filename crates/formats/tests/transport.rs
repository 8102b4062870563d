//! MPEG transport streams beside ffprobe and ffmpeg: the corpus, and what ffmpeg writes.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use foreign::{Packet, corpus, generate, open_path, packets, pictures, presented, raw, samples, scratch};
use reelwright_formats::Demuxer;
use reelwright_media::{AudioCodec, FieldOrder, MediaType, Movie, Omitted, Size, Time, VideoCodec};

const PICTURE: &str = "testsrc2=s=192x108:r=25:d=2";
const TONE: &str = "aevalsrc=0.4*sin(440*2*PI*t)|0.3*sin(660*2*PI*t):s=48000:d=2";

/// Compares times and key flags of track `index` with `theirs`.
fn compare(demuxer: &dyn Demuxer, index: usize, theirs: &[Packet], zero: f64, place: &str) {
    let movie = demuxer.movie();
    let track = &movie.tracks[index];
    let ours = samples(demuxer, track.id);
    assert_eq!(ours.len(), theirs.len(), "{place}: count");
    for (number, (our, their)) in ours.iter().zip(theirs).enumerate() {
        if let Some(pts) = their.pts {
            let pts = pts - zero;
            let ours = presented(track, our.pts);
            assert!((ours - pts).abs() < 0.0005, "{place} sample {number}: at {ours}, theirs {pts}");
        }
        if track.media == MediaType::Video {
            assert_eq!(our.flags.sync, their.key, "{place} sample {number}: key");
            assert!(our.dts <= our.pts, "{place} sample {number}");
        }
        assert_eq!(our.payload.load().unwrap().len() as u64, our.payload.len(), "{place} sample {number}");
    }
}

fn earliest(all: &[Vec<Packet>]) -> f64 {
    all.iter().flatten().filter_map(|packet| packet.pts).fold(f64::MAX, f64::min)
}

#[test]
fn what_ffmpeg_writes_is_what_ffprobe_sees() {
    let folder = scratch("transport");
    let kinds: [(&str, &str, &[&str]); 7] = [
        ("h264_aac.ts", "h264", &["-c:v", "libx264", "-bf", "3", "-g", "12", "-c:a", "aac"]),
        (
            "hevc_ac3.ts",
            "hevc",
            &["-c:v", "libx265", "-x265-params", "log-level=none:keyint=12", "-c:a", "ac3"],
        ),
        ("mpeg2_mp2.ts", "mpegvideo", &["-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"]),
        ("mpeg4_mp3.ts", "m4v", &["-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"]),
        (
            "field.ts",
            "h264",
            &["-c:v", "libx264", "-flags", "+ildct+ilme", "-x264-params", "tff=1", "-c:a", "eac3"],
        ),
        ("latm.ts", "h264", &["-c:v", "libx264", "-c:a", "aac", "-mpegts_flags", "latm"]),
        ("bluray.m2ts", "h264", &["-c:v", "libx264", "-c:a", "ac3", "-mpegts_m2ts_mode", "1"]),
    ];
    for (file, format, arguments) in kinds {
        let path = folder.join(file);
        if generate(&[PICTURE, TONE], arguments, &path).is_none() {
            continue;
        }
        let demuxer = open_path(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(demuxer.movie().warnings, [""; 0], "{file}");
        let theirs: Vec<_> = (0..2).map(|index| packets(&path, index).unwrap()).collect();
        let zero = earliest(&theirs);
        for (index, theirs) in theirs.iter().enumerate() {
            compare(&*demuxer, index, theirs, zero, &format!("{file} track {index}"));
        }
        let stream = folder.join(format!("{file}.raw"));
        std::fs::write(&stream, raw(&*demuxer, 0)).unwrap();
        let out = folder.join("hashes");
        let expected = pictures(&["-i", path.to_str().unwrap(), "-map", "0:v"], &out);
        let got = pictures(&["-f", format, "-i", stream.to_str().unwrap()], &out);
        assert_eq!(got, expected, "{file}: the pictures differ");
    }
}

#[test]
fn the_corpus_is_what_ffprobe_sees() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join("h264_mp2.ts");
    let demuxer = open_path(&path).unwrap();
    let Some(theirs) = packets(&path, 0) else { return };
    compare(&*demuxer, 0, &theirs, earliest(std::slice::from_ref(&theirs)), "h264_mp2.ts");
    let video = demuxer.movie().tracks[0].formats[0].as_video().unwrap().clone();
    assert_eq!((video.codec, video.size), (VideoCodec::H264, Size::new(854, 480)));
}

#[test]
fn fields_of_avchd_become_frames() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join("sony_a7m3_avchd.mts");
    let demuxer = open_path(&path).unwrap();
    let movie = demuxer.movie();
    assert_eq!(movie.tracks.len(), 3, "{:?}", movie.warnings);
    let video = movie.tracks[0].formats[0].as_video().unwrap();
    assert_eq!((video.size, video.field_order), (Size::new(1920, 1080), Some(FieldOrder::TopFirst)));
    let Some(fields) = packets(&path, 0) else { return };
    let sound = packets(&path, 1).unwrap();
    let zero = earliest(&[fields.clone(), sound.clone()]);
    // ffprobe tells fields as packets of their own, the second ones without a place in the file.
    let frames: Vec<_> = fields.chunks(2).map(|pair| pair[0].clone()).collect();
    compare(&*demuxer, 0, &frames, zero, "fields");
    compare(&*demuxer, 1, &sound, zero, "sound");
    assert_eq!(movie.tracks[1].formats[0].as_audio().unwrap().codec, AudioCodec::Ac3);
    let folder = scratch("avchd");
    let stream = folder.join("raw.h264");
    std::fs::write(&stream, raw(&*demuxer, 0)).unwrap();
    let expected = pictures(&["-i", path.to_str().unwrap(), "-map", "0:v"], &folder.join("a"));
    assert_eq!(pictures(&["-i", stream.to_str().unwrap()], &folder.join("b")), expected);
}

#[test]
fn a_broadcast_that_begins_anywhere_begins_at_a_key_frame() {
    let Some(corpus) = corpus() else { return };
    let path = corpus.join("dvb_hevc_latm.ts");
    let demuxer = open_path(&path).unwrap();
    let movie = demuxer.movie();
    let [video, sound] = &movie.tracks[..] else { panic!("{:?}", movie.warnings) };
    assert_eq!(video.formats[0].as_video().unwrap().size, Size::new(1920, 1080));
    let aac = sound.formats[0].as_audio().unwrap();
    assert_eq!((aac.codec, aac.sample_rate, aac.channels), (AudioCodec::Aac, 48_000, 2));
    let (Some(pictures), Some(packets)) = (packets(&path, 0), packets(&path, 1)) else { return };
    let first = pictures.iter().position(|packet| packet.key).unwrap_or(0);
    // Two packets before the first configuration and a cut one at the end are not heard.
    let packets = &packets[2..packets.len() - 1];
    let zero = earliest(&[pictures[first..].to_vec(), packets.to_vec()]);
    compare(&*demuxer, 0, &pictures[first..], zero, "pictures");
    compare(&*demuxer, 1, packets, zero, "sound");
    for (our, their) in samples(&*demuxer, sound.id).iter().zip(packets) {
        // Theirs have the framing on them.
        assert!(our.payload.len() < their.size);
        assert_eq!(our.duration, Time::from_ratio(1024, 48_000).unwrap());
    }
}

#[test]
fn damage_is_survived() {
    let Some(corpus) = corpus() else { return };
    let whole = std::fs::read(corpus.join("h264_mp2.ts")).unwrap();
    let path = scratch("damage").join("damaged.ts");
    let open_all = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        if let Ok(demuxer) = open_path(&path) {
            for track in &demuxer.movie().tracks {
                let mut cursor = demuxer.cursor(track.id).unwrap();
                while let Some(sample) = cursor.next_sample().unwrap() {
                    assert_eq!(sample.payload.load().unwrap().len() as u64, sample.payload.len());
                }
            }
        }
    };
    for length in (0..whole.len()).step_by(1777) {
        open_all(&whole[..length]);
    }
    for start in (0..whole.len() - 400).step_by(997) {
        let mut damaged = whole.clone();
        damaged.drain(start..start + 100 + start % 200);
        open_all(&damaged);
        let mut damaged = whole.clone();
        damaged[start..start + 7].fill(0x47);
        open_all(&damaged);
    }
}

#[test]
fn what_stands_before_the_first_packet_is_passed_over() {
    let path = scratch("junk").join("plain.ts");
    if generate(&[PICTURE, TONE], &["-c:v", "libx264", "-c:a", "aac"], &path).is_none() {
        return;
    }
    let plain = std::fs::read(&path).unwrap();
    let seen = |movie: &Movie| {
        movie
            .tracks
            .iter()
            .map(|track| (track.range, track.edits.clone(), track.byte_count))
            .collect::<Vec<_>>()
    };
    let expected = seen(open_path(&path).unwrap().movie());
    let mut state = 1u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    let junk: Vec<_> = (0..60_000).map(|_| byte()).collect();
    let tag = [&b"ID3\x04\0\0\0\0\x20\0"[..], &[0; 4096]].concat();
    let path = path.with_file_name("junk.ts");
    for junk in [&junk[..777], &junk, &[0; 5000], &tag] {
        std::fs::write(&path, [junk, &plain].concat()).unwrap();
        let demuxer = open_path(&path).unwrap_or_else(|error| panic!("{} bytes: {error}", junk.len()));
        let movie = demuxer.movie();
        let omissions: Vec<_> = movie.omissions.iter().map(|omission| omission.what.clone()).collect();
        assert_eq!(omissions, [Omitted::Bytes(junk.len() as u64)]);
        assert_eq!(movie.warnings, [""; 0]);
        assert_eq!(seen(movie), expected);
        let theirs: Vec<_> = (0..2).map(|index| packets(&path, index).unwrap()).collect();
        for (index, packets) in theirs.iter().enumerate() {
            compare(&*demuxer, index, packets, earliest(&theirs), &format!("{} bytes", junk.len()));
        }
    }
    std::fs::write(&path, [&vec![0; 100_000], &plain[..]].concat()).unwrap();
    assert!(open_path(&path).is_err(), "there is a bound");
}

#[test]
fn parts_put_one_behind_the_other_stay_in_step() {
    let path = scratch("parts").join("part.ts");
    let tone = TONE.replace("d=2", "d=1.5");
    if generate(&[PICTURE, &tone], &["-c:v", "libx264", "-c:a", "aac"], &path).is_none() {
        return;
    }
    let part = std::fs::read(&path).unwrap();
    std::fs::write(&path, part.repeat(3)).unwrap();
    let demuxer = open_path(&path).unwrap();
    let movie = demuxer.movie();
    assert_eq!(movie.warnings, ["time jumps back 2 times; what follows goes on where it got to"]);
    let starts = |index: usize| {
        let track = &movie.tracks[index];
        let all = samples(&*demuxer, track.id);
        let starts = [0, 1, 2].map(|part| presented(track, all[all.len() / 3 * part].pts));
        (all, starts)
    };
    let ((pictures, video), (_, sound)) = (starts(0), starts(1));
    assert_eq!(pictures.len(), 150);
    assert!(pictures.iter().all(|picture| picture.duration == Time::from_millis(40)));
    let apart: Vec<_> = video.iter().zip(sound).map(|(video, sound)| video - sound).collect();
    assert!(apart.iter().all(|now| (now - apart[0]).abs() < 0.008), "{apart:?}");
    assert!((video[2] - video[0] - 4.0).abs() < 0.001, "{video:?}");
}

/// A program's map may add streams on the way, as a broadcast does between two films.
#[test]
fn streams_that_come_later_are_read_from_there() {
    let folder = scratch("changed");
    let (path, other) = (folder.join("first.ts"), folder.join("second.ts"));
    let arguments = ["-c:v", "libx264", "-c:a", "aac", "-mpegts_start_pid"];
    // The other part goes on where the first ends.
    let late = ["0x200", "-output_ts_offset", "2"];
    for (path, pids) in [(&path, &["0x100"][..]), (&other, &late)] {
        if generate(&[PICTURE, TONE], &[&arguments, pids].concat(), path).is_none() {
            return;
        }
    }
    let both = [std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap()].concat();
    std::fs::write(&path, both).unwrap();
    let theirs: Vec<_> = (0..4).map(|index| packets(&path, index).unwrap()).collect();
    let zero = earliest(&theirs);
    let demuxer = open_path(&path).unwrap();
    let movie = demuxer.movie();
    assert_eq!(movie.warnings, [""; 0]);
    assert_eq!(movie.tracks.iter().map(|track| track.id).collect::<Vec<_>>(), [0x100, 0x101, 0x200, 0x201]);
    for (index, theirs) in theirs.iter().enumerate() {
        compare(&*demuxer, index, theirs, zero, &format!("track {index}"));
        let range = movie.tracks[index].range;
        assert_eq!(range.start > Time::from_millis(1900), index > 1, "track {index}: {range:?}");
    }
    let stream = folder.join("raw.h264");
    std::fs::write(&stream, raw(&*demuxer, 2)).unwrap();
    let expected = pictures(&["-i", other.to_str().unwrap(), "-map", "0:v"], &folder.join("a"));
    assert_eq!(pictures(&["-i", stream.to_str().unwrap()], &folder.join("b")), expected);
}

/// Another recording behind the first, with streams and times of its own.
#[test]
fn other_streams_with_other_times_come_behind() {
    let folder = scratch("behind");
    let (path, other) = (folder.join("first.ts"), folder.join("second.ts"));
    let (picture, tone) = (PICTURE.replace("d=2", "d=14"), TONE.replace("d=2", "d=14"));
    let arguments = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-mpegts_start_pid"];
    for (path, pid) in [(&path, "0x100"), (&other, "0x200")] {
        if generate(&[&picture, &tone], &[&arguments[..], &[pid]].concat(), path).is_none() {
            return;
        }
    }
    let both = [std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap()].concat();
    std::fs::write(&path, both).unwrap();
    let demuxer = open_path(&path).unwrap();
    let movie = demuxer.movie();
    assert_eq!(movie.warnings, ["time jumps back 1 times; what follows goes on where it got to"]);
    let starts: Vec<_> = movie.tracks.iter().map(|track| track.range.start.to_seconds_lossy()).collect();
    // The first part's sound ends a packet or two after its last picture.
    assert!((starts[2] - 14.0).abs() < 0.15 && (starts[3] - 14.0).abs() < 0.15, "{starts:?}");
    let apart = (starts[3] - starts[2]) - (starts[1] - starts[0]);
    assert!(apart.abs() < 0.001, "{starts:?}");
}
