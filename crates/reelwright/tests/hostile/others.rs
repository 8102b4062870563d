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
