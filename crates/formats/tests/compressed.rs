//! Matroska whose frames are compressed by zlib, which every reader must undo (RFC 9559, 5.1.4.1.31).
#![allow(clippy::unwrap_used, reason = "tests state what they expect by unwrapping")]

mod foreign;

use std::io::Write;
use std::path::Path;

use foreign::{ffprobe, open_path, samples, scratch};
use reelwright_formats::Demuxer;
use reelwright_media::{ErrorKind, Omitted};

/// RFC 1950, 8.2, as ffprobe prints it.
fn adler32(bytes: &[u8]) -> String {
    let (a, b) = bytes.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    format!("adler32:{:08x}", b << 16 | a)
}

fn hashes(demuxer: &dyn Demuxer, track: u32) -> Vec<String> {
    let payloads = samples(demuxer, track);
    payloads.iter().map(|sample| adler32(&sample.payload.load().unwrap())).collect()
}

#[test]
fn every_packet_is_what_ffprobe_unpacks() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/field/f06_zlib_all.mkv");
    if !path.exists() {
        reelwright_judges::skip!("f06_zlib_all.mkv is not in ../shared/field");
        return;
    }
    let demuxer = open_path(&path).unwrap();
    assert_eq!(demuxer.movie().omissions, []);
    for (index, track) in demuxer.movie().tracks.iter().enumerate() {
        let selected = index.to_string();
        let arguments =
            ["-select_streams", &selected, "-show_data_hash", "adler32", "-show_entries", "packet=data_hash"];
        let Some(rows) = ffprobe(&path, &arguments) else { return };
        let theirs: Vec<_> = rows.into_iter().map(|row| row[0].to_lowercase()).collect();
        assert!(!theirs.is_empty());
        assert_eq!(hashes(&*demuxer, track.id), theirs, "track {}", track.id);
        let bytes: u64 = samples(&*demuxer, track.id).iter().map(|sample| sample.payload.len()).sum();
        assert_eq!(track.byte_count, Some(bytes));
    }
}

fn element(id: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap() | 0x1000_0000;
    [id, &length.to_be_bytes(), data].concat()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// A track of subtitles with these encodings and frames.
fn file_of(encodings: &[Vec<u8>], frames: &[Vec<u8>]) -> Vec<u8> {
    let encodings: Vec<u8> = encodings.iter().flat_map(|encoding| element(&[0x62, 0x40], encoding)).collect();
    let track = [
        element(&[0xD7], &[1]),
        element(&[0x83], &[17]),
        element(&[0x86], b"S_TEXT/UTF8"),
        element(&[0x6D, 0x80], &encodings),
    ];
    let blocks = frames.iter().enumerate().map(|(index, frame)| {
        let time = u8::try_from(index).unwrap();
        element(&[0xA3], &[&[0x81, 0, time, 0x80], &frame[..]].concat())
    });
    [
        element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska")),
        vec![0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        element(&[0x16, 0x54, 0xAE, 0x6B], &element(&[0xAE], &track.concat())),
        vec![0x1F, 0x43, 0xB6, 0x75, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        element(&[0xE7], &[0]),
        blocks.collect::<Vec<_>>().concat(),
    ]
    .concat()
}

fn encoding(order: u8, method: &[u8]) -> Vec<u8> {
    [element(&[0x50, 0x31], &[order]), element(&[0x50, 0x34], method)].concat()
}

#[test]
fn encodings_come_off_one_after_the_other() {
    let path = scratch("coats").join("coats.mkv");
    // First the front was taken off, then the rest compressed; zlib is what is meant where no method is stated.
    let front = [element(&[0x42, 0x54], &[3]), element(&[0x42, 0x55], b"ab")].concat();
    let coats = [encoding(0, &front), encoding(1, &[])];
    std::fs::write(&path, file_of(&coats, &[deflate(b"cd"), deflate(b"")])).unwrap();
    let demuxer = open_path(&path).unwrap();
    let texts: Vec<_> = samples(&*demuxer, 1).iter().map(|sample| sample.payload.load().unwrap()).collect();
    assert_eq!(texts, [&b"abcd"[..], b"ab"]);
}

#[test]
fn traps_and_damage_are_left_out_and_listed() {
    let path = scratch("traps").join("traps.mkv");
    let trap = deflate(&vec![0; 64 << 20]);
    let frames = [deflate(b"first"), trap, b"no zlib".to_vec(), deflate(b"last")];
    std::fs::write(&path, file_of(&[encoding(0, &[])], &frames)).unwrap();
    let demuxer = open_path(&path).unwrap();
    let texts: Vec<_> = samples(&*demuxer, 1).iter().map(|sample| sample.payload.load().unwrap()).collect();
    assert_eq!(texts, [&b"first"[..], b"last"]);
    let [omission] = &demuxer.movie().omissions[..] else { panic!("{:?}", demuxer.movie().omissions) };
    assert_eq!((&omission.what, omission.track), (&Omitted::Samples(2), Some(1)));
}

#[test]
fn what_cannot_be_undone_is_a_track_left_out() {
    let path = scratch("others").join("others.mkv");
    for (method, how) in [(1, "bzlib"), (2, "lzo1x")] {
        let coat = encoding(0, &element(&[0x42, 0x54], &[method]));
        std::fs::write(&path, file_of(&[coat], &[b"x".to_vec()])).unwrap();
        let Err(error) = open_path(&path) else { panic!("{how} is read") };
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(how), "{error}");
    }
}
