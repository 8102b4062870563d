//! Lies of the containers that aren't made of boxes; some were found by fuzzing.

/// Names and bytes.
pub(crate) fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a WAVE of samples of 8 KiB", wave(0xFFFF)),
        ("a CAF of samples of 64 MiB", caf(b"lpcm", 0x7FFF_FFFF, 1, &[])),
        ("packets of CAF without bytes", caf(b"opus", 0, 960, &vec![0; 1_000_000])),
        (
            "texts of CAF without end",
            [caf(b"lpcm", 4, 1, &[]), chunk(b"info", &b"a\0b\0".repeat(250_000))].concat(),
        ),
        ("texts of WAVE without end", [wave(4), list(200_000)].concat()),
        ("tracks of Matroska without end", matroska(&[0xAE, 0x80].repeat(500_000), &[])),
        (
            "blocks of Matroska without bytes",
            matroska(&picture_track(), &[0xA3, 0x84, 0x81, 0, 0, 0x80].repeat(300_000)),
        ),
        ("Matroska at the end of time", matroska(&picture_track(), &late_lace())),
        ("laces of nothing in many tracks of Matroska", matroska(&picture_track(), &empty_laces(500, 300))),
        ("many small packets of Matroska", matroska(&sound_track(), &opus(1_000_000))),
        ("covers of Matroska without end", noted(&element(&[0x19, 0x41, 0xA4, 0x69], &covers(300_000)))),
        (
            "titles of Matroska without end",
            noted(&[0x15, 0x49, 0xA9, 0x66, 0x83, 0x7B, 0xA9, 0x80].repeat(400_000)),
        ),
        ("chapters of Matroska without end", noted(&chapters().repeat(100))),
        ("tags of many tracks of Matroska", noted(&element(&[0x12, 0x54, 0xC3, 0x67], &tags(500, 1000)))),
        ("one PES packet of small frames of sound", stream(0x0F, &adts(0).repeat(500_000))),
        ("one PES packet of frames of sound", stream(0x0F, &adts(57).repeat(300_000))),
        ("one PES packet of what may be sound", stream(0x0F, &[0xFF].repeat(3_000_000))),
        ("one PES packet of empty pictures", stream(0x02, &[0, 0, 1, 0, 0xFF].repeat(600_000))),
        ("one PES packet of empty slices", stream(0x1B, &[0, 0, 1, 9, 0, 0, 1, 0x65, 0xFF].repeat(300_000))),
        ("one PES packet of start codes", stream(0x1B, &[0, 0, 1].repeat(1_000_000))),
        ("a picture larger than any", stream(0x24, &[0, 0, 1, 2, 1].repeat(5_000_000))),
    ]
}

fn wave(align: u16) -> Vec<u8> {
    let mut format = vec![1, 0, 2, 0, 0x80, 0xBB, 0, 0, 0, 0, 0, 0];
    format.extend(align.to_le_bytes());
    format.extend([16, 0]);
    let mut bytes = b"RIFF\xFF\xFF\0\0WAVEfmt ".to_vec();
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(format);
    bytes.extend(b"data\x40\0\0\0");
    bytes.extend([0; 64]);
    bytes
}

fn list(texts: usize) -> Vec<u8> {
    let body = [b"INFO".to_vec(), b"INAM\x01\0\0\0xx".repeat(texts)].concat();
    [b"LIST".to_vec(), u32::try_from(body.len()).unwrap().to_le_bytes().to_vec(), body].concat()
}

fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&kind[..], &(body.len() as u64).to_be_bytes(), body].concat()
}

fn caf(codec: &[u8; 4], packet_bytes: u32, packet_frames: u32, packets: &[u8]) -> Vec<u8> {
    let mut description = 48_000f64.to_be_bytes().to_vec();
    description.extend(codec);
    for number in [0, packet_bytes, packet_frames, 2, 16] {
        description.extend(number.to_be_bytes());
    }
    let mut bytes = b"caff\0\x01\0\0".to_vec();
    bytes.extend(chunk(b"desc", &description));
    if !packets.is_empty() {
        let header = [u64::MAX.to_be_bytes(), [0; 8], [0; 8]].concat();
        bytes.extend(chunk(b"pakt", &[&header, packets].concat()));
    }
    bytes.extend(chunk(b"data", &[0; 100]));
    bytes
}

/// An element with a size of eight bytes.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = (body.len() as u64 | 0x0100_0000_0000_0000).to_be_bytes();
    [id, &size, body].concat()
}

fn matroska(tracks: &[u8], cluster: &[u8]) -> Vec<u8> {
    let time = element(&[0xE7], &i64::MAX.to_be_bytes());
    let segment = [
        element(&[0x16, 0x54, 0xAE, 0x6B], tracks),
        element(&[0x1F, 0x43, 0xB6, 0x75], &[&time, cluster].concat()),
    ];
    [
        element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska")),
        element(&[0x18, 0x53, 0x80, 0x67], &segment.concat()),
    ]
    .concat()
}

fn picture_track() -> Vec<u8> {
    let size = [element(&[0xB0], &[0, 64]), element(&[0xBA], &[0, 64])].concat();
    let track = [
        element(&[0xD7], &[1]),
        element(&[0x83], &[1]),
        element(&[0x86], b"V_MJPEG"),
        element(&[0x23, 0xE3, 0x83], &[0xFF; 8]),
        element(&[0xE0], &size),
    ];
    element(&[0xAE], &track.concat())
}

