//! WAVE and its 64-bit relatives RF64 and BW64 (Microsoft "Multimedia Programming Interface 1.0", "Multiple channel audio
//! data and WAVE files"; EBU Tech 3306; ITU-R BS.2088).

mod format;
mod marks;

use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{
    ContainerKind, Error, FormatDescription, Language, MetadataItem, MetadataKey, MetadataValue, ReadAt,
    Result, Time, Timescale,
};

use crate::indexed::{Indexed, Runs, Storage, movie, present, track};
use crate::movie_tags::MovieTags;
use crate::window::Window;
use crate::{id3, mpeg_audio};
use format::Stream;
use marks::Marks;

pub(crate) use format::companded;

/// Opens a WAVE file.
///
/// # Errors
///
/// A missing or malformed `fmt ` chunk, no `data` chunk, a coding that isn't known here.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 4096);
    let found = Chunks::read(&mut window)?;
    let format = found.format.ok_or_else(|| Error::malformed("a WAVE file without 'fmt ' chunk"))?;
    let (offset, length) = found.data.ok_or_else(|| Error::malformed("a WAVE file without 'data' chunk"))?;
    let stream = Stream::parse(&format).map_err(|error| error.in_box("fmt "))?;
    let audio = match stream {
        Stream::Constant(audio) => audio,
        Stream::MpegAudio => {
            let opened = mpeg_audio::open_stream(source, offset, offset + length, ContainerKind::Wave)?;
            return Ok(opened.with_facts(found.facts));
        }
    };
    let timescale =
        Timescale::new(audio.sample_rate).ok_or_else(|| Error::malformed("a WAVE file of 0 Hz"))?;
    let mut movie = movie(ContainerKind::Wave, timescale);
    let (packet_bytes, packet_frames) = (audio.bytes_per_packet.max(1), audio.frames_per_packet.max(1));
    let runs = Runs {
        source,
        format: Arc::new(FormatDescription::Audio(audio)),
        timescale,
        offset,
        packet_bytes,
        packet_frames,
        packets: length / u64::from(packet_bytes),
    };
    movie.warnings = found.warnings;
    let heard = runs.all();
    let marks = found.marks.named(timescale);
    let mut facts = found.facts;
    if facts.chapters.is_empty() {
        facts.chapters = marks;
    }
    Ok(of_runs(movie, runs, heard).with_facts(facts))
}

/// The format a WAVEFORMATEX describes, where its packets are of one size.
pub(crate) fn constant_format(chunk: &[u8]) -> Result<reelwright_media::AudioFormat> {
    match Stream::parse(chunk)? {
        Stream::Constant(audio) => Ok(audio),
        Stream::MpegAudio => Err(Error::unsupported("MPEG audio by WAVEFORMATEX")),
    }
}

/// A file whose only track is `runs`, of which the ticks in `heard` are presented.
pub(crate) fn of_runs(mut movie: reelwright_media::Movie, runs: Runs, heard: Range<i64>) -> Indexed {
    let mut track = track(1, runs.format.clone(), runs.timescale);
    present(&mut track, movie.timescale, Time::ZERO, heard.start, heard.end, runs.all().end);
    track.sample_count = Some(runs.frames());
    track.byte_count = Some(runs.packets.saturating_mul(runs.packet_bytes.into()));
    movie.duration = track.range.end();
    movie.tracks.push(track);
    Indexed::new(movie, vec![Storage::Runs(runs)])
}

#[derive(Default)]
struct Chunks {
    format: Option<Vec<u8>>,
    /// Offset and length.
    data: Option<(u64, u64)>,
    facts: MovieTags,
    marks: Marks,
    warnings: Vec<String>,
}

