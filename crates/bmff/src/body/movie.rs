use reelwright_media::{Edit, ErrorKind, FourCc, Matrix, Result, Time, Timescale, TrackReference};

use crate::declare::{Wide, declare};
use crate::{BoxBody, Fields, Reader, Writer};

declare! {
    /// Movie header (ISO/IEC 14496-12, 8.2.2).
    full MovieHeader = b"mvhd" {
        /// Seconds since 1904-01-01 UTC.
        creation_time: u64 as Wide,
        /// Seconds since 1904-01-01 UTC.
        modification_time: u64 as Wide,
        /// Ticks per second of durations and edits.
        timescale: u32,
        /// Length of the longest track, in ticks.
        duration: u64 as Wide,
        /// Preferred rate, 16.16.
        rate: i32,
        /// Preferred volume, 8.8.
        volume: i16,
        /// Zero.
        reserved: [u8; 10],
        /// Over the matrices of all tracks.
        matrix: Matrix,
        /// QuickTime: preview time and duration, poster time, selection time and duration, current time; else zero.
        times: [u32; 6],
        /// Larger than any track ID in use.
        next_track_id: u32,
    }

    /// Track header (ISO/IEC 14496-12, 8.3.2).
    full TrackHeader = b"tkhd" {
        /// Seconds since 1904-01-01 UTC.
        creation_time: u64 as Wide,
        /// Seconds since 1904-01-01 UTC.
        modification_time: u64 as Wide,
        /// Unique in the file and not zero.
        track_id: u32,
        /// Zero.
        reserved: u32,
        /// Sum of the edits, in ticks of the movie.
        duration: u64 as Wide,
        /// Zero.
        reserved_2: [u32; 2],
        /// Front-to-back order; lower is nearer.
        layer: i16,
        /// Tracks of which one is presented share a number; 0 for none.
        alternate_group: u16,
        /// 8.8; full for sound, zero for everything else.
        volume: i16,
        /// Zero.
        reserved_3: u16,
        /// How the picture is turned and placed.
        matrix: Matrix,
        /// Presented width in pixels, 16.16.
        width: u32,
        /// Presented height in pixels, 16.16.
        height: u32,
    }

    /// Preload settings (QuickTime File Format, "Track load settings atoms").
    plain LoadSettings = b"load" {
        /// Start of what should be loaded, in ticks of the movie.
        start: u32,
        /// Its length; -1 up to the end.
        duration: i32,
        /// 1: regardless of the track being enabled; 2: only if it is.
        flags: u32,
        /// Hints: 0x20 double buffering, 0x100 high quality.
        hints: u32,
    }

    /// The track's size with clean aperture and pixel shape applied (QuickTime File Format, "Track clean aperture
    /// dimensions atom"); in `tapt`.
    full CleanApertureDimensions = b"clef" {
        /// 16.16.
        width: u32,
        /// 16.16.
        height: u32,
    }

    /// The track's size with pixel shape, without clean aperture (QuickTime File Format); in `tapt`.
    full ProductionApertureDimensions = b"prof" {
        /// 16.16.
        width: u32,
        /// 16.16.
        height: u32,
    }

    /// The track's encoded size (QuickTime File Format); in `tapt`.
    full EncodedPixelsDimensions = b"enof" {
        /// 16.16.
        width: u32,
        /// 16.16.
        height: u32,
    }
}

impl MovieHeader {
    /// A header with normal rate and full volume, nothing known but the timescale.
    pub fn new(timescale: u32) -> Self {
        Self { timescale, rate: 0x1_0000, volume: 0x100, next_track_id: 1, ..Self::default() }
    }
}

impl TrackHeader {
    /// Flag: presented by default.
    pub const ENABLED: u32 = 1;
    /// Flag: part of the movie.
    pub const IN_MOVIE: u32 = 2;
    /// Flag: part of the preview.
    pub const IN_PREVIEW: u32 = 4;
    /// Flag: width and height are an aspect ratio (ISO); part of the poster (QuickTime).
    pub const IN_POSTER: u32 = 8;
}

/// Edits of a track; a list of more would be presented wrongly if it were cut, so it is refused.
const MOST_EDITS: usize = 1 << 16;

/// A row of an edit list: an [`Edit`] whose length is counted in ticks of the movie header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditRow {
    /// Length on the movie's timeline, in its ticks.
    pub duration: u64,
    /// Where in the media it starts, in ticks of the track; `None` for an empty edit.
    pub media_time: Option<i64>,
    /// Playback rate, 16.16.
    pub rate: i32,
}

