//! From `moov` and the fragments to a [`Movie`].

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use reelwright_media::{
    BoxFamily, Chapter, ContainerKind, Edit, EditTimeline, Error, ForeignBox, FourCc, Matrix, MediaType,
    Movie, Omission, Omitted, ReadAt, Result, Time, Timescale, Track,
};

use super::allowance::{Allowance, Counted};
use super::cursor::TrackData;
use super::delta;
use super::fragment;
use super::gapless::Gapless;
use super::part::Initial;
use super::top::{self, Top};
use super::track::{self, Opened};
use super::warnings::Warnings;
use crate::metadata::{read_chapters, read_meta, read_user_data};
use crate::{BoxRef, Handler, MovieHeader, TrackExtends, TrackHeader, boxes, boxes_at};

/// Reads everything but media.
pub(super) fn read(source: &Arc<dyn ReadAt>) -> Result<(Movie, Vec<TrackData>)> {
    let top = top::scan(source)?;
    let Some(first) = top.movies.first() else { return Err(top.no_movie(source.len())) };
    let mut reading = Reading::new(&top, Allowance::new(source.len()));
    reading.warnings = top.warnings.clone();
    reading.whole(source, first)?;
    for further in &top.movies[1..] {
        reading.join(source, &top, further);
    }
    reading.omit_movies(top.more_movies);
    reading.finish()
}

/// A movie while its boxes are read.
pub(super) struct Reading {
    pub(super) movie: Movie,
    family: BoxFamily,
    pub(super) warnings: Warnings,
    pub(super) allowance: Allowance,
    pub(super) tracks: Vec<Opened>,
    extends: Vec<TrackExtends>,
    /// Nero's chapter list.
    pub(super) chapters: Option<Bytes>,
}