/// A block of four frames, the times of all but the first being the rate's affair.
fn late_lace() -> Vec<u8> {
    element(&[0xA3], &[0x81, 0, 0, 0x84, 3, 1, 2, 3, 4])
}

/// Blocks of 256 empty frames each, `blocks` of them in each of `tracks` tracks.
fn empty_laces(tracks: u16, blocks: usize) -> Vec<u8> {
    let lace = |track: u16| {
        let [high, low] = (0x4000 | track).to_be_bytes();
        [0xA3, 0x86, high, low, 0, 0, 0x84, 255].repeat(blocks)
    };
    (1..=tracks).flat_map(lace).collect()
}

fn sound_track() -> Vec<u8> {
    let head = [&b"OpusHead\x01\x01"[..], &[0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0]].concat();
    let track = [
        element(&[0xD7], &[1]),
        element(&[0x83], &[2]),
        element(&[0x86], b"A_OPUS"),
        element(&[0x63, 0xA2], &head),
        element(&[0xE1], &[0xB5, 0x84, 0x47, 0x3B, 0x80, 0]),
    ];
    element(&[0xAE], &track.concat())
}

/// Packets of one TOC byte each, which is sound, in 16 bytes of the file.
fn opus(count: usize) -> Vec<u8> {
    [0xA3, 0x85, 0x81, 0, 0, 0x80, 8, 0xEC, 0x87, 0, 0, 0, 0, 0, 0, 0].repeat(count)
}

/// A film with one block, and `notes` about it.
fn noted(notes: &[u8]) -> Vec<u8> {
    let block = element(&[0x1F, 0x43, 0xB6, 0x75], &[0xA3, 0x85, 0x81, 0, 0, 0x80, 1]);
    let segment = [&element(&[0x16, 0x54, 0xAE, 0x6B], &picture_track()), &block, notes].concat();
    [
        element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska")),
        element(&[0x18, 0x53, 0x80, 0x67], &segment),
    ]
    .concat()
}

/// Pictures of three bytes each, all different.
fn covers(count: u32) -> Vec<u8> {
    let cover = |number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        let file = [b"\x46\x60\x89image/png", &[0x46, 0x5C, 0x83, a, b, c][..]].concat();
        [&[0x61, 0xA7, 0x80 | u8::try_from(file.len()).unwrap()][..], &file].concat()
    };
    (0..count).flat_map(cover).collect()
}

/// A list of ten thousand, all empty.
fn chapters() -> Vec<u8> {
    element(&[0x10, 0x43, 0xA7, 0x70], &element(&[0x45, 0xB9], &[0xB6, 0x80].repeat(10_000)))
}

fn tags(tracks: u16, each: usize) -> Vec<u8> {
    let tag = |track: u16| {
        let [high, low] = track.to_be_bytes();
        let target = [0x63, 0xC0, 0x85, 0x63, 0xC5, 0x82, high, low];
        let simple = [0x67, 0xC8, 0x87, 0x45, 0xA3, 0x81, b'x', 0x44, 0x87, 0x80].repeat(each);
        element(&[0x73, 0x73], &[&target[..], &simple].concat())
    };
    (1..=tracks).flat_map(tag).collect()
}

/// A frame of ADTS with `size` bytes of data.
fn adts(size: u8) -> Vec<u8> {
    let length = usize::from(size) + 7;
    let header = [
        0xFF,
        0xF1,
        0x50,
        0x80 | (length >> 11) as u8,
        (length >> 3) as u8,
        (length << 5) as u8 | 0x1F,
        0xFC,
    ];
    [&header[..], &vec![0x21; size.into()]].concat()
}

/// A transport stream of one stream of this type, all of it in one PES packet.
fn stream(kind: u8, data: &[u8]) -> Vec<u8> {
    let association = [0, 0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1, 0xE1, 0, 0, 0, 0, 0];
    let map = [0, 2, 0xB0, 18, 0, 1, 0xC1, 0, 0, 0xE1, 1, 0xF0, 0, kind, 0xE1, 1, 0xF0, 0, 0, 0, 0, 0];
    let header = [0, 0, 1, 0xE0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1];
    let mut bytes = [packet(0, true, 0, &association), packet(0x100, true, 0, &map)].concat();
    let whole = [&header[..], data].concat();
    for (index, part) in whole.chunks(184).enumerate() {
        bytes.extend(packet(0x101, index == 0, (index % 16) as u8, part));
    }
    bytes
}

/// A transport packet; what `payload` leaves free is stuffing in front of it.
fn packet(pid: u16, starts: bool, counter: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = pid.to_be_bytes();
    let free = 184 - payload.len();
    let mut bytes = vec![0x47, high | if starts { 0x40 } else { 0 }, low, counter | 0x10];
    if free > 0 {
        bytes[3] |= 0x20;
        bytes.push((free - 1) as u8);
        bytes.extend([&[0][..], &[0xFF; 184]].concat().iter().take(free - 1));
    }
    bytes.extend(payload);
    bytes
}
