//! Pictures from one shape into another: size, layout, depth and colour in one pass.

#[cfg(test)]
mod field_tests;
mod flatten;
#[cfg(test)]
mod foreign_tests;
mod layout;
mod mix;
mod plan;
mod run;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tone_tests;

pub use flatten::Alpha;
use flatten::{flat_format, flatten};
use plan::{Group, groups};
use reelwright_media::{
    Color, ColorMatrix, ColorRange, Error, FieldOrder, PixelBuffer, PixelFormat, PixelPool, Ratio, Result,
    Size,
};

use crate::color::source_peak;
use crate::scale::Kernel;
use crate::simd::Simd;
use crate::workers::Workers;

/// What a [`Pipeline`] has to know of a picture before it sees one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameShape {
    /// Layout of the pixels.
    pub format: PixelFormat,
    /// Size in pixels.
    pub size: Size,
    /// The part meant to be seen as (x, y, width, height), where it isn't everything.
    pub crop: Option<(u32, u32, u32, u32)>,
    /// The shape of a pixel.
    pub pixel_aspect: Ratio,
    /// Colour.
    pub color: Color,
    /// Whether the rows are those of two fields, and which is first.
    pub field_order: FieldOrder,
}

impl FrameShape {
    /// The shape of a picture.
    pub fn of(picture: &PixelBuffer) -> Self {
        let PixelBuffer { format, size, crop, pixel_aspect, color, field_order, .. } = *picture;
        Self { format, size, crop, pixel_aspect, color, field_order }
    }

    /// The rectangle meant to be seen: (x, y, width, height).
    pub fn visible(&self) -> (u32, u32, u32, u32) {
        self.crop.unwrap_or((0, 0, self.size.width, self.size.height))
    }
}

/// What a [`Pipeline`] does.
#[derive(Clone, Debug)]
pub struct PipelineConfig {
    /// The pictures that come in.
    pub source: FrameShape,
    /// Layout of the pictures that come out, of 8 to 14 bits.
    pub target_format: PixelFormat,
    /// Their size.
    pub target_size: Size,
    /// Their colour; what is unspecified stays as it is in the source.
    pub target_color: Color,
    /// The kernel for scaling.
    pub kernel: Kernel,
    /// The brightest light in a PQ source, in cd/m², from which tone mapping starts; see [`source_peak`].
    pub source_peak: f64,
    /// What alpha has done to the source's colours; it matters where the target has none, since the picture is then put
    /// on black.
    pub alpha: Alpha,
}

impl PipelineConfig {
    /// Changes format and size, keeps the colour, scales with [`Kernel::BICUBIC`]; the source's peak is 1000 cd/m².
    pub fn new(source: FrameShape, target_format: PixelFormat, target_size: Size) -> Self {
        Self {
            source,
            target_format,
            target_size,
            target_color: Color::UNSPECIFIED,
            kernel: Kernel::BICUBIC,
            source_peak: source_peak(None, None),
            alpha: Alpha::Straight,
        }
    }

    /// The same for pictures like `picture`, whose light levels say where the peak is.
    pub fn for_picture(picture: &PixelBuffer, target_format: PixelFormat, target_size: Size) -> Self {
        let source_peak = source_peak(picture.mastering, picture.content_light);
        Self { source_peak, ..Self::new(FrameShape::of(picture), target_format, target_size) }
    }

    /// Whether each field is made from its like alone: scaled on its own, and with chroma that belongs to it. Pictures with
    /// less than two rows of chroma a field are none.
    fn works_by_field(&self) -> bool {
        let (.., height) = self.source.visible();
        self.source.field_order.is_interlaced() && height.min(self.target_size.height) >= 8
    }

    /// The field order of the pictures that come out.
    pub fn output_field_order(&self) -> FieldOrder {
        let (_, top, ..) = self.source.visible();
        if top.is_multiple_of(2) { self.source.field_order } else { self.source.field_order.swapped() }
    }

    /// The colour of the pictures that come out: the target's, completed from the source's.
    ///
    /// A target that is SDR by its transfer function makes HDR sources tone-mapped; one that leaves it open keeps them.
    pub fn output_color(&self) -> Color {
        let (source, target) = (self.source.color, self.target_color);
        let mut color = target.or(source);
        if source.is_hdr() && !color.is_hdr() {
            // SDR is BT.709 unless something else was asked for.
            let Color { primaries, matrix, .. } = target.or(Color::BT709);
            (color.primaries, color.matrix) = (primaries, matrix);
        }
        if !self.target_format.is_yuv() {
            color.matrix = ColorMatrix::RGB;
            color.range = target.range.or(Some(ColorRange::Full));
            color.siting = None;
        } else if !self.source.format.is_yuv() {
            // What R'G'B' says of its coding means nothing for Y'CbCr.
            color.matrix = target.matrix;
            color.range = target.range;
        }
        color
    }
}

/// Turns pictures of one shape into pictures of another: crops, scales, and converts layout, depth and colour.
///
/// Chroma is resampled with regard to where it lies: to the left where nothing is stated, as H.264 and HEVC have it.
/// Interlaced pictures stay interlaced: each field is made from its like alone, luma and chroma.
/// A pipeline owns its pool of target pictures; memory in use is one target picture per picture not yet dropped.
pub struct Pipeline {
    config: PipelineConfig,
    color: Color,
    pixel_aspect: Ratio,
    groups: Vec<Group>,
    pool: PixelPool,
    /// Where pictures with alpha are put on black, before anything else.
    flat: Option<PixelPool>,
    workers: Workers,
    simd: Simd,
    passthrough: bool,
}

