//! Streams of sound whose frames say what they are: what they change to, what is between them, and what only a walk over
//! their blocks tells.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::path::Path;

use foreign::{corpus, generate, open_path, samples, scratch};
use reelwright_bitstream::BitWriter;
use reelwright_bitstream::aac::{AudioSpecificConfig, BlockContents, ElementKind, rate_index};
use reelwright_formats::Demuxer;
use reelwright_media::{AudioFormat, Omitted, SampleBuffer, Time};

const TONE: &str = "aevalsrc=0.4*sin(440*2*PI*t)+0.1*random(0)|0.3*sin(660*2*PI*t):s=48000:d=1";

/// The configuration of the first track, its index of rates, and its blocks.
fn blocks(path: &Path) -> (AudioSpecificConfig, u8, Vec<Vec<u8>>) {
    let demuxer = open_path(path).unwrap();
    let track = demuxer.movie().tracks.iter().find(|track| track.formats[0].as_audio().is_some()).unwrap();
    let config = track.formats[0].as_audio().unwrap().config.clone().unwrap();
    let config = AudioSpecificConfig::parse(&config.bytes).unwrap();
    let load = |sample: &SampleBuffer| sample.payload.load().unwrap().to_vec();
    let all = samples(&*demuxer, track.id).iter().map(load).collect();
    let index = rate_index(config.sample_rate).unwrap();
    (config, index, all)
}

fn channels(contents: &BlockContents) -> u16 {
    contents.elements.iter().map(|(kind, _)| if *kind == ElementKind::Pair { 2 } else { 1 }).sum()
}

/// What encoders use of the syntax, every block of it is walked over to its end.
#[test]
fn every_block_is_walked_to_its_end() {
    let folder = scratch("blocks");
    let mut files = Vec::new();
    for (number, (rate, bits)) in
        [("48000", "64k"), ("44100", "320k"), ("96000", "128k"), ("8000", "24k"), ("32000", "48k")]
            .iter()
            .enumerate()
    {
        for coder in ["twoloop", "fast"] {
            let path = folder.join(format!("{coder}{number}.m4a"));
            let arguments = ["-ar", rate, "-c:a", "aac", "-aac_coder", coder, "-b:a", bits];
            if generate(&[TONE], &arguments, &path).is_some() {
                files.push(path);
            }
        }
    }
    for (number, profile) in ["aac_main", "aac_ltp"].iter().enumerate() {
        let path = folder.join(format!("profile{number}.m4a"));
        let arguments = ["-c:a", "aac", "-profile:a", profile, "-strict", "-2"];
        if generate(&[TONE], &arguments, &path).is_some() {
            files.push(path);
        }
    }
    if let Some(corpus) = corpus() {
        let names = [
            "heaac_51.mp4",
            "afconvert_heaac.m4a",
            "iTunSMPB_aac.m4a",
            "quicktime7_aac.mp4",
            "aac51_two_tracks.mp4",
            "aac_10ms.m4a",
            "gopro_max.mp4",
            "iphone_gps_h264.mov",
        ];
        files.extend(names.map(|name| corpus.join(name)));
    }
    for path in files {
        let (config, index, blocks) = blocks(&path);
        assert!(!blocks.is_empty());
        for (number, block) in blocks.iter().enumerate() {
            let contents = BlockContents::read(block, config.object_type, index);
            let place = format!("{}, block {number}", path.display());
            assert!(contents.complete, "{place}: {contents:?}");
            assert_eq!(channels(&contents), config.channels, "{place}");
            let replicated = config.extension_sample_rate.is_some();
            assert_eq!(contents.replication, replicated, "{place}");
        }
    }
}

/// The centre of 5.1 with replication, by itself, is mono with replication and without parametric stereo.
#[test]
fn mono_with_replication_is_no_parametric_stereo() {
    let Some(corpus) = corpus() else { return };
    let (_, index, blocks) = blocks(&corpus.join("heaac_51.mp4"));
    let mono: Vec<_> = blocks.iter().step_by(12).map(|block| centre(block, index)).collect();
    for some in mono.chunks_exact(16) {
        let mut config = AudioSpecificConfig::aac_lc(24_000, 1).unwrap();
        config.complete(some.iter().map(|block| &block[..]));
        assert_eq!(
            (config.extension_sample_rate, config.ps, config.output_channels()),
            (Some(48_000), false, 1)
        );
    }
}

/// The first element of a block and the fill behind it.
fn centre(block: &[u8], index: u8) -> Vec<u8> {
    for end in 7..block.len() * 8 {
        let mut writer = BitWriter::new();
        writer.copy(block, 0, end).unwrap();
        writer.bits(7, 3);
        let cut = writer.finish();
        let contents = BlockContents::read(&cut, 2, index);
        // A walk that ends where the fill does, and not within it.
        let whole = contents.complete && contents.replication && contents.program.is_none();
        if whole && contents.elements == [(ElementKind::Single, 0)] {
            return cut;
        }
    }
    panic!("no centre");
}

