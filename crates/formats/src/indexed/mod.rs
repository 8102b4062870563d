//! The demuxer behind every container but MP4 and QuickTime: an index built when the file is opened, and cursors over it.

mod audio_clock;
mod describe;
mod formats;
mod packets;
mod rows;
mod runs;

use std::ops::Range;
use std::sync::Arc;

use reelwright_media::{Error, Movie, Result, Stage, Time};

use crate::losses::Losses;
use crate::movie_tags::MovieTags;
use crate::{Demuxer, SampleCursor};

pub(crate) use audio_clock::AudioClock;
pub(crate) use describe::{movie, present, track};
pub(crate) use formats::Formats;
pub(crate) use packets::{Packet, PacketTable, Prefix};
pub(crate) use rows::Rows;
pub(crate) use runs::Runs;

/// A file whose samples are known.
pub(crate) struct Indexed {
    movie: Arc<Movie>,
    storages: Vec<Storage>,
}

/// Where the samples of one track are.
pub(crate) enum Storage {
    /// One by one.
    Packets(Arc<PacketTable>),
    /// All alike, one after the other.
    Runs(Runs),
}

impl Indexed {
    /// A file described by `movie`, with one storage a track in the same order.
    pub(crate) fn new(movie: Movie, storages: Vec<Storage>) -> Self {
        Self { movie: Arc::new(movie), storages }
    }

    /// A file whose only track is the sound of `table`, of which the ticks in `heard` are presented, and which goes without
    /// `losses`.
    pub(crate) fn of_sound(mut movie: Movie, table: PacketTable, heard: Range<i64>, losses: Losses) -> Self {
        let mut track = track(1, table.formats.first().clone(), table.timescale);
        track.formats = table.formats.all().to_vec();
        let timescale = movie.timescale;
        present(&mut track, timescale, Time::ZERO, heard.start, heard.end, table.media_end());
        track.sample_count = Some(table.packets.len() as u64);
        track.byte_count = Some(table.byte_count());
        movie.duration = track.range.end();
        let shift = Time::new(heard.start.saturating_neg(), table.timescale);
        movie.omissions.extend(losses.omissions(track.id, table.timescale, shift));
        movie.tracks.push(track);
        Self::new(movie, vec![Storage::Packets(Arc::new(table))])
    }
}

impl Indexed {
    /// The same file, which says so much about its film.
    pub(crate) fn with_facts(mut self, facts: MovieTags) -> Self {
        facts.describe(Arc::make_mut(&mut self.movie));
        self
    }
}

impl Demuxer for Indexed {
    fn movie(&self) -> &Arc<Movie> {
        &self.movie
    }

    fn cursor(&self, track: u32) -> Result<Box<dyn SampleCursor>> {
        let position = self.movie.tracks.iter().position(|candidate| candidate.id == track);
        match position.and_then(|position| self.storages.get(position)) {
            Some(Storage::Packets(table)) => Ok(Box::new(table.cursor())),
            Some(Storage::Runs(runs)) => Ok(Box::new(runs.cursor())),
            None => Err(Error::misuse(format!("the file has no track {track}")).at_stage(Stage::Read)),
        }
    }
}
