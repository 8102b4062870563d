use std::sync::Arc;

use reelwright_media::{ChromaSiting, Color, PixelFormat, Result};

use super::PipelineConfig;
use super::layout::{Channel, alpha, channels, phase};
use crate::color::{Affine, Coding, Light};
use crate::scale::{Filter, Kernel, Mapping, Store, WORK_BITS};

/// Target components that lie on the same grid and are made from the same source samples.
pub(super) struct Group {
    /// Target samples across.
    pub(super) width: usize,
    pub(super) inputs: Vec<Input>,
    pub(super) grids: Vec<Grid>,
    pub(super) work: Work,
    pub(super) store: Store,
    pub(super) field: Field,
}

/// The rows of a picture that are worked on together: all of them, or those of one field. Applies to the planes of source
/// and target alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// From one of its rows to the next: 1 for whole pictures, 2 for fields.
    step: usize,
    /// Its first row in the source.
    source: usize,
    /// Its first row in the target.
    target: usize,
}

impl Field {
    /// Whole pictures.
    const WHOLE: Self = Self { step: 1, source: 0, target: 0 };

    /// What a picture consists of; interlaced ones whose visible part begins with an odd row change their fields' places.
    fn all(config: &PipelineConfig) -> Vec<Self> {
        if !config.works_by_field() {
            return vec![Self::WHOLE];
        }
        let (_, top, ..) = config.source.visible();
        let field = |target| Self { step: 2, source: (target + top as usize) % 2, target };
        vec![field(0), field(1)]
    }

    /// The row of the source's plane that is row `line` of the field.
    pub(super) fn source_row(self, line: usize) -> usize {
        line * self.step + self.source
    }

    /// The rows of the source's plane from one row of the field to the next.
    pub(super) fn step(self) -> usize {
        self.step
    }

    /// Which row of the field row `row` of the target's plane is, if it is one.
    pub(super) fn target_line(self, row: usize) -> Option<usize> {
        let from_first = row.checked_sub(self.target)?;
        from_first.is_multiple_of(self.step).then_some(from_first / self.step)
    }

    /// How many of the target's first `rows` rows are in the field.
    fn target_lines(self, rows: usize) -> usize {
        rows.saturating_sub(self.target).div_ceil(self.step)
    }

    /// The first of the field's rows at or below row `row` of the source.
    fn source_line(self, row: usize) -> usize {
        row.saturating_sub(self.source).div_ceil(self.step)
    }
}

/// A source component brought onto the grid of the target.
pub(super) struct Input {
    pub(super) channel: Channel,
    /// Index into [`Group::grids`].
    pub(super) grid: usize,
    pub(super) depth: u32,
}

/// How the samples of one source grid become those of the target's.
pub(super) struct Grid {
    pub(super) shift: (u32, u32),
    /// First sample and samples that may be looked at, across and down.
    pub(super) across: (usize, usize),
    pub(super) down: (usize, usize),
    pub(super) horizontal: Filter,
    pub(super) vertical: Filter,
}

/// What is done to the samples once they are in place.
pub(super) enum Work {
    /// Nothing: input and output mean the same.
    Store(Channel),
    /// Each output is a weighted sum of the inputs.
    Mix(Vec<Output>),
    /// The inputs become R'G'B', that goes through linear light, and each output is a weighted sum of the result.
    Relight {
        /// To R'G'B'.
        decode: Affine,
        light: Arc<Light>,
        outputs: Vec<Output>,
    },
}

/// A target component: weights of the inputs and what is added, in units of the work format.
pub(super) struct Output {
    pub(super) channel: Channel,
    pub(super) weights: [f32; 3],
    pub(super) bias: f32,
}

impl Group {
    /// A plane of the target that it writes; all of them have the same rows.
    pub(super) fn plane(&self) -> usize {
        match &self.work {
            Work::Store(channel) => channel.plane,
            Work::Mix(outputs) | Work::Relight { outputs, .. } => {
                outputs.first().map_or(0, |output| output.channel.plane)
            }
        }
    }
}

/// Whether code values keep their meaning, but for a power of two.
pub(super) fn keeps_codes(config: &PipelineConfig, color: &Color) -> bool {
    let (source, target) = codings(config, color);
    let siting = |color: &Color| color.siting.unwrap_or(ChromaSiting::Left);
    let before = &config.source.color;
    let same_light = if before.is_hdr() || color.is_hdr() { before.transfer == color.transfer } else { true };
    same_light
        && before.primaries == color.primaries
        && source.same(&target)
        && siting(&config.source.color) == siting(color)
}

