//! Inputs that lie on purpose, each in one way.

use std::io::Write as _;

use bytes::Bytes;
use reelwright_bmff::Writer;

/// Names and bytes.
pub(crate) fn inputs() -> Vec<(String, Bytes)> {
    let mut inputs: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| inputs.push((name.to_owned(), bytes));
    add("nothing at all", Vec::new());
    add("one byte", vec![0]);
    add("a picture", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), vec![7; 4000]].concat());
    add("text", b"It was a dark and stormy night; ".repeat(500));
    add("an archive", [b"PK\x03\x04\x14\0\0\0\x08\0".to_vec(), vec![9; 4000]].concat());
    add(
        "a program",
        std::fs::read("/bin/sh").map_or(b"\x7FELF\x02\x01\x01".to_vec(), |mut bytes| {
            bytes.truncate(200_000);
            bytes
        }),
    );
    for kind in
        [b"stts", b"ctts", b"stsc", b"stco", b"co64", b"stsz", b"stz2", b"stss", b"stsd", b"sdtp", b"stps"]
    {
        let table = endless_table(kind);
        add(
            &format!("2^32 - 1 rows of {}", String::from_utf8_lossy(kind)),
            movie(&Parts { stbl: vec![table], ..video() }),
        );
    }
    add("2^32 - 1 edits", movie(&Parts { edts: endless_edits(0), ..video() }));
    add("100,000 edits", movie(&Parts { edts: endless_edits(100_000), ..video() }));
    add(
        "tracks that refer to each other",
        movie(&Parts { tref: references(b"chap", &[2, 1, 2]), tracks: 2, ..video() }),
    );
    add(
        "a text track that is its own chapter list",
        movie(&Parts { tref: references(b"chap", &[1]), ..text() }),
    );
    add("a million references", movie(&Parts { tref: references(b"tmcd", &vec![1; 100_000]), ..video() }));
    add("boxes a hundred deep", deep(100));
    add("boxes ten thousand deep", deep(10_000));
    add("tracks without end", many_tracks(5000));
    add("sample descriptions without end", movie(&Parts { stsd: many_descriptions(40_000), ..text() }));
    add("video descriptions without end", movie(&Parts { stsd: video_entry().repeat(3000), ..video() }));
    add("unknown boxes without end", movie(&Parts { foreign: b"\0\0\0\x08what".repeat(300_000), ..video() }));
    add("metadata without end", movie(&Parts { udta: many_items(100_000), ..video() }));
    add("long keys, used often", movie(&Parts { meta: long_keys(500_000, 20_000), ..video() }));
    add("texts of user data without end", movie(&Parts { udta: quicktime_texts(200_000), ..video() }));
    add("chapters without end", movie(&Parts { udta: nero_chapters(300_000), ..video() }));
    add("chapter titles on top of each other", titles(100_000));
    add("an index that inflates a thousandfold", bomb(200 << 20));
    add("an empty index that inflates to nothing", bomb(0));
    add("sound on top of sound", overlapping(1, 2000, u32::MAX));
    add("samples on top of samples", overlapping_listed(20_000));
    add("samples behind the end of the file", overlapping(1 << 20, 1000, 1000));
    add("fragments of 2^32 samples", fragments(1, 1000, u32::MAX, 16));
    add("fragments of samples without bytes", fragments(1, 5000, 60_000, 0));
    add("fragments of many tracks", fragments(400, 20_000, 1, 4));
    let sizes = table(b"stsz", &[0, 10, 3, 5, 2, 7, 1, 1, 4, 9, 6, 8]);
    let sound = Parts { handler: *b"soun", stsd: aac_of_one_size(), stbl: vec![sizes], ..video() };
    add("packets of different sizes said to be of one", movie(&sound));
    add("a sample entry of an extended type", movie(&Parts { stsd: extended_entry(), ..video() }));
    add("parameter sets without bytes", movie(&Parts { stsd: hevc_entry(60_000 * 10), ..video() }));
    inputs.into_iter().map(|(name, bytes)| (name, bytes.into())).collect()
}

