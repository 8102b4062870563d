//! Matroska and WebM (RFC 9559): one pass over the clusters at opening makes the index; blocks stay where they are.

mod audio;
mod blocks;
mod characteristics;
mod ebml;
mod encoding;
mod entry;
mod notes;
mod tags;
mod timing;
mod video;

use std::collections::BTreeMap;
use std::sync::Arc;

use reelwright_media::{
    ContainerKind, Error, MediaType, Movie, Omission, Omitted, ReadAt, Result, Time, Timescale, listed,
};

use crate::alternatives::choose_alternatives;
use crate::indexed::{Indexed, Storage, movie};
use crate::limits::{MOST_TRACKS, warn};
use crate::window::Window;
use blocks::{Clusters, Frames};
use ebml::{Element, elements, text, unsigned};
use entry::TrackEntry;
use notes::Notes;
use timing::Built;

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const CHAPTERS: u32 = 0x1043_A770;
const TAGS: u32 = 0x1254_C367;
const ATTACHMENTS: u32 = 0x1941_A469;

/// Whether a file that begins so is an EBML file.
pub(crate) fn is_matroska(start: &[u8]) -> bool {
    start.starts_with(&EBML.to_be_bytes())
}

/// Opens a Matroska or WebM file.
///
/// # Errors
///
/// Another EBML document type, a missing segment or track list; tracks that can't be read are left out with a warning,
/// and if none is left that is an error.
pub(crate) fn open(source: Arc<dyn ReadAt>) -> Result<Indexed> {
    let mut window = Window::new(source.clone(), 16 << 10);
    let segment = segment(&mut window)?;
    let mut found = Segment::default();
    found.read(&mut window, segment)?;
    found.finish(source, &mut window)
}

fn segment(window: &mut Window) -> Result<Element> {
    let header = Element::at(window, 0)?.filter(|element| element.id == EBML);
    let header = header.ok_or_else(|| Error::malformed("no EBML header"))?;
    let head = header.load(window)?;
    let kind = elements(&head)
        .find(|(id, _)| *id == 0x4282)
        .map_or_else(|| "matroska".into(), |(_, data)| text(data));
    if kind != "matroska" && kind != "webm" {
        return Err(Error::unsupported(format!(
            "EBML of document type '{kind}' is not supported as an input"
        )));
    }
    let mut at = header.end(window.len());
    while let Some(element) = Element::at(window, at)? {
        if element.id == SEGMENT {
            return Ok(element);
        }
        let next = element.end(window.len());
        if next <= at {
            break;
        }
        at = next;
    }
    Err(Error::malformed("a Matroska file without segment"))
}

/// What the segment holds.
#[derive(Default)]
struct Segment {
    /// Nanoseconds per tick.
    scale: u64,
    tracks: Vec<TrackEntry>,
    frames: BTreeMap<u64, Frames>,
    /// Of all tracks.
    count: usize,
    notes: Notes,
    warnings: Vec<String>,
    omissions: Vec<Omission>,
}

impl Segment {
    fn read(&mut self, window: &mut Window, segment: Element) -> Result<()> {
        self.scale = 1_000_000;
        let end = segment.end(window.len());
        let mut at = segment.body;
        while at < end {
            let Some(element) = Element::at(window, at)? else {
                let what = Omitted::Bytes(end.min(window.len()).saturating_sub(at));
                let reason = format!("no element begins at byte {at}");
                self.omissions.push(Omission::new(what, None, reason));
                break;
            };
            if element.size.is_some_and(|size| size > window.len().saturating_sub(element.body)) {
                warn(&mut self.warnings, || format!("the file ends within the element at byte {at}"));
            }
            at = self.child(window, element, end)?;
        }
        Ok(())
    }

    /// Reads a child of the segment and returns where the next begins.
    fn child(&mut self, window: &mut Window, element: Element, end: u64) -> Result<u64> {
        match element.id {
            INFO => {
                let data = element.load(window)?;
                self.scale = self.notes.read_info(&data).filter(|&scale| scale > 0).unwrap_or(self.scale);
            }
            // Some writers repeat the list behind the clusters.
            TRACKS if self.tracks.is_empty() => {
                let data = element.load(window)?;
                self.tracks = elements(&data)
                    .filter(|(id, _)| *id == 0xAE)
                    .take(MOST_TRACKS)
                    .map(|(_, data)| TrackEntry::parse(data))
                    .collect();
            }
            CLUSTER => {
                let (tracks, count) = (&mut self.frames, &mut self.count);
                let mut clusters = Clusters { window, tracks, count, warnings: &mut self.warnings };
                return clusters.read(element, end);
            }
            // What can't be kept for its length is no reason to refuse the film.
            CHAPTERS => self.notes.read_chapters(&element.load(window).unwrap_or_default()),
            TAGS => self.notes.tags.read(&element.load(window).unwrap_or_default()),
            ATTACHMENTS => self.attachments(window, element.body, element.end(end))?,
            _ => {}
        }
        Ok(element.end(end))
    }

