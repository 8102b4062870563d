//! Files joined end to end: a further `moov` with fragments behind it goes on where the movie before ended.

use std::sync::Arc;

use reelwright_media::{
    Edit, EditTimeline, FormatDescription, Omission, Omitted, ReadAt, Rounding, Time, TimeRange, Timescale,
    Track,
};

use super::allowance::Allowance;
use super::movie::{self, Reading};
use super::top::{self, Top};
use super::track::Opened;

/// Times that begin so little before the end of what is there go on from it: packets overlap.
const OVERLAP: Time = Time::from_millis(500);

impl Reading {
    /// Takes in what a further movie box brings. What can't be joined is an omission.
    pub(super) fn join(&mut self, source: &Arc<dyn ReadAt>, top: &Top, place: &top::Movie) {
        let allowance = std::mem::replace(&mut self.allowance, Allowance::new(0));
        let mut other = Self::new(top, allowance);
        let read = other.whole(source, place);
        self.allowance = std::mem::replace(&mut other.allowance, Allowance::new(0));
        let offset = place.offset;
        if let Err(error) = read {
            let reason = format!("the further 'moov' at byte {offset} can't be read: {}", error.message());
            self.movie.omissions.push(Omission::new(Omitted::Rest, None, reason));
            return;
        }
        other.take_in_warnings(self);
        let end = self.end();
        self.omit_listed(&mut other, offset, end);
        if other.tracks.iter().all(|track| track.data.fragments.count == 0) {
            return;
        }
        self.movie.fragmented = true;
        self.omit_facts(&other, offset);
        self.warnings.push("movies are joined end to end in this file; they are read as one");
        let start = if self.goes_on(&other) { None } else { Some(self.start_of(&other, end)) };
        for track in other.tracks.drain(..).filter(|track| track.data.fragments.count > 0) {
            self.join_track(track, other.movie.timescale, start);
        }
    }

    /// Movie boxes beyond those that are read.
    pub(super) fn omit_movies(&mut self, count: u64) {
        if count > 0 {
            let reason = format!("{count} more movies are joined to this one than are read");
            self.movie.omissions.push(Omission::new(Omitted::Rest, None, reason));
        }
    }

    fn take_in_warnings(&mut self, whole: &mut Self) {
        for warning in std::mem::take(&mut self.warnings).into_vec() {
            whole.warnings.push(warning);
        }
        whole.movie.omissions.append(&mut self.movie.omissions);
    }

    /// Where the presentation ends, as far as it is known.
    fn end(&self) -> Time {
        self.tracks.iter().map(|opened| self.track_end(opened)).max().unwrap_or(Time::ZERO)
    }

    fn track_end(&self, opened: &Opened) -> Time {
        let track = &opened.track;
        let end = movie::shown_end(track, &opened.data).max(decoded_end(opened));
        EditTimeline::new(&track.edits, self.movie.timescale, track.timescale).covered(end).end()
    }

    /// Samples that the tables of a further `moov` list, and that are not those known already: where they are in a joined
    /// file the tables don't tell.
    fn omit_listed(&mut self, other: &mut Self, offset: u64, end: Time) {
        for opened in &mut other.tracks {
            let table = std::mem::take(&mut opened.data.table);
            let is_known = |known: &Opened| known.data.table.places_like(&table);
            if table.count == 0 || self.tracks.iter().any(is_known) {
                continue;
            }
            let length = Time::new(table.duration(), opened.track.timescale);
            let reason = format!(
                "a further 'moov' at byte {offset} lists them: files were joined that can't be read as one"
            );
            let omission = Omission::new(Omitted::Samples(table.count), Some(opened.track.id), reason);
            self.movie.omissions.push(omission.during(TimeRange::new(end, length)));
        }
    }

    /// Facts and chapters of the further movie that the first doesn't have.
    fn omit_facts(&mut self, other: &Self, offset: u64) {
        let reason = format!("only the 'moov' at byte {offset}, of a movie joined to this one, has it");
        for item in other.movie.metadata.iter().filter(|item| !self.movie.metadata.contains(item)) {
            let key = Omitted::Metadata(item.key.identifier());
            self.movie.omissions.push(Omission::new(key, None, reason.clone()));
        }
        if other.chapters != self.chapters
            && let Some(count) = other.chapters.as_ref().map(movie::count_chapters).filter(|count| *count > 0)
        {
            self.movie.omissions.push(Omission::new(Omitted::Chapters(count), None, reason));
        }
    }

    /// Whether the times of `other` go on from where the tracks are: initialization was only repeated.
    fn goes_on(&self, other: &Self) -> bool {
        let mut joined =
            other.tracks.iter().filter_map(|track| Some((self.partner(track)?, track))).peekable();
        joined.peek().is_some()
            && joined.all(|(index, track)| {
                let (end, first) = (decoded_end(&self.tracks[index]), decoded_start(track));
                let overlap = OVERLAP.min(end.scaled_by(1, 2).unwrap_or(end));
                first > Time::ZERO && first >= end.saturating_sub(overlap)
            })
    }

    /// Where `other` begins, which would follow at `end`: so much later that none of its tracks is decoded before the last
    /// samples of the one it goes on in, as the packets a decoder starts with would be.
    fn start_of(&self, other: &Self, end: Time) -> Time {
        let overlap = |track: &Opened| {
            let known = &self.tracks[self.partner(track)?];
            let first =
                decoded_start(track).saturating_add(self.shift(known, track, other.movie.timescale, end));
            Some(decoded_end(known).saturating_sub(first))
        };
        let most = other.tracks.iter().filter_map(overlap).max().unwrap_or(Time::ZERO);
        end.saturating_add(most.max(Time::ZERO))
    }