fn codings(config: &PipelineConfig, color: &Color) -> (Coding, Coding) {
    let source = Coding::of(config.source.format, &config.source.color, config.source.size);
    // Where nothing is stated on either side, the target must not be guessed differently for its size.
    (source, Coding::of(config.target_format, color, config.source.size))
}

/// Everything to be done for one picture.
pub(super) fn groups(config: &PipelineConfig, color: &Color) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for field in Field::all(config) {
        groups.append(&mut field_groups(config, color, field)?);
    }
    Ok(groups)
}

fn field_groups(config: &PipelineConfig, color: &Color, field: Field) -> Result<Vec<Group>> {
    let (from, to) = codings(config, color);
    let (sources, targets) = (channels(config.source.format), channels(config.target_format));
    let mut groups = Vec::new();
    let place = Placement { config, color, field };
    if let Some(light) = Light::between(&config.source.color, color, config.source_peak)? {
        let light = Arc::new(light);
        let encode = to.to_rgb()?.inverse();
        for these in by_grid(&targets) {
            groups.push(place.relight(&from.to_rgb()?, &light, &encode, &sources, &these));
        }
    } else if from.same(&to) {
        for (index, target) in targets.iter().enumerate() {
            let inputs = sources.get(index).map(std::slice::from_ref).unwrap_or_default();
            let neutral = f32::from(1i16 << (WORK_BITS - 1));
            groups.push(match inputs {
                [_] if target.step == 1 => place.group(inputs, target.shift, Work::Store(*target)),
                [_] => place.group(inputs, target.shift, Work::Mix(vec![Output::scaled(*target, 1.0)])),
                _ => place.group(&[], target.shift, Work::Mix(vec![Output::constant(*target, neutral)])),
            });
        }
    } else {
        let map = from.to_rgb()?.then(&to.to_rgb()?.inverse());
        for these in by_grid(&targets) {
            groups.push(place.mix(&map, &sources, &these));
        }
    }
    if let Some(target) = alpha(config.target_format) {
        groups.push(place.alpha(target));
    }
    Ok(groups)
}

/// The target's components with their numbers, those on the same grid together.
fn by_grid(targets: &[Channel]) -> Vec<Vec<(usize, Channel)>> {
    let mut open: Vec<(usize, Channel)> = targets.iter().copied().enumerate().collect();
    let mut grids = Vec::new();
    while let Some((_, first)) = open.first().copied() {
        let (these, others) = open.into_iter().partition(|(_, other)| other.shift == first.shift);
        grids.push(these);
        open = others;
    }
    grids
}

impl Output {
    fn scaled(channel: Channel, gain: f32) -> Self {
        Self { channel, weights: [gain, 0.0, 0.0], bias: 0.0 }
    }

    fn constant(channel: Channel, value: f32) -> Self {
        Self { channel, weights: [0.0; 3], bias: value }
    }
}

/// Knows where source and target samples lie.
struct Placement<'a> {
    config: &'a PipelineConfig,
    color: &'a Color,
    field: Field,
}

