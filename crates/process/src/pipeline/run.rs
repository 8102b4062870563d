use std::ops::Range;

use reelwright_media::PixelBuffer;

use super::mix::{relight, weigh};
use super::plan::{Group, Input, Work};
use crate::scale::{LANES, Strip, horizontal, horizontal_work, vertical};
use crate::simd::Simd;
use crate::workers::Workers;

/// Some rows of one plane of the target, for one thread.
pub(super) struct Rows<'a> {
    pub(super) bytes: &'a mut [u8],
    pub(super) stride: usize,
    /// The number of the first one.
    pub(super) first: usize,
}

/// The rows that part `part` of `parts` has of `rows`.
fn share(rows: usize, part: usize, parts: usize) -> Range<usize> {
    rows * part / parts..rows * (part + 1) / parts
}

/// Fills every plane of `target`, a picture fresh from a pool.
pub(super) fn fill(
    groups: &[Group],
    source: &PixelBuffer,
    target: &mut PixelBuffer,
    workers: Workers,
    simd: Simd,
) {
    in_bands(target, workers, |planes| {
        for group in groups {
            group.fill(source, planes, simd);
        }
    });
}

/// Cuts the planes of `target` into bands of rows and works on them side by side.
pub(super) fn in_bands(target: &mut PixelBuffer, workers: Workers, work: impl Fn(&mut [Rows<'_>]) + Sync) {
    let rows: Vec<usize> = target.planes().iter().map(|plane| plane.rows).collect();
    let parts = workers.threads().min(rows.iter().copied().max().unwrap_or(1).div_ceil(16)).max(1);
    let mut bands: Vec<Vec<Rows>> = (0..parts).map(|_| Vec::with_capacity(4)).collect();
    let mut writable = target.make_mut();
    for ((mut bytes, stride), rows) in writable.all().into_iter().zip(rows) {
        for (part, band) in bands.iter_mut().enumerate() {
            let range = share(rows, part, parts);
            let (these, rest) = bytes.split_at_mut((range.len() * stride).min(bytes.len()));
            band.push(Rows { bytes: these, stride, first: range.start });
            bytes = rest;
        }
    }
    workers.run(bands, |mut planes| work(&mut planes));
}

/// Memory for one row on its way.
struct Scratch {
    /// The rows of a source plane, weighed against each other, as they are interleaved.
    packed: Vec<i16>,
    /// One component of it, padded.
    single: Vec<i16>,
    /// The components on the target's grid.
    placed: [Vec<i16>; 3],
    /// The same as R'G'B' signals.
    signals: [Vec<f32>; 3],
}

impl Group {
    fn fill(&self, source: &PixelBuffer, planes: &mut [Rows<'_>], simd: Simd) {
        let rows = planes[self.plane()].range();
        let widest =
            self.inputs.iter().map(|input| self.grids[input.grid].across.1 * input.channel.step).max();
        let padding = self.grids.iter().map(|grid| grid.horizontal.stride()).max().unwrap_or(0) + LANES;
        let row = || vec![0i16; widest.unwrap_or(0) + padding];
        let placed = || vec![0i16; if matches!(self.work, Work::Store(_)) { 0 } else { self.width }];
        let signals = || vec![0f32; if matches!(self.work, Work::Relight { .. }) { self.width } else { 0 }];
        let mut scratch = Scratch {
            packed: row(),
            single: row(),
            placed: [placed(), placed(), placed()],
            signals: [signals(), signals(), signals()],
        };
        for y in rows {
            let Some(line) = self.field.target_line(y) else { continue };
            match &self.work {
                Work::Store(channel) => {
                    let out = planes[channel.plane].row(y);
                    self.store_row(&self.inputs[0], source, line, &mut scratch, out, simd);
                }
                Work::Mix(outputs) => {
                    self.place_inputs(source, line, &mut scratch, simd);
                    let inputs = scratch.placed.each_ref().map(Vec::as_slice);
                    for output in outputs {
                        weigh(simd, inputs, output, self.store, planes[output.channel.plane].row(y));
                    }
                }
                Work::Relight { decode, light, outputs } => {
                    self.place_inputs(source, line, &mut scratch, simd);
                    let inputs = scratch.placed.each_ref().map(Vec::as_slice);
                    relight(simd, inputs, decode, light, &mut scratch.signals);
                    let inputs = scratch.signals.each_ref().map(Vec::as_slice);
                    for output in outputs {
                        weigh(simd, inputs, output, self.store, planes[output.channel.plane].row(y));
                    }
                }
            }
        }
    }

    /// One component that keeps its meaning.
    fn store_row(
        &self,
        input: &Input,
        source: &PixelBuffer,
        line: usize,
        scratch: &mut Scratch,
        out: &mut [u8],
        simd: Simd,
    ) {
        let grid = &self.grids[input.grid];
        if let (Some(x), Some(down), 1) =
            (grid.horizontal.copy_from(), grid.vertical.copy_from(), input.channel.step)
            && input.depth == self.store.bits()
        {
            let bytes = self.store.bytes();
            let row = source.row(input.channel.plane, self.field.source_row(grid.down.0 + down + line));
            let from = (grid.across.0 + x) * bytes;
            return out[..self.width * bytes].copy_from_slice(&row[from..][..self.width * bytes]);
        }
        self.weigh_rows(input, source, line, &mut scratch.packed, simd);
        let row = component(input, grid.across.1, &scratch.packed, &mut scratch.single);
        horizontal(simd, row, &grid.horizontal, self.store, out);
    }

    /// All components, on the grid of the target.
    fn place_inputs(&self, source: &PixelBuffer, line: usize, scratch: &mut Scratch, simd: Simd) {
        let mut held = None;
        for (input, placed) in self.inputs.iter().zip(&mut scratch.placed) {
            // Components that share a plane are weighed together.
            if held != Some(input.channel.plane) {
                self.weigh_rows(input, source, line, &mut scratch.packed, simd);
                held = Some(input.channel.plane);
            }
            let grid = &self.grids[input.grid];
            let row = component(input, grid.across.1, &scratch.packed, &mut scratch.single);
            horizontal_work(simd, row, &grid.horizontal, placed);
        }
    }

    /// The vertical half of the way to row `line` of the target's field.
    fn weigh_rows(&self, input: &Input, source: &PixelBuffer, line: usize, out: &mut [i16], simd: Simd) {
        let grid = &self.grids[input.grid];
        let (plane, step) = (input.channel.plane, input.channel.step);
        let (start, weights) = grid.vertical.row(line);
        let bytes = if input.depth > 8 { 2 } else { 1 };
        let stride = source.stride(plane);
        let first = self.field.source_row(grid.down.0 + start) * stride + grid.across.0 * step * bytes;
        let bytes = &source.plane(plane)[first..];
        let strip = Strip { bytes, stride: stride * self.field.step(), depth: input.depth };
        vertical(simd, strip, grid.vertical.taps(), weights, &mut out[..grid.across.1 * step]);
    }
}

/// One component of an interleaved row.
fn component<'a>(input: &Input, width: usize, packed: &'a [i16], single: &'a mut [i16]) -> &'a [i16] {
    if input.channel.step == 1 {
        return packed;
    }
    let values = packed[input.channel.offset..].iter().step_by(input.channel.step);
    for (target, value) in single[..width].iter_mut().zip(values) {
        *target = *value;
    }
    single
}

impl Rows<'_> {
    fn range(&self) -> Range<usize> {
        self.first..self.first + self.bytes.len() / self.stride.max(1)
    }

    /// Row `y` of the plane.
    fn row(&mut self, y: usize) -> &mut [u8] {
        let start = (y - self.first) * self.stride;
        &mut self.bytes[start..start + self.stride]
    }
}