    /// What to add to the times of `other`, of a movie of `movie` ticks, for it to be presented from `start` on by the edits
    /// of `known`.
    fn shift(&self, known: &Opened, other: &Opened, movie: Timescale, start: Time) -> Time {
        let shift = |track: &Track, movie| EditTimeline::new(&track.edits, movie, track.timescale).shift();
        let (known, other) = (shift(&known.track, self.movie.timescale), shift(&other.track, movie));
        start.saturating_add(other).saturating_sub(known)
    }

    /// The track that `other` goes on in: of the same kind and codec, by its ID if that is one.
    fn partner(&self, other: &Opened) -> Option<usize> {
        if other.data.fragments.count == 0 {
            return None;
        }
        let is_alike = |known: &Opened| {
            known.track.handler == other.track.handler && is_same_codec(&known.track, &other.track)
        };
        let alike = || self.tracks.iter().enumerate().filter(|(_, known)| is_alike(known));
        let same_id = alike().find(|(_, known)| known.data.id == other.data.id);
        same_id.or_else(|| alike().next()).map(|(index, _)| index)
    }

    /// Hangs the fragments of a track of the further movie onto the one that they go on in, or takes it in as one more.
    /// `start` is where the further movie begins, `None` where its times go on.
    fn join_track(&mut self, mut other: Opened, movie: Timescale, start: Option<Time>) {
        let Some(index) = self.partner(&other) else {
            if let Some(start) = start.filter(|start| *start > Time::ZERO) {
                if other.track.edits.is_empty() {
                    other.track.edits.push(Edit::showing(0, Time::ZERO));
                }
                other.track.edits.insert(0, Edit::empty(start));
            }
            let taken = |id: u32| self.tracks.iter().any(|known| known.data.id == id);
            if taken(other.data.id) {
                let next = (1..).find(|id| !taken(*id)).unwrap_or(0);
                (other.data.id, other.track.id) = (next, next);
            }
            self.tracks.push(other);
            return;
        };
        let presented_end = self.track_end(&self.tracks[index]);
        let shift = start.map_or(Time::ZERO, |start| self.shift(&self.tracks[index], &other, movie, start));
        let ticks = shift.ticks_in(other.track.timescale, Rounding::Nearest).unwrap_or(0);
        let known = &mut self.tracks[index];
        let descriptions = take_formats(known, &other);
        known.data.fragments.join(other.data.fragments, ticks, descriptions);
        // Edits that end with the first movie would hide the further one.
        let (Some(start), false) = (start, known.track.edits.iter().any(|edit| edit.duration.is_zero()))
        else {
            return;
        };
        let Some(last) = known.track.edits.last() else { return };
        if last.media_time.is_some() && last.rate == Edit::NORMAL_RATE && presented_end >= start {
            extend(&mut known.track);
            return;
        }
        if start > presented_end {
            known.track.edits.push(Edit::empty(start.saturating_sub(presented_end)));
        }
        let timeline = EditTimeline::new(&known.track.edits, self.movie.timescale, known.track.timescale);
        let from = start.saturating_sub(timeline.shift());
        let from = from.ticks_in(known.track.timescale, Rounding::Nearest).unwrap_or(0);
        known.track.edits.push(Edit::showing(from, Time::ZERO));
    }
}

/// When the last sample of a track has been decoded.
fn decoded_end(opened: &Opened) -> Time {
    Time::new(opened.data.fragments.end.max(opened.data.table.duration()), opened.track.timescale)
}

/// When the first sample of the fragments of a track is decoded.
fn decoded_start(opened: &Opened) -> Time {
    let first = opened.data.fragments.places.first();
    Time::new(first.map_or(0, |place| place.dts), opened.track.timescale)
}

/// Lets the last edit go on to the end of the media.
fn extend(track: &mut Track) {
    if let Some(edit) = track.edits.last_mut() {
        edit.duration = Time::ZERO;
    }
}

/// Whether a track can go on in another: a decoder would.
fn is_same_codec(one: &Track, other: &Track) -> bool {
    match (one.formats.first().map(Arc::as_ref), other.formats.first().map(Arc::as_ref)) {
        (Some(FormatDescription::Video(one)), Some(FormatDescription::Video(other))) => {
            one.codec == other.codec
        }
        (Some(FormatDescription::Audio(one)), Some(FormatDescription::Audio(other))) => {
            one.codec == other.codec
        }
        (Some(FormatDescription::Data(one)), Some(FormatDescription::Data(other))) => one.tag == other.tag,
        _ => false,
    }
}

/// Gives a track the formats of the one joined to it; returns what to add to the numbers of the latter.
fn take_formats(known: &mut Opened, other: &Opened) -> u32 {
    let count = known.data.formats.len();
    if known.data.formats.starts_with(&other.data.formats) {
        return 0;
    }
    let is_elsewhere = |opened: &Opened| !opened.data.elsewhere.is_empty();
    if is_elsewhere(known) || is_elsewhere(other) {
        known.data.elsewhere.resize(count, false);
        known.data.elsewhere.extend_from_slice(&other.data.elsewhere);
    }
    known.data.formats.extend_from_slice(&other.data.formats);
    known.track.formats.clone_from(&known.data.formats);
    u32::try_from(count).unwrap_or(u32::MAX)
}
