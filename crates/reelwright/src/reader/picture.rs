use reelwright_codec::Workers;
use reelwright_media::{
    Color, Error, ErrorKind, FieldOrder, Matrix, PixelBuffer, PixelFormat, PixelLayout, Ratio, Result,
    Rotation, Size, Stage,
};
use reelwright_process::{FrameShape, Pipeline, PipelineConfig, fit_inside, square_size, turn};

use crate::presentation::stretch;

/// No picture is made longer or wider.
const LONGEST_SIDE: u32 = 16_384;

/// What is asked of the pictures of a track, beside being decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    /// The layout of their pixels; `None` keeps the decoder's.
    pub(super) format: Option<PixelFormat>,
    /// The colours they are converted to; what is unspecified stays.
    pub(super) color: Color,
    /// They are scaled down to fit inside.
    pub(super) max_size: Option<Size>,
    /// They are turned and stretched as they are meant to be seen.
    pub(super) upright: bool,
}

impl Wish {
    /// Whether anything is asked at all.
    fn is_empty(&self) -> bool {
        self.format.is_none() && self.color == Color::UNSPECIFIED && self.max_size.is_none() && !self.upright
    }
}

/// Makes of decoded pictures what was asked for.
#[derive(Debug)]
pub(super) struct Finisher {
    wish: Wish,
    /// How the track's pictures are turned, after being mirrored left to right where that is true.
    orientation: (Rotation, bool),
    /// How much wider than high the track makes a square.
    stretch: f64,
    workers: Workers,
    stages: Option<Stages>,
}

/// The steps for pictures of one shape.
struct Stages {
    source: FrameShape,
    /// Where size, layout or colour change.
    scale: Option<Pipeline>,
    /// After a quarter turn, where the layout asked for can't be turned.
    layout: Option<Pipeline>,
}

impl std::fmt::Debug for Stages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.source.fmt(f)
    }
}

impl Finisher {
    /// For a track of this matrix; `None` where nothing is to be done.
    pub(super) fn new(wish: Wish, matrix: &Matrix, workers: Workers) -> Option<Self> {
        let upright = matrix.orientation().filter(|_| wish.upright);
        let orientation = upright.unwrap_or((Rotation::None, false));
        let stretch = if wish.upright { stretch(matrix) } else { 1.0 };
        (!wish.is_empty()).then_some(Self { wish, orientation, stretch, workers, stages: None })
    }

    /// The picture as asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for layouts and colours that can't be made.
    pub(super) fn finish(&mut self, picture: &PixelBuffer) -> Result<PixelBuffer> {
        self.made(picture).map_err(|error| error.at_stage(Stage::Process))
    }

    fn made(&mut self, picture: &PixelBuffer) -> Result<PixelBuffer> {
        let source = FrameShape::of(picture);
        let stages = match self.stages.take() {
            Some(stages) if stages.source == source => stages,
            _ => self.stages_for(picture)?,
        };
        let mut made = match &stages.scale {
            Some(scale) => scale.process(picture)?,
            None => picture.clone(),
        };
        if self.wish.upright {
            made.pixel_aspect = Ratio::ONE;
        }
        let (rotation, mirror) = self.orientation;
        if (rotation, mirror) != (Rotation::None, false) {
            let refused = || Error::new(ErrorKind::Bug, format!("{:?} can't be turned", made.format));
            made = turn(&made, rotation, mirror).ok_or_else(refused)?;
        }
        if let Some(layout) = &stages.layout {
            made = layout.process(&made)?;
        }
        self.stages = Some(stages);
        Ok(made)
    }

    fn stages_for(&self, picture: &PixelBuffer) -> Result<Stages> {
        let source = FrameShape::of(picture);
        let (_, _, width, height) = source.visible();
        let mut size = Size::new(width, height);
        if self.wish.upright {
            size = square_size(size, source.pixel_aspect);
            let width = (f64::from(size.width) * self.stretch).round();
            size.width = (width.min(f64::from(LONGEST_SIDE)) as u32).max(1);
        }
        let quarter = self.orientation.0.is_quarter();
        if let Some(limit) = self.wish.max_size {
            size = fit_inside(size, if quarter { limit.turned() } else { limit }, 1);
        }
        let unchanged = source.crop.is_none() && size == source.size && self.wish.color == Color::UNSPECIFIED;
        let format = self.wish.format.unwrap_or(source.format);
        if unchanged && format == source.format && !(quarter && whole(format) != format) {
            return Ok(Stages { source, scale: None, layout: None });
        }
        let wanted = self.wish.format.unwrap_or_else(|| plain(source.format));
        let turned = if quarter { whole(wanted) } else { wanted };
        let pipeline = |shape: FrameShape, format, size| {
            let config = PipelineConfig {
                target_color: self.wish.color,
                ..PipelineConfig::for_picture(picture, format, size)
            };
            Pipeline::new(PipelineConfig { source: shape, ..config }, self.workers)
        };
        let scale = pipeline(source, turned, size)?;
        let second = (quarter && turned != wanted && self.wish.format.is_some()).then(|| {
            let shape = FrameShape {
                format: turned,
                size: size.turned(),
                crop: None,
                pixel_aspect: Ratio::ONE,
                color: scale.color(),
                // A quarter turn weaves the fields.
                field_order: FieldOrder::Progressive,
            };
            pipeline(shape, wanted, size.turned())
        });
        Ok(Stages { source, layout: second.transpose()?, scale: Some(scale) })
    }
}

/// The layout in which pictures of `format` are made into another size.
fn plain(format: PixelFormat) -> PixelFormat {
    match format {
        PixelFormat::Nv12 => PixelFormat::YUV420,
        PixelFormat::Nv12TenBit => PixelFormat::YUV420_10,
        format => format,
    }
}

/// The layout with as many chroma samples down as across, which a quarter turn needs.
fn whole(format: PixelFormat) -> PixelFormat {
    match format {
        PixelFormat::Yuv(PixelLayout::Yuv422, depth) => PixelFormat::Yuv(PixelLayout::Yuv444, depth),
        PixelFormat::Yuva(PixelLayout::Yuv422, depth) => PixelFormat::Yuva(PixelLayout::Yuv444, depth),
        format => format,
    }
}
