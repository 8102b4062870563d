//! From `moov` and the fragments to a [`Movie`].

use std::collections::HashSet;
use std::sync::Arc;

use reelwright_media::{
    BoxFamily, ContainerKind, EditTimeline, Error, ErrorKind, ForeignBox, FourCc, MediaType, Movie, ReadAt,
    Result, Time, Timescale, Track,
};

use super::allowance::{Allowance, Counted};
use super::cursor::TrackData;
use super::fragment;
use super::gapless::Gapless;
use super::top::{self, Top};
use super::track::{self, Opened};
use super::warnings::Warnings;
use crate::metadata::{read_chapters, read_meta, read_user_data};
use crate::{BoxRef, MovieHeader, TrackExtends, boxes, boxes_at};

/// Reads everything but media.
pub(super) fn read(source: &Arc<dyn ReadAt>) -> Result<(Movie, Vec<TrackData>)> {
    let top = top::scan(source)?;
    let Some((bytes, offset)) = &top.movie else { return Err(top.no_movie(source.len())) };
    let moov = boxes_at(bytes, *offset).next().transpose()?;
    let moov = moov.ok_or_else(|| Error::truncated("the 'moov' box is empty").at_offset(*offset))?;
    let mut reading = Reading::new(&top, source.len());
    reading.moov(&moov)?;
    reading.fragments(source, &top);
    reading.finish()
}

struct Reading {
    movie: Movie,
    family: BoxFamily,
    warnings: Warnings,
    allowance: Allowance,
    tracks: Vec<Opened>,
    extends: Vec<TrackExtends>,
    header: Option<MovieHeader>,
    /// Nero's chapter list.
    chapters: Option<bytes::Bytes>,
}

impl Reading {
    fn new(top: &Top, length: u64) -> Self {
        // Files older than `ftyp` are QuickTime.
        let brand = top.file_type.as_ref().map(|file_type| file_type.major_brand);
        let family =
            if brand.is_none_or(|brand| &brand.0 == b"qt  ") { BoxFamily::QuickTime } else { BoxFamily::Iso };
        let movie = Movie {
            container: if family == BoxFamily::QuickTime {
                ContainerKind::QuickTime
            } else {
                ContainerKind::Mp4
            },
            major_brand: brand,
            minor_version: top.file_type.as_ref().map_or(0, |file_type| file_type.minor_version),
            compatible_brands: top
                .file_type
                .as_ref()
                .map_or_else(Vec::new, |file_type| file_type.compatible_brands.clone()),
            timescale: Timescale::or_one(600),
            duration: Time::ZERO,
            tracks: Vec::new(),
            metadata: Vec::new(),
            chapters: Vec::new(),
            creation_time: 0,
            matrix: reelwright_media::Matrix::IDENTITY,
            fragmented: false,
            foreign: Vec::new(),
            warnings: Vec::new(),
            omissions: Vec::new(),
        };
        Self {
            movie,
            family,
            tracks: Vec::new(),
            warnings: top.warnings.clone(),
            allowance: Allowance::new(length),
            extends: Vec::new(),
            header: None,
            chapters: None,
        }
    }

    fn moov(&mut self, moov: &BoxRef<'_>) -> Result<()> {
        for child in moov.children() {
            let child = match child {
                Ok(child) => child,
                Err(error) => {
                    self.warnings.push(error.to_string());
                    break;
                }
            };
            match &child.kind().0 {
                b"mvhd" => self.header(child.read()?),
                b"trak" => self.track(&child),
                b"mvex" => self.extends(&child),
                b"udta" => {
                    self.movie.metadata.extend(read_user_data(&child, self.family));
                    self.chapters = child.children().find(FourCc::new(b"chpl")).map(|chpl| chpl.bytes());
                }
                b"meta" => match read_meta(&child) {
                    Some(items) => self.movie.metadata.extend(items),
                    None => self.foreign(&child),
                },
                // Rewritten, or pointing at what is rewritten.
                b"iods" | b"free" | b"skip" | b"wide" | b"cmov" => {}
                _ => self.foreign(&child),
            }
        }
        Ok(())
    }

    fn foreign(&mut self, child: &BoxRef<'_>) {
        if self.allowance.take(Counted::Foreign, &mut self.warnings) {
            self.movie.foreign.push(foreign("", child, self.family));
        }
    }

    fn header(&mut self, header: MovieHeader) {
        if header.timescale == 0 {
            self.warnings.push("the movie's timescale is 0; 600 is assumed");
        } else {
            self.movie.timescale = Timescale::or_one(header.timescale);
        }
        self.movie.creation_time = header.creation_time;
        self.movie.matrix = header.matrix;
        self.header = Some(header);
    }

    /// A track that can't be read is left out, with a warning: the others may be all anybody wants.
    fn track(&mut self, trak: &BoxRef<'_>) {
        if !self.allowance.take(Counted::Track, &mut self.warnings) {
            return;
        }
        match track::read(trak, self.family, &mut self.warnings, &mut self.allowance) {
            Ok(track) => self.tracks.push(track),
            Err(error) => self.warnings.push(format!("a track is left out: {error}")),
        }
    }

