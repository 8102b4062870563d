//! From `trak` to a [`Track`] and its tables.

use std::sync::Arc;

use reelwright_media::{
    AudioFormat, BoxFamily, Edit, Error, FormatDescription, FourCc, Language, Matrix, MediaType, Result,
    Time, TimeRange, Timescale, Track,
};

use super::allowance::{Allowance, Counted};
use super::cursor::TrackData;
use super::delta;
use super::fragment::FragmentIndex;
use super::movie::{find, foreign};
use super::table::{SampleTable, Units};
use super::warnings::Warnings;
use crate::metadata::{read_meta, read_user_data};
use crate::{
    BoxRef, DataReference, DataReferences, EditList, ExtendedLanguage, Handler, MediaHeader,
    SampleDescriptions, SampleGroupDescription, TrackHeader, TrackReferences, entry,
};

/// A track and what its cursors need.
pub(super) struct Opened {
    pub(super) track: Track,
    pub(super) data: TrackData,
}

/// Reads everything of `trak` but the samples, in a movie of `movie` ticks per second.
pub(super) fn read(
    trak: &BoxRef<'_>,
    family: BoxFamily,
    movie: Timescale,
    warnings: &mut Warnings,
    allowance: &mut Allowance,
) -> Result<Opened> {
    let header: TrackHeader = require(trak, b"tkhd")?.read()?;
    let mdia = require(trak, b"mdia")?;
    let media: MediaHeader = require(&mdia, b"mdhd")?.read()?;
    let handler: Handler = require(&mdia, b"hdlr")?.read()?;
    let minf = require(&mdia, b"minf")?;
    let stbl = require(&minf, b"stbl")?;
    if media.timescale == 0 {
        warnings.push(format!("the timescale of track {} is 0; 1 is assumed", header.track_id));
    }
    let timescale = Timescale::or_one(media.timescale);
    let mut formats = formats(&stbl, &handler, family, timescale, warnings, allowance)?;
    let stated = if media.duration == u64::MAX { 0 } else { i64::try_from(media.duration).unwrap_or(0) };
    let mut table = SampleTable::read(&stbl, timescale, stated, warnings)?;
    table.units = formats.first().and_then(|format| units(format.as_audio()?, &table));
    if table.units.is_none() {
        formats.iter_mut().for_each(whole_packets);
    }
    allowance.repeat(table.repeated(allowance.file())).map_err(|error| error.at_track(header.track_id))?;
    let listed = table.duration();
    // A header that states less cuts the last sample short.
    let is_less = (1..listed).contains(&stated);
    let media_duration = if is_less { stated } else { delta::length(stated, listed, timescale) };
    let mut track = Track {
        id: header.track_id,
        media: MediaType::from_handler(handler.handler),
        handler: handler.handler,
        handler_name: handler.name(),
        timescale,
        media_duration: Time::new(media_duration, timescale),
        range: TimeRange::new(Time::ZERO, Time::ZERO),
        sample_count: None,
        byte_count: None,
        formats: formats.clone(),
        enabled: header.flags & TrackHeader::ENABLED != 0,
        header_flags: header.flags,
        language: language(&mdia, &media),
        header_size: (header.width, header.height),
        matrix: matrix(&header, handler.handler, warnings),
        volume: header.volume,
        layer: header.layer,
        alternate_group: header.alternate_group,
        edits: Vec::new(),
        references: Vec::new(),
        metadata: Vec::new(),
        roll_distance: roll_distance(&stbl),
        creation_time: header.creation_time,
        foreign: Vec::new(),
    };
    let mut rest = Rest { family, movie, track: &mut track, warnings, allowance };
    rest.read(trak);
    rest.carried(&mdia, "mdia", MDIA);
    rest.carried(&minf, "mdia/minf", MINF);
    rest.carried(&stbl, "mdia/minf/stbl", STBL);
    let data = TrackData {
        id: header.track_id,
        timescale,
        formats,
        elsewhere: elsewhere(&minf, &stbl, header.track_id, warnings),
        fragments: FragmentIndex::new(header.track_id, timescale, table.duration()),
        table,
    };
    Ok(Opened { track, data })
}