impl Placement<'_> {
    /// Outputs as sums of those inputs that they depend on.
    fn mix(&self, map: &Affine, sources: &[Channel], targets: &[(usize, Channel)]) -> Group {
        // Gray has chroma in the middle and no planes for it.
        let neutral = f64::from(1 << (WORK_BITS - 1));
        let needed: Vec<usize> = (0..sources.len())
            .filter(|&input| targets.iter().any(|&(target, _)| map.matrix[target][input].abs() > 1e-9))
            .collect();
        let output = |&(target, channel): &(usize, Channel)| {
            let row = &map.matrix[target];
            let absent: f64 = (sources.len()..3).map(|input| row[input] * neutral).sum();
            let mut weights = [0.0; 3];
            for (weight, &input) in weights.iter_mut().zip(&needed) {
                *weight = row[input] as f32;
            }
            Output { channel, weights, bias: (map.offset[target] + absent) as f32 }
        };
        let inputs: Vec<Channel> = needed.iter().map(|&input| sources[input]).collect();
        self.group(&inputs, targets[0].1.shift, Work::Mix(targets.iter().map(output).collect()))
    }

    /// Outputs that need every input, since light mixes them.
    fn relight(
        &self,
        decode: &Affine,
        light: &Arc<Light>,
        encode: &Affine,
        sources: &[Channel],
        targets: &[(usize, Channel)],
    ) -> Group {
        let mut decode = *decode;
        let neutral = f64::from(1 << (WORK_BITS - 1));
        for (row, offset) in decode.offset.iter_mut().enumerate() {
            *offset += (sources.len()..3).map(|input| decode.matrix[row][input] * neutral).sum::<f64>();
        }
        let output = |&(target, channel): &(usize, Channel)| Output {
            channel,
            weights: encode.matrix[target].map(|weight| weight as f32),
            bias: encode.offset[target] as f32,
        };
        let outputs = targets.iter().map(output).collect();
        self.group(sources, targets[0].1.shift, Work::Relight { decode, light: light.clone(), outputs })
    }

    /// Alpha is full range at any depth; a source without is opaque.
    fn alpha(&self, target: Channel) -> Group {
        let most = |format: PixelFormat| {
            let depth = i32::from(format.bit_depth());
            (2f64.powi(depth) - 1.0) * 2f64.powi(WORK_BITS as i32 - depth)
        };
        let (opaque, full) = (most(self.config.target_format), most(self.config.source.format));
        match alpha(self.config.source.format) {
            Some(source) => {
                let output = Output::scaled(target, (opaque / full) as f32);
                self.group(&[source], target.shift, Work::Mix(vec![output]))
            }
            None => self.group(&[], target.shift, Work::Mix(vec![Output::constant(target, opaque as f32)])),
        }
    }

    fn group(&self, sources: &[Channel], shift: (u32, u32), work: Work) -> Group {
        let size = self.config.target_size;
        let samples = |side: u32, shift: u32| side.div_ceil(1 << shift) as usize;
        let (width, height) = (samples(size.width, shift.0), samples(size.height, shift.1));
        let mut grids: Vec<Grid> = Vec::new();
        let mut inputs = Vec::new();
        for channel in sources {
            let known = grids.iter().position(|grid| grid.shift == channel.shift);
            let grid = known.unwrap_or_else(|| {
                grids.push(self.grid(channel.shift, shift, width, height));
                grids.len() - 1
            });
            inputs.push(Input {
                channel: *channel,
                grid,
                depth: self.config.source.format.bit_depth().into(),
            });
        }
        let depth = self.config.target_format.bit_depth();
        let store = if depth > 8 { Store::Deep(depth.into()) } else { Store::Eight };
        Group { width, inputs, grids, work, store, field: self.field }
    }

    fn grid(&self, source: (u32, u32), target: (u32, u32), width: usize, height: usize) -> Grid {
        let (x, y, w, h) = self.config.source.visible();
        let from = phase(source, self.config.source.color.siting.unwrap_or(ChromaSiting::Left));
        let to = phase(target, self.color.siting.unwrap_or(ChromaSiting::Left));
        let size = self.config.target_size;
        let across = Line {
            start: x,
            length: w,
            target: size.width,
            shifts: (source.0, target.0),
            phases: (from.0, to.0),
        };
        let down = Line {
            start: y,
            length: h,
            target: size.height,
            shifts: (source.1, target.1),
            phases: (from.1, to.1),
        };
        let (across, horizontal) = across.filter(self.config.kernel, width, Field::WHOLE);
        let (down, vertical) = down.filter(self.config.kernel, height, self.field);
        Grid { shift: source, across, down, horizontal, vertical }
    }
}

/// One direction of a [`Grid`]: the visible part of the source in pixels, the target's side, and both components'
/// subsampling and phase.
struct Line {
    start: u32,
    length: u32,
    target: u32,
    shifts: (u32, u32),
    phases: (f64, f64),
}

impl Line {
    /// The window of samples of the source's `field`, and the filter over it that makes those of the target's.
    fn filter(&self, kernel: Kernel, outputs: usize, field: Field) -> ((usize, usize), Filter) {
        let Self { start, length, target, shifts, phases } = *self;
        let begin = (start >> shifts.0) as usize;
        let end = (start + length).div_ceil(1 << shifts.0) as usize;
        // From target samples to target pixels, to source pixels, to source samples.
        let pixels = f64::from(1 << shifts.1) * f64::from(length) / f64::from(target);
        let samples = f64::from(1 << shifts.0);
        let step = pixels / samples;
        let first = (f64::from(start) + phases.1 * pixels) / samples - phases.0;
        // From there to the samples of the field alone: they lie as far apart as the target's do.
        let first = (first + field.target as f64 * step - field.source as f64) / field.step as f64;
        let (begin, end) = (field.source_line(begin), field.source_line(end));
        let outputs = field.target_lines(outputs);
        let map = Mapping { window: end - begin, outputs, step, first: first - begin as f64 };
        ((begin, end - begin), Filter::new(kernel, map))
    }
}
