//! Every file of the corpus opens, or is refused with the name of what it is.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use foreign::{corpus, open_path, pictures, raw, samples, scratch};
use reelwright_bitstream::h264::{AvcConfig, access_unit};
use reelwright_bitstream::length_prefixed_units;
use reelwright_media::{AudioCodec, ContainerKind, ErrorKind, Size};

#[test]
fn everything_opens_or_is_refused_by_name() {
    let Some(corpus) = corpus() else { return };
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expected = match path.extension().and_then(|extension| extension.to_str()) {
            Some("mkv" | "webm") => ContainerKind::Matroska,
            Some("ts" | "mts") => ContainerKind::MpegTs,
            Some("wav") => ContainerKind::Wave,
            Some("caf") => ContainerKind::Caf,
            Some("flac") => ContainerKind::Flac,
            Some("mp3") => ContainerKind::Mp3,
            Some("mxf") => {
                let error = open_path(&path).err().unwrap();
                assert_eq!(
                    (error.kind(), error.message()),
                    (ErrorKind::Unsupported, "MXF is not supported as an input")
                );
                continue;
            }
            _ => continue,
        };
        let demuxer = open_path(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(demuxer.movie().container, expected, "{name}");
        assert!(!demuxer.movie().tracks.is_empty(), "{name}");
        for track in &demuxer.movie().tracks {
            let mut cursor = demuxer.cursor(track.id).unwrap();
            cursor.seek(track.media_duration).unwrap();
            assert!(cursor.next_sample().unwrap().is_some(), "{name} track {}", track.id);
        }
        assert_eq!(demuxer.cursor(0xFFFF_FFFF).err().unwrap().kind(), ErrorKind::Misuse, "{name}");
    }
}

#[test]
fn what_only_the_samples_tell_is_read_from_them() {
    let Some(corpus) = corpus() else { return };
    // H.264 with start codes, and nothing in `avcC`.
    let path = corpus.join("annexb_in_mp4.mp4");
    let demuxer = open_path(&path).unwrap();
    let video = demuxer.movie().tracks[0].formats[0].as_video().unwrap().clone();
    let config = AvcConfig::parse(&video.config.unwrap().bytes).unwrap();
    assert_eq!(config.first_sps().unwrap().size(), Size::new(1920, 1080));
    let mut count = 0;
    for sample in samples(&*demuxer, 1) {
        let bytes = sample.payload.load().unwrap();
        let units = length_prefixed_units(&bytes, 4).collect::<Result<Vec<_>, _>>().unwrap();
        count += usize::from(access_unit(units).has_picture);
        assert_eq!(sample.format.as_video().unwrap().bit_depth, Some(8));
    }
    assert_eq!(count, 5);
    let folder = scratch("told");
    std::fs::write(folder.join("raw.h264"), raw(&*demuxer, 0)).unwrap();
    let (out, stream) = (folder.join("hashes"), folder.join("raw.h264"));
    // ffmpeg also shows what is left of the picture the file was cut in.
    let theirs = pictures(&["-i", path.to_str().unwrap()], &out).map(|all| all[..count].to_vec());
    assert_eq!(pictures(&["-f", "h264", "-i", stream.to_str().unwrap()], &out), theirs);
    // Layer II of MPEG audio, whose object type is also that of Layer III.
    let demuxer = open_path(&corpus.join("mp3_in_mp4.mp4")).unwrap();
    let audio = demuxer.movie().tracks[0].formats[0].as_audio().unwrap().clone();
    assert_eq!((audio.codec, audio.channels, audio.sample_rate), (AudioCodec::Mp2, 1, 44_100));
    assert!(samples(&*demuxer, 1).iter().all(|sample| sample.format.as_audio() == Some(&audio)));
}

#[test]
fn what_is_not_read_is_named() {
    let folder = scratch("names");
    let heads: [(&[u8], &str); 6] = [
        (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "Ogg is not supported as an input"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI is not supported as an input"),
        (b"\0\0\0\x01\x67\x64\0\x28", "H.264 or HEVC without a container is not supported as an input"),
        (b"FLV\x01\x05\0\0\0\x09", "FLV is not supported as an input"),
        (
            b"hello, world, this is text",
            "the input is no container known here: it begins with 68 65 6c 6c 6f 2c 20 77",
        ),
        (
            b"\x1A\x45\xDF\xA3\x8B\x42\x82\x88notvideo",
            "EBML of document type 'notvideo' is not supported as an input",
        ),
    ];
    for (head, message) in heads {
        // The name lies.
        let path = folder.join("film.mp4");
        std::fs::write(&path, head).unwrap();
        assert_eq!(open_path(&path).err().unwrap().message(), message);
    }
}
