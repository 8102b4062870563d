use bytes::Bytes;
use reelwright_media::{
    AmbientViewing, CleanAperture, Color, ColorMatrix, ColorPrimaries, ColorRange, ContentLight, FieldOrder,
    FourCc, MasteringDisplay, Result, TransferFunction,
};

use crate::declare::declare;
use crate::{BoxBody, Fields, Reader, Writer};

declare! {
    /// Pixel aspect ratio (ISO/IEC 14496-12, 12.1.4).
    plain PixelAspect = b"pasp" {
        /// Relative width of a pixel.
        horizontal: u32,
        /// Relative height of a pixel.
        vertical: u32,
    }

    /// Bit rates (ISO/IEC 14496-12, 8.5.2).
    plain BitRates = b"btrt" {
        /// Bytes of the decoding buffer.
        buffer_size: u32,
        /// Bits per second over any one second.
        maximum: u32,
        /// Bits per second over the whole.
        average: u32,
    }

    /// Fields of a sample (QuickTime File Format, "Field Handling").
    plain FieldHandling = b"fiel" {
        /// 1 for frames, 2 for fields.
        count: u8,
        /// Their order: 1 and 9 the top one first in time, 6 and 14 the bottom one; 1 and 6 one after the other, 9 and
        /// 14 line by line.
        detail: u8,
    }
}

impl FieldHandling {
    /// The box that says `order`, fields line by line.
    pub fn new(order: FieldOrder) -> Self {
        match order {
            FieldOrder::Progressive => Self { count: 1, detail: 0 },
            FieldOrder::TopFirst => Self { count: 2, detail: 9 },
            FieldOrder::BottomFirst => Self { count: 2, detail: 14 },
        }
    }

    /// What it says, if that makes sense.
    pub fn order(&self) -> Option<FieldOrder> {
        match (self.count, self.detail) {
            (1, _) => Some(FieldOrder::Progressive),
            (2, 1 | 9) => Some(FieldOrder::TopFirst),
            (2, 6 | 14) => Some(FieldOrder::BottomFirst),
            _ => None,
        }
    }
}

/// Colour information (ISO/IEC 14496-12, 12.1.5; QuickTime File Format, "Color Parameter Atoms").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColorInfo {
    /// `nclc`: QuickTime's, without range.
    Nclc(ColorPrimaries, TransferFunction, ColorMatrix),
    /// `nclx`: ISO's, with range; a few files lack its last byte.
    Nclx(ColorPrimaries, TransferFunction, ColorMatrix, Option<ColorRange>),
    /// An ICC profile: `prof`, or `rICC` for the restricted kind.
    Icc(FourCc, Bytes),
    /// Another kind, with its body.
    Other(FourCc, Bytes),
}

impl ColorInfo {
    /// The colour it states, for the two kinds that state one by code.
    pub fn color(&self) -> Option<Color> {
        let (primaries, transfer, matrix, range) = match *self {
            Self::Nclc(primaries, transfer, matrix) => (primaries, transfer, matrix, None),
            Self::Nclx(primaries, transfer, matrix, range) => (primaries, transfer, matrix, range),
            Self::Icc(..) | Self::Other(..) => return None,
        };
        Some(Color { primaries, transfer, matrix, range, siting: None })
    }
}