/// Boxes of `mdia` that are written anew.
const MDIA: &[&[u8; 4]] = &[b"mdhd", b"hdlr", b"minf", b"elng", b"free", b"skip"];
/// Boxes of `minf` that are written anew; `gmhd` is kept, since only its handler knows what is in it.
const MINF: &[&[u8; 4]] =
    &[b"vmhd", b"smhd", b"nmhd", b"sthd", b"hmhd", b"hdlr", b"dinf", b"stbl", b"free", b"skip"];
/// Boxes of `stbl` that are written anew, or count samples by places that change.
const STBL: &[&[u8; 4]] = &[
    b"stsd", b"stts", b"ctts", b"cslg", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"stps",
    b"sdtp", b"free", b"skip", b"saio", b"saiz",
];

fn require<'a>(parent: &BoxRef<'a>, kind: &[u8; 4]) -> Result<BoxRef<'a>> {
    find(parent, kind).ok_or_else(|| {
        Error::malformed(format!("'{}' is missing", FourCc::new(kind)))
            .in_box(parent.path())
            .at_offset(parent.offset())
    })
}

/// What a track has beside its samples.
struct Rest<'a> {
    family: BoxFamily,
    movie: Timescale,
    track: &'a mut Track,
    warnings: &'a mut Warnings,
    allowance: &'a mut Allowance,
}