fn formats(demuxer: &dyn Demuxer) -> Vec<AudioFormat> {
    demuxer.movie().tracks[0].formats.iter().map(|format| format.as_audio().unwrap().clone()).collect()
}

/// Two files of bare sound with something between them.
fn joined(folder: &Path, extension: &str, arguments: &[&str], between: &[u8]) -> Option<(Vec<u8>, usize)> {
    let [first, second] = ["48000", "44100"].map(|rate| {
        let path = folder.join(format!("part.{extension}"));
        generate(&[TONE], &[arguments, &["-ar", rate]].concat(), &path)?;
        std::fs::read(path).ok()
    });
    let (first, second) = (first?, second?);
    Some(([&first[..], between, &second].concat(), first.len()))
}

#[test]
fn samples_have_the_format_of_their_stretch_and_exact_times() {
    let folder = scratch("stretches");
    let mp3: &[&str] = &["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"];
    for (extension, arguments, length) in [("aac", &["-c:a", "aac"][..], 1024), ("mp3", mp3, 1152)] {
        let Some((bytes, _)) = joined(&folder, extension, arguments, &[]) else { return };
        let path = folder.join(format!("whole.{extension}"));
        std::fs::write(&path, bytes).unwrap();
        let demuxer = open_path(&path).unwrap();
        assert_eq!(
            formats(&*demuxer).iter().map(|format| format.sample_rate).collect::<Vec<_>>(),
            [48_000, 44_100]
        );
        assert_eq!(demuxer.movie().omissions, []);
        let mut expected = Time::ZERO;
        let all = samples(&*demuxer, 1);
        for sample in &all {
            let rate = sample.format.as_audio().unwrap().sample_rate;
            assert_eq!((sample.pts, sample.duration), (expected, Time::from_ratio(length, rate).unwrap()));
            expected = expected.checked_add(sample.duration).unwrap();
        }
        assert_eq!(demuxer.movie().duration, expected);
        // Seeking lands in the second stretch, and the samples from there have its format.
        let mut cursor = demuxer.cursor(1).unwrap();
        cursor.seek(Time::from_millis(1500)).unwrap();
        let sample = cursor.next_sample().unwrap().unwrap();
        assert_eq!(sample.format.as_audio().unwrap().sample_rate, 44_100);
        assert!(sample.pts <= Time::from_millis(1500) && sample.pts > Time::from_millis(1450));
    }
}

#[test]
fn what_is_between_frames_is_an_omission_with_its_place() {
    let folder = scratch("between");
    let junk: Vec<u8> = (0..777u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7F).collect();
    let mp3: &[&str] = &["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"];
    for (extension, arguments) in [("aac", &["-c:a", "aac"][..]), ("mp3", mp3)] {
        let Some((mut bytes, first)) = joined(&folder, extension, arguments, &junk) else { return };
        // And the last frame is cut short.
        bytes.truncate(bytes.len() - 5);
        let path = folder.join(format!("whole.{extension}"));
        std::fs::write(&path, &bytes).unwrap();
        let demuxer = open_path(&path).unwrap();
        let movie = demuxer.movie();
        assert_eq!(movie.warnings, [""; 0]);
        let [between, cut] = &movie.omissions[..] else { panic!("{:?}", movie.omissions) };
        assert_eq!((&between.what, &cut.what), (&Omitted::Bytes(777), &Omitted::Samples(1)), "{first}");
        let change = samples(&*demuxer, 1)
            .iter()
            .find(|sample| sample.format.as_audio().unwrap().sample_rate == 44_100)
            .map(|sample| sample.pts);
        assert_eq!(between.range.map(|range| range.start), change);
        assert_eq!(cut.range.map(|range| range.start), Some(movie.duration));
    }
}

/// Headers that noise happens to hold are no change of format.
#[test]
fn noise_between_frames_is_no_sound() {
    let folder = scratch("noise");
    let mut state = 7u32;
    let mut noise = Vec::new();
    for _ in 0..300_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push((state >> 24) as u8);
    }
    let mp3: &[&str] = &["-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0"];
    for (extension, arguments) in [("aac", &["-c:a", "aac"][..]), ("mp3", mp3)] {
        let Some((bytes, _)) = joined(&folder, extension, arguments, &noise) else { return };
        let path = folder.join(format!("whole.{extension}"));
        std::fs::write(&path, &bytes).unwrap();
        let demuxer = open_path(&path).unwrap();
        let rates: Vec<_> = formats(&*demuxer).iter().map(|format| format.sample_rate).collect();
        assert_eq!(rates, [48_000, 44_100], "{extension}");
        let [omission] = &demuxer.movie().omissions[..] else { panic!("{:?}", demuxer.movie().omissions) };
        assert_eq!(omission.what, Omitted::Bytes(300_000), "{extension}");
    }
}