    fn extends(&mut self, mvex: &BoxRef<'_>) {
        self.movie.fragmented = true;
        for child in mvex.children().map_while(Result::ok) {
            if child.is(b"trex") {
                self.extends.extend(child.read::<TrackExtends>());
            }
        }
    }

    /// Adds up what the fragments hold. What follows a broken one is left out: times can't be told any more.
    fn fragments(&mut self, source: &Arc<dyn ReadAt>, top: &Top) {
        for track in &mut self.tracks {
            track.data.fragments.end = track.data.table.duration();
        }
        for &(offset, size) in &top.fragments {
            let result = top::load(source, offset, size).and_then(|bytes| {
                let moof = boxes_at(&bytes, offset).next().transpose()?;
                moof.map_or(Ok(()), |moof| self.fragment(&moof))
            });
            if let Err(error) = result {
                self.warnings.push(format!("the movie ends at byte {offset}: {error}"));
                break;
            }
        }
        self.movie.fragmented |= !top.fragments.is_empty();
    }

    fn fragment(&mut self, moof: &BoxRef<'_>) -> Result<()> {
        for id in fragment::check(moof, &self.extends, &mut self.allowance)? {
            if !self.tracks.iter().any(|track| track.data.id == id) {
                self.warnings.push(format!("fragments are for track {id}, which doesn't exist"));
            }
        }
        fragment::each(moof.children(), moof.offset(), moof.offset(), &self.extends, |fragment| {
            match self.tracks.iter_mut().find(|track| track.data.id == fragment.header.track_id) {
                Some(track) => track.data.fragments.add(fragment),
                None => Ok(fragment.read(0, |_, _| {})?.0),
            }
        })
    }

    fn finish(mut self) -> Result<(Movie, Vec<TrackData>)> {
        self.number_tracks();
        if self.tracks.is_empty() && !self.warnings.is_empty() {
            return Err(Error::new(ErrorKind::Malformed, format!("no track can be read: {}", self.warnings)));
        }
        let mut longest = Time::new(0, self.movie.timescale);
        let extends: Arc<[TrackExtends]> = self.extends.into();
        // Audio books have a track of chapters beside; pictures would no longer fit.
        let media = self.tracks.iter().map(|opened| opened.track.media);
        let alone = media.filter(|media| matches!(media, MediaType::Audio | MediaType::Video)).count() == 1;
        let gapless = Gapless::find(&self.movie).filter(|_| alone);
        for opened in &mut self.tracks {
            opened.data.extends = extends.clone();
            settle(opened, self.movie.timescale, gapless);
            longest = longest.max(opened.track.range.end());
        }
        self.movie.duration = longest;
        if let Some(chpl) = self.chapters.as_ref().and_then(|bytes| boxes(bytes).next()?.ok()) {
            self.movie.chapters = read_chapters(&chpl, longest).unwrap_or_default();
        }
        let (tracks, data): (Vec<Track>, Vec<TrackData>) =
            self.tracks.into_iter().map(|opened| (opened.track, opened.data)).unzip();
        self.movie.tracks = tracks;
        self.movie.warnings = self.warnings.into_vec();
        Ok((self.movie, data))
    }

    /// IDs that are zero or taken get the lowest free one; fragments have found their tracks by the stored ID.
    fn number_tracks(&mut self) {
        let mut taken: HashSet<u32> = self.tracks.iter().map(|track| track.data.id).collect();
        let mut seen = HashSet::from([0]);
        let mut next = 1;
        for track in &mut self.tracks {
            if seen.insert(track.data.id) {
                continue;
            }
            while !taken.insert(next) {
                next += 1;
            }
            let stored = track.data.id;
            self.warnings.push(format!("track ID {stored} is zero or taken; the track is called {next}"));
            track.track.id = next;
            track.data.id = next;
            seen.insert(next);
        }
    }
}

/// Lengths and counts, once fragments are known.
fn settle(opened: &mut Opened, movie: Timescale, gapless: Option<Gapless>) {
    let (track, data) = (&mut opened.track, &opened.data);
    if data.fragments.count > 0 || track.media_duration.is_zero() {
        track.media_duration =
            Time::new(data.fragments.end.max(track.media_duration.value()), track.timescale);
    }
    track.sample_count = Some(data.table.count + data.fragments.count);
    track.byte_count = Some(data.table.byte_count().saturating_add(data.fragments.bytes));
    if let Some(gapless) = gapless.filter(|_| track.edits.is_empty()) {
        gapless.apply(track, movie);
    }
    let shown_end =
        data.fragments.shown_end.max(if data.table.reorders() { data.table.shown_end() } else { 0 });
    let end = track.media_duration.max(Time::new(shown_end, track.timescale));
    track.range = EditTimeline::new(&track.edits, movie, track.timescale).covered(end);
}

/// The boxes of a container that nobody here interprets.
pub(super) fn foreign(parent: &str, child: &BoxRef<'_>, family: BoxFamily) -> ForeignBox {
    ForeignBox { parent: parent.to_owned(), family, bytes: child.bytes() }
}

/// The first child of this kind.
pub(super) fn find<'a>(parent: &BoxRef<'a>, kind: &[u8; 4]) -> Option<BoxRef<'a>> {
    parent.children().find(FourCc::new(kind))
}