impl Rest<'_> {
    /// The children of `trak` besides `tkhd` and `mdia`.
    fn read(&mut self, trak: &BoxRef<'_>) {
        for child in trak.children().map_while(Result::ok) {
            match &child.kind().0 {
                b"tkhd" | b"mdia" | b"free" | b"skip" | b"wide" | b"tapt" => {}
                b"edts" => self.track.edits = self.edits(&child),
                b"tref" => {
                    self.track.references =
                        child.read::<TrackReferences>().map(|list| list.references).unwrap_or_default()
                }
                b"udta" => self.track.metadata.extend(read_user_data(&child, self.family)),
                b"meta" => match read_meta(&child) {
                    Some(items) => self.track.metadata.extend(items),
                    None => self.keep("", &child),
                },
                _ => self.keep("", &child),
            }
        }
    }

    fn edits(&mut self, edts: &BoxRef<'_>) -> Vec<Edit> {
        match find(edts, b"elst").map(|elst| elst.read::<EditList>()) {
            Some(Ok(list)) => list.edits.iter().map(|row| row.edit(self.movie)).collect(),
            Some(Err(error)) => {
                let track = self.track.id;
                self.warnings.push(format!("track {track} is shown without its edit list: {error}"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// The children of `parent`, found at `path`, that nobody here knows.
    fn carried(&mut self, parent: &BoxRef<'_>, path: &str, known: &[&[u8; 4]]) {
        for child in parent.children().map_while(Result::ok) {
            // `roll` groups are written anew with the priming they describe.
            let is_roll = matches!(&child.kind().0, b"sgpd" | b"sbgp") && grouping(&child) == Some(*b"roll");
            if !known.contains(&&child.kind().0) && !is_roll {
                self.keep(path, &child);
            }
        }
    }

    fn keep(&mut self, path: &str, child: &BoxRef<'_>) {
        if self.allowance.take(Counted::Foreign, self.warnings) {
            self.track.foreign.push(foreign(path, child, self.family));
        }
    }
}

/// How the picture is turned and placed. Writers fill in zeros where they mean nothing by it; of pictures that is said.
fn matrix(header: &TrackHeader, handler: FourCc, warnings: &mut Warnings) -> Matrix {
    header.matrix.made_regular().unwrap_or_else(|| {
        if MediaType::from_handler(handler) == MediaType::Video {
            let track = header.track_id;
            warnings.push(format!(
                "the matrix of track {track} leaves nothing of a picture; it is taken for none"
            ));
        }
        Matrix::IDENTITY
    })
}

fn grouping(child: &BoxRef<'_>) -> Option<[u8; 4]> {
    let mut body = child.body();
    body.skip(4).ok()?;
    body.array().ok()
}

fn language(mdia: &BoxRef<'_>, media: &MediaHeader) -> Language {
    let language = Language::from_packed(media.language);
    match find(mdia, b"elng").and_then(|elng| elng.read::<ExtendedLanguage>().ok()) {
        Some(elng) => language.with_tag(elng.tag),
        None => language,
    }
}

fn roll_distance(stbl: &BoxRef<'_>) -> Option<i16> {
    let groups = stbl.children().map_while(Result::ok).filter(|child| child.is(b"sgpd"));
    let mut groups = groups.filter_map(|child| child.read::<SampleGroupDescription>().ok());
    groups.find(|group| &group.grouping_type.0 == b"roll")?.roll_distance(1)
}

fn formats(
    stbl: &BoxRef<'_>,
    handler: &Handler,
    family: BoxFamily,
    timescale: Timescale,
    warnings: &mut Warnings,
    allowance: &mut Allowance,
) -> Result<Vec<Arc<FormatDescription>>> {
    let Some(stsd) = find(stbl, b"stsd") else { return Ok(Vec::new()) };
    let entries = stsd.read::<SampleDescriptions>()?.entries;
    let mut formats: Vec<Arc<FormatDescription>> = Vec::new();
    for bytes in &entries {
        if !allowance.take(Counted::Description, warnings) {
            break;
        }
        match entry::read(bytes, handler.handler, family).map(|format| timed(format, timescale)) {
            // Entries that are all alike share one description.
            Ok(format) => match formats.last().filter(|last| ***last == format) {
                Some(last) => formats.push(last.clone()),
                None => formats.push(Arc::new(format)),
            },
            Err(error) => {
                warnings.push(format!("sample description {} can't be read: {error}", formats.len() + 1));
                // Indexes into the table must keep their meaning.
                let media = MediaType::from_handler(handler.handler);
                let tag =
                    bytes.get(4..8).and_then(|tag| tag.try_into().ok()).map_or(FourCc::new(b"    "), FourCc);
                formats.push(Arc::new(FormatDescription::Data(reelwright_media::DataFormat {
                    media,
                    tag,
                    entry: None,
                })));
            }
        }
    }
    Ok(formats)
}

/// A sample rate that its entry leaves at 0 is the track's timescale.
fn timed(mut format: FormatDescription, timescale: Timescale) -> FormatDescription {
    if let FormatDescription::Audio(audio) = &mut format
        && audio.sample_rate == 0
    {
        audio.sample_rate = timescale.ticks();
    }
    format
}

/// Which sample descriptions' samples lie in other files (ISO/IEC 14496-12, 8.7.2); empty where none do.
fn elsewhere(minf: &BoxRef<'_>, stbl: &BoxRef<'_>, track: u32, warnings: &mut Warnings) -> Vec<bool> {
    let references = find(minf, b"dinf").and_then(|dinf| find(&dinf, b"dref")?.read::<DataReferences>().ok());
    let references = references.map(|references| references.entries).unwrap_or_default();
    // Files that forget the flag but name nothing mean themselves.
    let is_other = |reference: &DataReference| !reference.is_this_file() && !reference.location.is_empty();
    let Some(first) = references.iter().find(|reference| is_other(reference)) else { return Vec::new() };
    let kind = first.kind;
    warnings.push(format!("samples of track {track} lie in another file ('{kind}'), which is not followed"));
    let descriptions = find(stbl, b"stsd").and_then(|stsd| stsd.read::<SampleDescriptions>().ok());
    let entries = descriptions.map(|descriptions| descriptions.entries).unwrap_or_default();
    let reference = |entry: &bytes::Bytes| {
        let index = usize::from(entry::data_reference_index(entry)?).checked_sub(1)?;
        references.get(index)
    };
    entries.iter().map(|entry| reference(entry).is_some_and(is_other)).collect()
}

/// Where the index lists packets one by one, what the sample entry says of packets of one size means nothing.
fn whole_packets(format: &mut Arc<FormatDescription>) {
    let states = |audio: &AudioFormat| audio.pcm.is_none() && audio.bytes_per_packet > 0;
    if format.as_audio().is_some_and(states)
        && let FormatDescription::Audio(audio) = Arc::make_mut(format)
    {
        audio.bytes_per_packet = 0;
    }
}

/// How sound is stored whose index counts PCM frames: all sizes alike, and a tick a sample.
fn units(audio: &AudioFormat, table: &SampleTable) -> Option<Units> {
    let size = table.constant_size()?;
    if table.first_duration() != Some(1) || table.reorders() {
        return None;
    }
    let frames = u64::from(audio.frames_per_packet.max(1));
    let bytes = match audio.bytes_per_packet {
        0 => u64::from(size),
        bytes => u64::from(bytes),
    };
    Some(Units { frames, bytes: bytes.max(1) })
}
