use bytes::Bytes;
use reelwright_bmff::{
    BoxBody, ChunkOffsets, ChunkOffsets64, CompositionOffsets, CompositionShift, GroupRun, Packed,
    PartialSyncSamples, SampleDependencies, SampleDescriptions, SampleGroupDescription, SampleSizes,
    SampleToChunk, SampleToGroup, SyncSamples, TimeToSample, Writer, entry,
};
use reelwright_media::{BoxFamily, Result, Stage};

use super::trak::Context;
use crate::tables::{Blocks, Sizes};
use crate::track::TrackState;

/// Writes the children of `stbl`. Long tables go straight into `w`, row by row: a second copy of them would cost as
/// much memory as everything else together.
pub(super) fn write(w: &mut Writer, track: &TrackState, context: &Context) -> Result<()> {
    let entries = track
        .formats()
        .map(|format| entry::write(format, context.family).map(Bytes::from))
        .collect::<Result<Vec<_>>>()
        .map_err(|error| error.at_stage(Stage::Mux).at_track(track.id()))?;
    w.put(&SampleDescriptions { entries, ..SampleDescriptions::default() });
    times(w, track, context.family);
    sync(w, track);
    chunks(w, track, context);
    groups(w, track);
    Ok(())
}

fn times(w: &mut Writer, track: &TrackState, family: BoxFamily) {
    let table = &track.table;
    w.full_box(TimeToSample::KIND, 0, 0, |w| {
        w.u32(count(table.deltas.len()));
        for (count, delta) in table.deltas.iter() {
            w.u32(count);
            w.u32(delta);
        }
    });
    if !table.has_offsets() {
        return;
    }
    let (least, greatest) = table.offset_range();
    // Signed offsets are QuickTime's only kind and take version 1 elsewhere.
    let version = u8::from(least < 0 && family == BoxFamily::Iso);
    w.full_box(CompositionOffsets::KIND, version, 0, |w| {
        w.u32(count(table.offsets.len()));
        for (count, offset) in table.offsets.iter() {
            w.u32(count);
            w.i32(offset);
        }
    });
    if least < 0 || family == BoxFamily::QuickTime {
        let (start, end) = track.composition_range();
        w.put(&CompositionShift {
            composition_to_dts_shift: i64::from(least).min(0).saturating_neg(),
            least_offset: least.into(),
            greatest_offset: greatest.into(),
            start_time: start,
            end_time: end,
            ..CompositionShift::default()
        });
    }
}

fn sync(w: &mut Writer, track: &TrackState) {
    let table = &track.table;
    if let Some(sync) = &table.sync {
        numbers(w, SyncSamples::KIND, sync);
    }
    if !table.partial_sync.is_empty() {
        numbers(w, PartialSyncSamples::KIND, &table.partial_sync);
    }
    if table.has_dependencies() {
        w.full_box(SampleDependencies::KIND, 0, 0, |w| {
            for (count, byte) in table.dependencies.iter() {
                (0..count).for_each(|_| w.u8(byte));
            }
        });
    }
}

fn numbers(w: &mut Writer, kind: reelwright_media::FourCc, numbers: &Blocks<u32>) {
    w.full_box(kind, 0, 0, |w| {
        w.u32(count(numbers.len()));
        numbers.iter().for_each(|number| w.u32(number));
    });
}

fn chunks(w: &mut Writer, track: &TrackState, context: &Context) {
    let table = &track.table;
    w.full_box(SampleToChunk::KIND, 0, 0, |w| {
        w.u32(count(table.chunk_runs.len()));
        for run in table.chunk_runs.iter() {
            w.u32(run.first_chunk);
            w.u32(run.samples);
            w.u32(run.description);
        }
    });
    w.full_box(SampleSizes::KIND, 0, 0, |w| match &table.sizes {
        // A table is what says "every sample is empty": size 0 means "see below".
        Sizes::Alike(0) => {
            w.u32(0);
            w.u32(table.samples());
            (0..table.samples()).for_each(|_| w.u32(0));
        }
        Sizes::Alike(size) => {
            w.u32(*size);
            w.u32(table.samples());
        }
        Sizes::Each(sizes) => {
            w.u32(0);
            w.u32(table.samples());
            sizes.iter().for_each(|size| w.u32(size));
        }
    });
    let kind = if context.wide { ChunkOffsets64::KIND } else { ChunkOffsets::KIND };
    w.full_box(kind, 0, 0, |w| {
        w.u32(count(table.chunks.len()));
        for offset in table.chunks.iter().map(|offset| context.base.saturating_add(offset)) {
            match u32::try_from(offset) {
                Ok(offset) if !context.wide => w.u32(offset),
                _ => w.u64(offset),
            }
        }
    });
}

/// `roll` covers every packet, priming too: it tells readers that the edit list already excludes the priming.
fn groups(w: &mut Writer, track: &TrackState) {
    let samples = track.table.samples();
    let Some(distance) = track.settings.track.roll_distance.filter(|_| samples > 0) else {
        return;
    };
    w.put(&SampleGroupDescription::roll(b"roll", distance));
    w.put(&SampleToGroup {
        grouping_type: b"roll".into(),
        runs: Packed::from_iter([GroupRun { count: samples, description_index: 1 }]),
        ..SampleToGroup::default()
    });
}

/// Rows of a table; it has no more than samples, which 32 bits count.
fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
