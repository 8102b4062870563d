//! Every file of the corpus opens, or is refused with the name of what it is.
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use foreign::{corpus, open_path, scratch};
use reelwright_media::{ContainerKind, ErrorKind};

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