impl Reading {
    pub(super) fn new(top: &Top, allowance: Allowance) -> Self {
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
            matrix: Matrix::IDENTITY,
            fragmented: false,
            foreign: Vec::new(),
            warnings: Vec::new(),
            omissions: Vec::new(),
        };
        Self {
            movie,
            family,
            tracks: Vec::new(),
            warnings: Warnings::default(),
            allowance,
            extends: Vec::new(),
            chapters: None,
        }
    }

    /// Reads a movie box and the fragments behind it.
    ///
    /// # Errors
    ///
    /// Where the box itself can't be read.
    pub(super) fn whole(&mut self, source: &Arc<dyn ReadAt>, place: &top::Movie) -> Result<()> {
        let bytes = place.load(source)?;
        let moov = boxes_at(&bytes, place.offset).next().transpose()?;
        let moov = moov.ok_or_else(|| Error::truncated("the 'moov' box is empty").at_offset(place.offset))?;
        self.moov(&moov)?;
        let initial = Arc::new(Initial { extends: std::mem::take(&mut self.extends), base: place.base });
        self.fragments(source, &place.fragments, &initial);
        Ok(())
    }

    fn moov(&mut self, moov: &BoxRef<'_>) -> Result<()> {
        // The others count in its ticks.
        if let Some(header) = moov.children().find(FourCc::new(b"mvhd")) {
            self.header(&header.read()?);
        }
        for child in moov.children() {
            let child = match child {
                Ok(child) => child,
                Err(error) => {
                    self.warnings.push(error.to_string());
                    break;
                }
            };
            match &child.kind().0 {
                b"mvhd" => {}
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

    fn header(&mut self, header: &MovieHeader) {
        if header.timescale == 0 {
            self.warnings.push("the movie's timescale is 0; 600 is assumed");
        } else {
            self.movie.timescale = Timescale::or_one(header.timescale);
        }
        self.movie.creation_time = header.creation_time;
        self.movie.matrix = header.matrix.made_regular().unwrap_or_else(|| {
            self.warnings.push("the movie's matrix leaves nothing of a picture; it is taken for none");
            Matrix::IDENTITY
        });
    }

    /// A track that can't be read is left out: the others may be all anybody wants.
    fn track(&mut self, trak: &BoxRef<'_>) {
        if !self.allowance.take(Counted::Track, &mut self.warnings) {
            return;
        }
        let (family, movie) = (self.family, self.movie.timescale);
        match track::read(trak, family, movie, &mut self.warnings, &mut self.allowance) {
            Ok(track) => self.tracks.push(track),
            Err(error) => self.omit_track(trak, &error),
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

    fn omit_track(&mut self, trak: &BoxRef<'_>, error: &Error) {
        let header = find(trak, b"tkhd").and_then(|tkhd| tkhd.read::<TrackHeader>().ok());
        let handler = find(trak, b"mdia").and_then(|mdia| find(&mdia, b"hdlr")?.read::<Handler>().ok());
        let media = handler
            .map_or(MediaType::Other(FourCc::default()), |handler| MediaType::from_handler(handler.handler));
        let id = header.map(|header| header.track_id);
        self.movie.omissions.push(Omission::new(Omitted::Track(media), id, error.to_string()));
    }

    /// Adds up what the fragments hold. What follows a broken one is left out: times can't be told any more.
    fn fragments(&mut self, source: &Arc<dyn ReadAt>, places: &[(u64, u64)], initial: &Arc<Initial>) {
        for track in &mut self.tracks {
            track.data.fragments.begin(initial);
        }
        for &(offset, size) in places {
            let result = top::load(source, offset, size).and_then(|bytes| {
                let moof = boxes_at(&bytes, offset).next().transpose()?;
                moof.map_or(Ok(()), |moof| self.fragment(&moof, initial))
            });
            if let Err(error) = result {
                let reason = format!("the movie ends at byte {offset}: {error}");
                self.movie.omissions.push(Omission::new(Omitted::Rest, None, reason));
                break;
            }
        }
        self.movie.fragmented |= !places.is_empty();
    }

    fn fragment(&mut self, moof: &BoxRef<'_>, initial: &Initial) -> Result<()> {
        for id in fragment::check(moof, initial, &mut self.allowance)? {
            if !self.tracks.iter().any(|track| track.data.id == id) {
                self.warnings.push(format!("fragments are for track {id}, which doesn't exist"));
            }
        }
        fragment::each(moof.children(), moof.offset(), moof.offset(), initial, |fragment| {
            match self.tracks.iter_mut().find(|track| track.data.id == fragment.header.track_id) {
                Some(track) => track.data.fragments.add(fragment),
                None => Ok(fragment.read(0, Timescale::SECONDS, |_, _| {})?.0),
            }
        })
    }

    fn finish(mut self) -> Result<(Movie, Vec<TrackData>)> {
        self.number_tracks();
        if self.tracks.is_empty() && !(self.warnings.is_empty() && self.movie.omissions.is_empty()) {
            let omitted = self.movie.omissions.iter().map(ToString::to_string);
            let reasons: Vec<_> = self.warnings.into_vec().into_iter().chain(omitted).collect();
            return Err(Error::malformed(format!("no track can be read: {}", reasons.join("; "))));
        }
        let mut longest = Time::new(0, self.movie.timescale);
        // Audio books have a track of chapters beside; pictures would no longer fit.
        let media = self.tracks.iter().map(|opened| opened.track.media);
        let alone = media.filter(|media| matches!(media, MediaType::Audio | MediaType::Video)).count() == 1;
        let gapless = Gapless::find(&self.movie).filter(|_| alone);
        for opened in &mut self.tracks {
            settle(opened, self.movie.timescale, gapless, &mut self.warnings);
            longest = longest.max(opened.track.range.end());
        }
        self.movie.duration = longest;
        self.movie.chapters = self.chapters.as_ref().map(|chpl| listed(chpl, longest)).unwrap_or_default();
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

/// The chapters of a `chpl` box, the last of which ends at `end`.
fn listed(chpl: &Bytes, end: Time) -> Vec<Chapter> {
    let chpl = boxes(chpl).next().and_then(Result::ok);
    chpl.and_then(|chpl| read_chapters(&chpl, end).ok()).unwrap_or_default()
}

/// How many chapters a `chpl` box lists.
pub(super) fn count_chapters(chpl: &Bytes) -> usize {
    listed(chpl, Time::ZERO).len()
}

/// Lengths and counts, once fragments are known.
fn settle(opened: &mut Opened, movie: Timescale, gapless: Option<Gapless>, warnings: &mut Warnings) {
    let (track, data) = (&mut opened.track, &opened.data);
    let listed = data.fragments.end.max(data.table.duration());
    let stated = track.media_duration.value();
    if data.fragments.count > 0 || track.media_duration.is_zero() {
        track.media_duration = Time::new(delta::length(stated, listed, track.timescale), track.timescale);
    }
    if data.fragments.odd {
        warnings.push(format!(
            "fragments of track {} state durations that can't be; its samples follow each other all the same",
            track.id
        ));
    }
    track.sample_count = Some(data.table.count + data.fragments.count);
    track.byte_count = Some(data.table.byte_count().saturating_add(data.fragments.bytes));
    if let Some(gapless) = gapless.filter(|_| track.edits.is_empty()) {
        gapless.apply(track, movie);
    }
    let end = shown_end(track, data);
    if listed > 0 {
        shorten_edits(track, end, warnings);
    }
    track.range = EditTimeline::new(&track.edits, movie, track.timescale).covered(end);
}

/// Where the media ends as it is shown.
pub(super) fn shown_end(track: &Track, data: &TrackData) -> Time {
    let shown_end =
        data.fragments.shown_end.max(if data.table.reorders() { data.table.shown_end() } else { 0 });
    track.media_duration.max(Time::new(shown_end, track.timescale))
}

/// Edits that go on for an hour and more behind the end of the media were counted from durations that were never meant.
fn shorten_edits(track: &mut Track, end: Time, warnings: &mut Warnings) {
    for edit in &mut track.edits {
        let Some(start) = edit.media_time.filter(|_| edit.rate == Edit::NORMAL_RATE) else { continue };
        let left = end.saturating_sub(Time::new(start, track.timescale));
        if !left.is_zero()
            && !left.is_negative()
            && edit.duration.saturating_sub(left) >= Time::from_secs(delta::LONG)
        {
            warnings.push(format!(
                "the edit list of track {} goes on long behind the end of its media; it ends there",
                track.id
            ));
            edit.duration = left;
        }
    }
}

/// The boxes of a container that nobody here interprets.
pub(super) fn foreign(parent: &str, child: &BoxRef<'_>, family: BoxFamily) -> ForeignBox {
    ForeignBox { parent: parent.to_owned(), family, bytes: child.bytes() }
}

/// The first child of this kind.
pub(super) fn find<'a>(parent: &BoxRef<'a>, kind: &[u8; 4]) -> Option<BoxRef<'a>> {
    parent.children().find(FourCc::new(kind))
}