    /// Reads attached files one by one: fonts are large, and a cover stands beside them.
    fn attachments(&mut self, window: &mut Window, start: u64, end: u64) -> Result<()> {
        let mut at = start;
        while at < end {
            let Some(file) = Element::at(window, at)? else { break };
            if file.id == 0x61A7 {
                match file.load(window) {
                    Ok(file) => self.notes.read_attachment(&file),
                    Err(_) => self.notes.leave_out_attachment(),
                }
            }
            at = file.end(end);
        }
        Ok(())
    }

    fn finish(mut self, source: Arc<dyn ReadAt>, window: &mut Window) -> Result<Indexed> {
        if self.tracks.is_empty() {
            return Err(Error::malformed("a Matroska file without tracks"));
        }
        let millis = Timescale::or_one(1000);
        let mut movie: Movie = movie(ContainerKind::Matroska, millis);
        movie.omissions = self.omissions;
        let mut built = Vec::new();
        let mut unpacked = 0;
        let mut numbers = std::collections::HashSet::from([0]);
        for entry in &self.tracks {
            let id = entry.id();
            if !numbers.insert(entry.number) {
                let reason = "its number is zero or another track's, and blocks name tracks by number";
                movie.omissions.push(Omission::new(Omitted::Track(entry.media()), Some(id), reason));
                continue;
            }
            for what in entry.video.unread() {
                let what = Omitted::SideData(what.to_owned());
                movie.omissions.push(Omission::new(what, Some(id), "it is not read"));
            }
            let mut frames = self.frames.remove(&entry.number).unwrap_or_default();
            let failed = frames.unpack(&entry.coating, &source, &mut unpacked);
            if failed > 0 {
                let reason = "their compression is damaged, or they hold more than the file justifies";
                movie.omissions.push(Omission::new(Omitted::Samples(failed), Some(id), reason));
            }
            match timing::build(entry, frames, self.scale, &source, window) {
                Ok(mut found) => {
                    found.track.metadata = characteristics::of(entry);
                    found.track.metadata.extend(self.notes.tags.of_track(entry.uid));
                    built.push(found);
                }
                Err(error) => {
                    let what = Omitted::Track(entry.media());
                    movie.omissions.push(Omission::new(what, Some(id), error.message()));
                }
            }
        }
        if built.is_empty() {
            let reasons = listed(&movie.omissions);
            return Err(Error::unsupported(format!("no track of this Matroska file can be read: {reasons}")));
        }
        let zero = beginning(&built);
        let mut storages = Vec::new();
        for mut found in built {
            found.present(zero, millis);
            movie.tracks.push(found.track);
            storages.push(Storage::Packets(Arc::new(found.table)));
        }
        choose_alternatives(&mut movie);
        movie.duration =
            movie.tracks.iter().map(|track| track.range.end()).max().unwrap_or(Time::new(0, movie.timescale));
        self.notes.describe(&mut movie);
        movie.warnings = self.warnings;
        Ok(Indexed::new(movie, storages))
    }
}

/// Where the movie begins on the segment's timeline: at 0, whatever sound was primed with before; or, where all of
/// pictures and sound begins before, as in a cut that kept its times, with the last of them.
fn beginning(built: &[Built]) -> Time {
    let lasting = built.iter().filter(|found| found.track.media != MediaType::Subtitle);
    let last = lasting.filter(|found| found.table.packets.len() > 0).map(|found| found.start).max();
    last.unwrap_or(Time::ZERO).min(Time::ZERO)
}

/// A count of nanoseconds as a time.
fn nanoseconds(count: i128) -> Time {
    Time::new(i64::try_from(count).unwrap_or(i64::MAX), Timescale::or_one(1_000_000_000))
}

/// The first unsigned integer with `id` among the elements of `data`.
fn find_unsigned(data: &[u8], id: u32) -> Option<u64> {
    elements(data).find(|(found, _)| *found == id).map(|(_, data)| unsigned(data))
}