impl EditRow {
    /// The row as an edit, in a movie of `movie` ticks per second.
    pub fn edit(&self, movie: Timescale) -> Edit {
        let ticks = i64::try_from(self.duration).unwrap_or(i64::MAX);
        Edit { duration: Time::new(ticks, movie), media_time: self.media_time, rate: self.rate }
    }
}

/// Edit list (ISO/IEC 14496-12, 8.6.6); in `edts`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditList {
    /// Version as stored; the lowest it is written in.
    pub version: u8,
    /// Flags; 1: repeat.
    pub flags: u32,
    /// The edits in order.
    pub edits: Vec<EditRow>,
}

impl BoxBody for EditList {
    const KIND: FourCc = FourCc::new(b"elst");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let row = if version == 0 { 12 } else { 20 };
        let stated = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let count = stated.min(r.remaining() / row);
        if count > MOST_EDITS {
            let message = format!("{count} edits in a list; at most {MOST_EDITS} are read");
            return Err(r.error(ErrorKind::Limit, message));
        }
        let mut edits = Vec::with_capacity(count);
        for _ in 0..count {
            let (duration, media_time) =
                if version == 0 { (u64::from(r.u32()?), i64::from(r.i32()?)) } else { (r.u64()?, r.i64()?) };
            let media_time = (media_time != -1).then_some(media_time);
            edits.push(EditRow { duration, media_time, rate: r.i32()? });
        }
        Ok(Self { version, flags, edits })
    }

    fn write(&self, w: &mut Writer) {
        let short = |edit: &EditRow| {
            Some((u32::try_from(edit.duration).ok()?, i32::try_from(edit.media_time.unwrap_or(-1)).ok()?))
        };
        let rows: Option<Vec<_>> = self.edits.iter().map(short).collect();
        let rows = rows.filter(|_| self.version == 0);
        w.version_and_flags(if rows.is_some() { 0 } else { self.version.max(1) }, self.flags);
        w.u32(u32::try_from(self.edits.len()).unwrap_or(u32::MAX));
        for (index, edit) in self.edits.iter().enumerate() {
            match rows.as_ref().and_then(|rows| rows.get(index)) {
                Some(&(duration, media_time)) => {
                    w.u32(duration);
                    w.i32(media_time);
                }
                None => {
                    w.u64(edit.duration);
                    w.i64(edit.media_time.unwrap_or(-1));
                }
            }
            w.i32(edit.rate);
        }
    }

    fn fields(&self) -> Fields {
        let edits: Vec<_> = self.edits.iter().take(8).map(show_edit).collect();
        Fields::default()
            .with("version", self.version)
            .with("flags", format_args!("0x{:06x}", self.flags))
            .with("edits", format_args!("{} [{}]", self.edits.len(), edits.join(", ")))
    }
}

fn show_edit(edit: &EditRow) -> String {
    let media_time = edit.media_time.map_or("empty".into(), |time| time.to_string());
    let rate = f64::from(edit.rate) / f64::from(Edit::NORMAL_RATE);
    format!("{media_time} for {} at {rate}", edit.duration)
}

/// Kinds of references a track may have; the standard knows about twenty.
const MOST_REFERENCES: usize = 256;

/// Track references (ISO/IEC 14496-12, 8.3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackReferences {
    /// The references in order.
    pub references: Vec<TrackReference>,
}

impl BoxBody for TrackReferences {
    const KIND: FourCc = FourCc::new(b"tref");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let mut references = Vec::new();
        for child in r.boxes().take(MOST_REFERENCES) {
            let child = child?;
            let mut body = child.body();
            let mut tracks = Vec::new();
            while body.remaining() >= 4 {
                tracks.push(body.u32()?);
            }
            references.push(TrackReference { kind: child.kind(), tracks });
        }
        r.rest();
        Ok(Self { references })
    }

    fn write(&self, w: &mut Writer) {
        for reference in &self.references {
            w.write_box(reference.kind, |w| reference.tracks.iter().for_each(|&track| w.u32(track)));
        }
    }

    fn fields(&self) -> Fields {
        let show = |reference: &TrackReference| {
            let more = if reference.tracks.len() > 8 { ", ..." } else { "" };
            let tracks: Vec<_> = reference.tracks.iter().take(8).map(u32::to_string).collect();
            format!("{} -> [{}{more}]", reference.kind, tracks.join(", "))
        };
        let references: Vec<_> = self.references.iter().take(8).map(show).collect();
        Fields::default().with("references", references.join(", "))
    }
}