/// No side of a picture is longer.
const LONGEST_SIDE: u32 = 32_768;

impl Pipeline {
    /// Prepares the filters and matrices.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for empty or huge sizes and crops outside the picture,
    /// [`reelwright_media::ErrorKind::Unsupported`] for targets and colours that can't be made.
    pub fn new(config: PipelineConfig, workers: Workers) -> Result<Self> {
        check_sizes(&config)?;
        let color = config.output_color();
        let (x, y, width, height) = config.source.visible();
        let same_place = (x, y) == (0, 0) && config.source.size == config.target_size;
        let same_size = Size::new(width, height) == config.target_size;
        let unchanged = plan::keeps_codes(&config, &color);
        let passthrough =
            same_place && same_size && unchanged && config.source.format == config.target_format;
        // What stays as it is needn't be understood.
        let groups = if passthrough {
            Vec::new()
        } else {
            check_formats(&config).and_then(|()| groups(&config, &color))?
        };
        let pixel_aspect = if same_size { config.source.pixel_aspect } else { scaled_aspect(&config) };
        let pool = PixelPool::new(config.target_format, config.target_size);
        let loses_alpha = config.source.format.has_alpha() && !config.target_format.has_alpha();
        let flat = (loses_alpha && config.alpha == Alpha::Straight)
            .then(|| PixelPool::new(flat_format(config.source.format), config.source.size));
        let simd = Simd::detect();
        Ok(Self { config, color, pixel_aspect, groups, pool, flat, workers, simd, passthrough })
    }

    /// What it was made for.
    pub fn config(&self) -> &PipelineConfig {
        &self.config
    }

    /// The colour of the pictures that come out.
    pub fn color(&self) -> Color {
        self.color
    }

    /// From the next picture on, works with these threads.
    pub fn set_workers(&mut self, workers: Workers) {
        self.workers = workers;
    }

    /// Whether pictures come out as they went in.
    pub fn is_passthrough(&self) -> bool {
        self.passthrough
    }

    /// Whether `picture` has the shape this was made for.
    pub fn fits(&self, picture: &PixelBuffer) -> bool {
        FrameShape::of(picture) == self.config.source
    }

    /// The picture in its new shape. Where nothing changes, the same memory.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for a picture of another shape than the configured one.
    pub fn process(&self, picture: &PixelBuffer) -> Result<PixelBuffer> {
        if !self.fits(picture) {
            let (given, wanted) = (FrameShape::of(picture), self.config.source);
            return Err(Error::misuse(format!("a picture of {given:?} came to a pipeline for {wanted:?}"))
                .with_hint("make a new Pipeline where the shape of the pictures changes"));
        }
        let mut target = if self.passthrough { picture.clone() } else { self.pool.take() };
        target.tag_like(picture);
        target.color = self.color;
        target.pixel_aspect = self.pixel_aspect;
        target.crop = None;
        target.field_order = self.config.output_field_order();
        if picture.color.is_hdr() && !self.color.is_hdr() {
            (target.mastering, target.content_light) = (None, None);
        }
        if self.passthrough {
            return Ok(target);
        }
        if let Some(pool) = &self.flat {
            let mut flat = pool.take();
            flatten(picture, &mut flat, self.workers);
            run::fill(&self.groups, &flat, &mut target, self.workers, self.simd);
        } else {
            run::fill(&self.groups, picture, &mut target, self.workers, self.simd);
        }
        Ok(target)
    }
}

fn check_sizes(config: &PipelineConfig) -> Result<()> {
    let fine =
        |size: Size| (1..=LONGEST_SIDE).contains(&size.width) && (1..=LONGEST_SIDE).contains(&size.height);
    for size in [config.source.size, config.target_size] {
        if !fine(size) {
            return Err(Error::misuse(format!(
                "a picture of {size}: sides are 1 to {LONGEST_SIDE} pixels long"
            )));
        }
    }
    let (x, y, width, height) = config.source.visible();
    let within = |start: u32, length: u32, side: u32| {
        length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
    };
    if !within(x, width, config.source.size.width) || !within(y, height, config.source.size.height) {
        let size = config.source.size;
        return Err(Error::misuse(format!(
            "the crop {width}x{height} at {x},{y} is not within the picture of {size}"
        )));
    }
    Ok(())
}

fn check_formats(config: &PipelineConfig) -> Result<()> {
    if !(8..=14).contains(&config.target_format.bit_depth()) {
        let target = config.target_format;
        return Err(Error::unsupported(format!("pictures can't be converted to {target:?}")));
    }
    if !(8..=16).contains(&config.source.format.bit_depth()) {
        return Err(Error::unsupported(format!("{:?}: samples have 8 to 16 bits", config.source.format)));
    }
    Ok(())
}

/// The shape of a pixel after scaling. Square where only the rounding of sides stands between.
fn scaled_aspect(config: &PipelineConfig) -> Ratio {
    let (_, _, width, height) = config.source.visible();
    let (aspect, target) = (config.source.pixel_aspect, config.target_size);
    let num = u128::from(aspect.num) * u128::from(width) * u128::from(target.height);
    let den = u128::from(aspect.den) * u128::from(height) * u128::from(target.width);
    if den == 0 || (num * 50).abs_diff(den * 50) <= den {
        return Ratio::ONE;
    }
    // Halved until it fits: exact wherever it matters.
    let (mut num, mut den) = (num, den);
    loop {
        match (u32::try_from(num), u32::try_from(den)) {
            (Ok(num), Ok(den)) => return Ratio::new(num, den).unwrap_or(Ratio::ONE),
            _ => (num, den) = (num / 2, den / 2),
        }
    }
}