/// What a track is made of; each part the bytes of whole boxes.
#[derive(Clone, Default)]
struct Parts {
    handler: [u8; 4],
    /// Sample entries.
    stsd: Vec<u8>,
    /// Boxes, each instead of the usual one of its kind.
    stbl: Vec<Vec<u8>>,
    edts: Vec<u8>,
    tref: Vec<u8>,
    udta: Vec<u8>,
    meta: Vec<u8>,
    foreign: Vec<u8>,
    tracks: u32,
    mvex: Vec<u8>,
    /// The body of `mdat`; a hundred zeros where there is nothing.
    media: Vec<u8>,
}

/// What every movie here begins with.
const START: &[u8] = b"\0\0\0\x14ftypqt  \0\0\0\0qt  ";

/// Where the media lie: behind the header of `mdat`.
const OFFSET: u32 = START.len() as u32 + 8;

fn video() -> Parts {
    Parts { handler: *b"vide", stsd: video_entry(), tracks: 1, ..Parts::default() }
}

fn text() -> Parts {
    Parts {
        handler: *b"text",
        stsd: b"\0\0\0\x10text\0\0\0\0\0\0\0\x01".to_vec(),
        tracks: 1,
        ..Parts::default()
    }
}

fn full(kind: &[u8; 4], body: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.full_box(kind, 0, 0, body);
    w.into_bytes()
}

fn plain(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut w = Writer::new();
    w.write_box(kind, |w| w.bytes(body));
    w.into_bytes()
}

fn video_entry() -> Vec<u8> {
    plain(
        b"mp4v",
        &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &[0; 16], &[1, 0, 1, 0], &[0; 46], &[0, 24, 0xFF, 0xFF]].concat(),
    )
}

/// A sound description of version 1 whose packets are said to have two bytes each.
fn aac_of_one_size() -> Vec<u8> {
    let fixed = [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 16, 0, 0, 0, 0, 0xBB, 0x80, 0, 0];
    let packets: Vec<u8> = [1024u32, 2, 4, 2].iter().flat_map(|number| number.to_be_bytes()).collect();
    plain(b"mp4a", &[&fixed[..], &packets].concat())
}

/// A `uuid` box in the place of a sample entry.
fn extended_entry() -> Vec<u8> {
    let entry = video_entry();
    plain(b"uuid", &[&[7; 16], &entry[8..]].concat())
}

fn hevc_entry(units: usize) -> Vec<u8> {
    let mut config = vec![1];
    config.extend([0; 21]);
    let arrays = units.div_ceil(65_535).min(255);
    config.push(arrays as u8);
    for _ in 0..arrays {
        config.extend([0x20, 0xFF, 0xFF]);
        config.extend(vec![0; 2 * 65_535]);
    }
    let entry = video_entry();
    plain(b"hvc1", &[&entry[8..], &plain(b"hvcC", &config)].concat())
}

/// A movie whose tracks have ten samples of ten bytes, apart from what `parts` say.
fn movie(parts: &Parts) -> Vec<u8> {
    let media = if parts.media.is_empty() { &[0; 100] } else { &parts.media[..] };
    [START, &plain(b"mdat", media), &movie_box(parts)].concat()
}

fn movie_box(parts: &Parts) -> Vec<u8> {
    let header = full(b"mvhd", |w| {
        w.zeros(8);
        w.u32(600);
        w.zeros(84);
    });
    let tracks: Vec<u8> = (1..=parts.tracks).flat_map(|id| track(parts, id)).collect();
    plain(
        b"moov",
        &[header, tracks, parts.udta.clone(), parts.meta.clone(), parts.foreign.clone(), parts.mvex.clone()]
            .concat(),
    )
}