impl Chunks {
    fn read(window: &mut Window) -> Result<Self> {
        let riff_size = u32::from_le_bytes(window.array(4)?);
        let end = window.len();
        let mut out = Self::default();
        let mut long = None;
        let mut at = 12;
        while end.saturating_sub(at) >= 8 {
            let [a, b, c, d, sizes @ ..] = window.array::<8>(at)?;
            let (id, stated) = ([a, b, c, d], u32::from_le_bytes(sizes));
            let body = at + 8;
            let mut length = u64::from(stated);
            match &id {
                b"ds64" => long = Some(long_data(window, body)?),
                b"fmt " => out.format = Some(window.exact(body, (stated as usize).min(4096))?.to_vec()),
                b"data" => {
                    length = out.note_data(body, stated, riff_size, long, end);
                }
                b"LIST" => out.note_list(window, body, length),
                b"bext" => out.note_broadcast(window.at(body, (stated as usize).min(BROADCAST))?),
                b"cue " => out.marks.note_points(window.at(body, (stated as usize).min(1 << 20))?),
                b"id3 " | b"ID3 " => {
                    if let Ok(tag) =
                        window.at(body, usize::try_from(length).unwrap_or(usize::MAX).min(id3::MOST))
                    {
                        out.facts.extend(id3::parse(tag));
                    }
                }
                _ => {}
            }
            // Chunks are padded to an even length.
            at = match body.checked_add(length).and_then(|next| next.checked_add(length & 1)) {
                Some(next) => next,
                None => break,
            };
        }
        Ok(out)
    }

    /// Takes note of the `data` chunk and returns how long it really is.
    fn note_data(&mut self, body: u64, stated: u32, riff: u32, long: Option<u64>, end: u64) -> u64 {
        let left = end.saturating_sub(body);
        let length = match (stated, long) {
            (u32::MAX, Some(long)) if long != 0 => long,
            (u32::MAX, _) => left,
            // Writers that stream never come back to fill in the sizes; an honest empty chunk has an honest frame.
            (0, _) if u64::from(riff) != end.saturating_sub(8) || riff == 0 => left,
            _ => stated.into(),
        };
        if length > left {
            self.warnings
                .push(format!("the data chunk states {length} bytes where {left} are left in the file"));
        }
        let length = length.min(left);
        self.data.get_or_insert((body, length));
        length
    }

    /// The fields of the broadcast extension that hold text (EBU Tech 3285, 2.3), by their names there.
    fn note_broadcast(&mut self, chunk: &[u8]) {
        const FIELDS: [(&str, Range<usize>); 5] = [
            ("Description", 0..256),
            ("Originator", 256..288),
            ("OriginatorReference", 288..320),
            ("OriginationDate", 320..330),
            ("OriginationTime", 330..338),
        ];
        for (name, field) in FIELDS {
            let text = plain_text(chunk.get(field).unwrap_or_default());
            if !text.is_empty() {
                self.facts.note(item(name, text));
            }
        }
    }

    /// `LIST` of type `INFO`: texts by four-character code.
    fn note_list(&mut self, window: &mut Window, body: u64, length: u64) {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(1 << 20);
        let Ok(list) = window.at(body, length) else { return };
        if let Some(labels) = list.strip_prefix(b"adtl") {
            return self.marks.note_labels(labels);
        }
        let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
        while let Some(([a, b, c, d, sizes @ ..], tail)) = rest.split_first_chunk::<8>() {
            let (id, length) = ([*a, *b, *c, *d], u32::from_le_bytes(*sizes) as usize);
            let Some((text, tail)) = tail.split_at_checked(length) else { break };
            let text = plain_text(text);
            if let (Ok(key), false) = (std::str::from_utf8(&id), text.is_empty()) {
                self.facts.note(item(key, text));
            }
            rest = tail.get(length & 1..).unwrap_or_default();
        }
    }
}

/// Bytes of the broadcast extension's texts.
const BROADCAST: usize = 338;

/// The length of `data` that RF64 and BW64 state in `ds64` because the chunk itself can't.
fn long_data(window: &mut Window, body: u64) -> Result<u64> {
    let [_riff @ .., a, b, c, d, e, f, g, h] = window.array::<16>(body)?;
    Ok(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}

/// A text of another container, by its name there.
pub(crate) fn item(key: &str, text: String) -> MetadataItem {
    MetadataItem {
        key: MetadataKey::Other(key.into()),
        value: MetadataValue::Text(text),
        language: Language::UNDETERMINED,
    }
}

/// UTF-8 where it is, else Latin-1; without zeros and spaces at the end.
pub(crate) fn plain_text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    text.trim_end().to_string()
}