impl BoxBody for ColorInfo {
    const KIND: FourCc = FourCc::new(b"colr");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let kind = r.fourcc()?;
        // Codes above 255 aren't defined; 2 is "unspecified".
        let code = |r: &mut Reader<'_>| r.u16().map(|code| u8::try_from(code).unwrap_or(2));
        Ok(match &kind.0 {
            b"nclc" | b"nclx" => {
                let primaries = ColorPrimaries(code(r)?);
                let transfer = TransferFunction(code(r)?);
                let matrix = ColorMatrix(code(r)?);
                if &kind.0 == b"nclc" {
                    return Ok(Self::Nclc(primaries, transfer, matrix));
                }
                let full = |flags: u8| if flags & 0x80 == 0 { ColorRange::Video } else { ColorRange::Full };
                let range = if r.is_empty() { None } else { Some(full(r.u8()?)) };
                Self::Nclx(primaries, transfer, matrix, range)
            }
            b"prof" | b"rICC" => Self::Icc(kind, r.rest()),
            _ => Self::Other(kind, r.rest()),
        })
    }

    fn write(&self, w: &mut Writer) {
        let mut codes = |kind, primaries: ColorPrimaries, transfer: TransferFunction, matrix: ColorMatrix| {
            w.fourcc(FourCc::new(kind));
            [primaries.0, transfer.0, matrix.0].into_iter().for_each(|code| w.u16(code.into()));
        };
        match self {
            &Self::Nclc(primaries, transfer, matrix) => codes(b"nclc", primaries, transfer, matrix),
            &Self::Nclx(primaries, transfer, matrix, range) => {
                codes(b"nclx", primaries, transfer, matrix);
                if let Some(range) = range {
                    w.u8(if range == ColorRange::Full { 0x80 } else { 0 });
                }
            }
            Self::Icc(kind, bytes) | Self::Other(kind, bytes) => {
                w.fourcc(*kind);
                w.bytes(bytes);
            }
        }
    }

    fn fields(&self) -> Fields {
        let fields = Fields::default();
        match self {
            Self::Nclc(primaries, transfer, matrix) | Self::Nclx(primaries, transfer, matrix, _) => {
                let name = |name: Option<&str>, code: u8| format!("{code} {}", name.unwrap_or("reserved"));
                let range = match self {
                    Self::Nclx(.., Some(ColorRange::Full)) => "full",
                    Self::Nclx(.., Some(ColorRange::Video)) => "video",
                    _ => "not stated",
                };
                fields
                    .with("primaries", name(primaries.name(), primaries.0))
                    .with("transfer", name(transfer.name(), transfer.0))
                    .with("matrix", name(matrix.name(), matrix.0))
                    .with("range", range)
            }
            Self::Icc(kind, bytes) | Self::Other(kind, bytes) => {
                fields.with("kind", kind).with("bytes", bytes.len())
            }
        }
    }
}

/// Clean aperture (ISO/IEC 14496-12, 12.1.4).
impl BoxBody for CleanAperture {
    const KIND: FourCc = FourCc::new(b"clap");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            width: (r.u32()?, r.u32()?),
            height: (r.u32()?, r.u32()?),
            offset_x: (r.i32()?, r.u32()?),
            offset_y: (r.i32()?, r.u32()?),
        })
    }

    fn write(&self, w: &mut Writer) {
        for (numerator, denominator) in [self.width, self.height] {
            w.u32(numerator);
            w.u32(denominator);
        }
        for (numerator, denominator) in [self.offset_x, self.offset_y] {
            w.i32(numerator);
            w.u32(denominator);
        }
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .with("width", format_args!("{}/{}", self.width.0, self.width.1))
            .with("height", format_args!("{}/{}", self.height.0, self.height.1))
            .with("offset_x", format_args!("{}/{}", self.offset_x.0, self.offset_x.1))
            .with("offset_y", format_args!("{}/{}", self.offset_y.0, self.offset_y.1))
    }
}

/// Mastering display colour volume (ISO/IEC 14496-12, 12.1.7).
impl BoxBody for MasteringDisplay {
    const KIND: FourCc = FourCc::new(b"mdcv");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let mut points = [(0, 0); 4];
        for point in &mut points {
            *point = (r.u16()?, r.u16()?);
        }
        let [green, blue, red, white] = points;
        Ok(Self { primaries: [green, blue, red], white, max_luminance: r.u32()?, min_luminance: r.u32()? })
    }

    fn write(&self, w: &mut Writer) {
        for (x, y) in self.primaries.into_iter().chain([self.white]) {
            w.u16(x);
            w.u16(y);
        }
        w.u32(self.max_luminance);
        w.u32(self.min_luminance);
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .with("green_blue_red", format_args!("{:?}", self.primaries))
            .with("white", format_args!("{:?}", self.white))
            .with("max_luminance", self.max_luminance)
            .with("min_luminance", self.min_luminance)
    }
}

/// Content light level (ISO/IEC 14496-12, 12.1.6).
impl BoxBody for ContentLight {
    const KIND: FourCc = FourCc::new(b"clli");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { max: r.u16()?, max_frame_average: r.u16()? })
    }

    fn write(&self, w: &mut Writer) {
        w.u16(self.max);
        w.u16(self.max_frame_average);
    }

    fn fields(&self) -> Fields {
        Fields::default().with("max", self.max).with("max_frame_average", self.max_frame_average)
    }
}

/// Ambient viewing environment (ISO/IEC 14496-12, 12.1.8).
impl BoxBody for AmbientViewing {
    const KIND: FourCc = FourCc::new(b"amve");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { illuminance: r.u32()?, light: (r.u16()?, r.u16()?) })
    }

    fn write(&self, w: &mut Writer) {
        w.u32(self.illuminance);
        w.u16(self.light.0);
        w.u16(self.light.1);
    }

    fn fields(&self) -> Fields {
        Fields::default()
            .with("illuminance", self.illuminance)
            .with("light", format_args!("{:?}", self.light))
    }
}