fn track(parts: &Parts, id: u32) -> Vec<u8> {
    let tkhd = full(b"tkhd", |w| {
        w.zeros(8);
        w.u32(id);
        w.zeros(68);
    });
    let mdhd = full(b"mdhd", |w| {
        w.zeros(8);
        w.u32(600);
        w.zeros(8);
    });
    let hdlr = full(b"hdlr", |w| {
        w.bytes(b"mhlr");
        w.bytes(&parts.handler);
        w.zeros(13);
    });
    let minf = plain(b"minf", &sample_table(parts));
    let mdia = plain(b"mdia", &[mdhd, hdlr, minf].concat());
    plain(b"trak", &[tkhd, parts.edts.clone(), parts.tref.clone(), mdia].concat())
}

fn sample_table(parts: &Parts) -> Vec<u8> {
    let usual = [
        full(b"stsd", |w| {
            w.u32(u32::MAX);
            w.bytes(&parts.stsd);
        }),
        table(b"stts", &[1, 10, 20]),
        table(b"stsc", &[1, 1, 10, 1]),
        table(b"stsz", &[10, 10]),
        table(b"stco", &[1, OFFSET]),
    ];
    let replaced = |usual: &Vec<u8>| parts.stbl.iter().any(|own| own[4..8] == usual[4..8]);
    let usual: Vec<u8> = usual.into_iter().filter(|usual| !replaced(usual)).flatten().collect();
    plain(b"stbl", &[usual, parts.stbl.concat()].concat())
}

fn table(kind: &[u8; 4], numbers: &[u32]) -> Vec<u8> {
    full(kind, |w| numbers.iter().for_each(|&number| w.u32(number)))
}

fn endless_table(kind: &[u8; 4]) -> Vec<u8> {
    match kind {
        b"stsz" => table(kind, &[1, u32::MAX]),
        b"stz2" => table(kind, &[4, u32::MAX, 0x1234_5678]),
        b"stsc" => table(kind, &[u32::MAX, 1, u32::MAX, 1, u32::MAX, u32::MAX, 1]),
        _ => table(kind, &[u32::MAX, 0xFFFF_FFF0, 0xFFFF_FFFF, 3]),
    }
}

fn endless_edits(rows: u32) -> Vec<u8> {
    plain(
        b"edts",
        &full(b"elst", |w| {
            w.u32(if rows == 0 { u32::MAX } else { rows });
            for row in 0..rows.max(3) {
                w.u32(600);
                w.u32(row);
                w.u32(0x1_0000);
            }
        }),
    )
}

fn references(kind: &[u8; 4], ids: &[u32]) -> Vec<u8> {
    let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
    plain(b"tref", &plain(kind, &ids))
}

fn deep(levels: usize) -> Vec<u8> {
    let kinds = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"udta", b"meta"];
    let mut inner = Vec::new();
    for level in 0..levels {
        inner = plain(kinds[level % kinds.len()], &inner);
    }
    [plain(b"ftyp", b"isom\0\0\0\0"), plain(b"moov", &inner)].concat()
}

fn many_tracks(count: u32) -> Vec<u8> {
    movie(&Parts { tracks: count, ..video() })
}

fn many_descriptions(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| plain(b"text", &(number as u64).to_be_bytes())).collect()
}

fn many_items(count: usize) -> Vec<u8> {
    let item = plain(b"\xA9nam", &plain(b"data", b"\0\0\0\x01\0\0\0\0x"));
    let list = plain(b"ilst", &item.repeat(count));
    let hdlr = full(b"hdlr", |w| {
        w.zeros(4);
        w.bytes(b"mdirappl");
        w.zeros(9);
    });
    plain(b"udta", &[&[0, 0, 0, 0][..], &plain(b"meta", &[vec![0; 4], hdlr, list].concat())].concat()[4..])
}

fn long_keys(length: usize, count: usize) -> Vec<u8> {
    let hdlr = full(b"hdlr", |w| {
        w.zeros(4);
        w.bytes(b"mdta");
        w.zeros(13);
    });
    let keys = full(b"keys", |w| {
        w.u32(1);
        w.bytes(&plain(b"mdta", &vec![b'k'; length]));
    });
    let item = plain(&[0, 0, 0, 1], &plain(b"data", b"\0\0\0\x01\0\0\0\0x"));
    plain(b"meta", &[hdlr, keys, plain(b"ilst", &item.repeat(count))].concat())
}

fn quicktime_texts(count: usize) -> Vec<u8> {
    plain(b"udta", &plain(b"\xA9nam", &vec![0; 4 * count]))
}

fn nero_chapters(count: u32) -> Vec<u8> {
    let mut w = Writer::new();
    w.full_box(b"chpl", 1, 0, |w| {
        w.u8(0);
        w.u32(u32::MAX);
        w.zeros(9 * count as usize);
    });
    plain(b"udta", &w.into_bytes())
}

/// A text track of many samples of 64 KiB, all in one place, that lists chapters.
fn titles(count: u32) -> Vec<u8> {
    let media = [&[0xFF, 0xFF][..], &vec![b'a'; 65_534]].concat();
    let track = Parts { media, tref: references(b"chap", &[1]), ..text() };
    in_one_place(track, count, 1, sizes((0..count).map(|_| 65_536)))
}

/// The movie of `parts` with chunks that all lie at the beginning of the media, of `samples` samples each.
fn in_one_place(parts: Parts, chunks: u32, samples: u32, sizes: Vec<u8>) -> Vec<u8> {
    let offsets: Vec<u32> = [chunks].into_iter().chain((0..chunks).map(|_| OFFSET)).collect();
    let times = table(b"stts", &[1, u32::MAX, 1]);
    let stbl = vec![times, table(b"stsc", &[1, 1, samples, 1]), sizes, table(b"stco", &offsets)];
    movie(&Parts { stbl, ..parts })
}

/// Sizes one by one.
fn sizes(sizes: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
    let count = u32::try_from(sizes.len()).unwrap();
    table(b"stsz", &[0, count].into_iter().chain(sizes).collect::<Vec<_>>())
}

fn bomb(length: usize) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    (0..length >> 20).for_each(|_| packed.write_all(&zeros).unwrap());
    let packed = packed.finish().unwrap();
    let data = plain(b"cmvd", &[&u32::try_from(length).unwrap().to_be_bytes()[..], &packed].concat());
    let cmov = plain(b"cmov", &[plain(b"dcom", b"zlib"), data].concat());
    [plain(b"ftyp", b"qt  \0\0\0\0"), plain(b"moov", &cmov)].concat()
}

/// Chunks that all lie in the same place, of `samples` samples of `size` bytes each.
fn overlapping(size: u32, chunks: u32, samples: u32) -> Vec<u8> {
    let track = Parts { media: vec![0; 500_000], ..video() };
    in_one_place(track, chunks, samples, table(b"stsz", &[size, u32::MAX]))
}

/// Samples named one by one that all are the whole of the media.
fn overlapping_listed(count: u32) -> Vec<u8> {
    let track = Parts { media: vec![0; 500_000], ..video() };
    in_one_place(track, count, 1, sizes((0..count).map(|number| 499_000 + number % 1000)))
}

/// Fragments of `runs` runs in all, spread over the tracks, each of `samples` samples of `size` bytes.
fn fragments(tracks: u32, runs: u32, samples: u32, size: u32) -> Vec<u8> {
    let trex: Vec<u8> = (1..=tracks).flat_map(|id| table(b"trex", &[id, 1, 1, size, 0])).collect();
    let parts = Parts { tracks, mvex: plain(b"mvex", &trex), ..video() };
    let trafs: Vec<u8> = (0..runs)
        .flat_map(|run| {
            let mut w = Writer::new();
            w.full_box(b"tfhd", 0, 0x2_0000, |w| w.u32(run % tracks + 1));
            w.full_box(b"trun", 0, 1, |w| {
                w.u32(samples);
                w.u32(0);
            });
            plain(b"traf", &w.into_bytes())
        })
        .collect();
    [movie(&parts), plain(b"moof", &[table(b"mfhd", &[1]), trafs].concat())].concat()
}
