/// Colour as ITU-T H.273 (CICP) counts it. "Unspecified" is a value and is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Which red, green, blue and white.
    pub primaries: ColorPrimaries,
    /// From light to code values.
    pub transfer: TransferFunction,
    /// From R'G'B' to Y'CbCr.
    pub matrix: ColorMatrix,
    /// Full or video range; `None` where not stated.
    pub range: Option<ColorRange>,
    /// Where chroma samples lie; `None` where not stated.
    pub siting: Option<ChromaSiting>,
}

impl Color {
    /// Nothing is stated.
    pub const UNSPECIFIED: Self = Self {
        primaries: ColorPrimaries::UNSPECIFIED,
        transfer: TransferFunction::UNSPECIFIED,
        matrix: ColorMatrix::UNSPECIFIED,
        range: None,
        siting: None,
    };

    /// ITU-R BT.709, video range.
    pub const BT709: Self = Self {
        primaries: ColorPrimaries::BT709,
        transfer: TransferFunction::BT709,
        matrix: ColorMatrix::BT709,
        range: Some(ColorRange::Video),
        siting: None,
    };

    /// ITU-R BT.2100 with the perceptual quantiser ("HDR10"), video range.
    pub const BT2100_PQ: Self = Self {
        primaries: ColorPrimaries::BT2020,
        transfer: TransferFunction::PQ,
        matrix: ColorMatrix::BT2020,
        range: Some(ColorRange::Video),
        siting: None,
    };

    /// ITU-R BT.2100 with hybrid log-gamma, video range.
    pub const BT2100_HLG: Self = Self { transfer: TransferFunction::HLG, ..Self::BT2100_PQ };

    /// The range where container and stream may both state one. A stream that says "full" is believed: its flag is
    /// unset unless meant, while cameras are known to leave that of `nclx` unset beside full-range pictures.
    pub fn stated_range(container: Option<ColorRange>, stream: Option<ColorRange>) -> Option<ColorRange> {
        stream.filter(|range| *range == ColorRange::Full).or(container).or(stream)
    }

    /// Whether primaries, transfer function or matrix are stated: what `colr` and a VUI's colour description hold.
    pub fn is_described(&self) -> bool {
        let Self { primaries, transfer, matrix, .. } = Self::UNSPECIFIED;
        (self.primaries, self.transfer, self.matrix) != (primaries, transfer, matrix)
    }

    /// The same colour, what it leaves open taken from `other`, field by field.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        fn first<T: PartialEq>(one: T, open: T, other: T) -> T {
            if one == open { other } else { one }
        }
        Self {
            primaries: first(self.primaries, ColorPrimaries::UNSPECIFIED, other.primaries),
            transfer: first(self.transfer, TransferFunction::UNSPECIFIED, other.transfer),
            matrix: first(self.matrix, ColorMatrix::UNSPECIFIED, other.matrix),
            range: self.range.or(other.range),
            siting: self.siting.or(other.siting),
        }
    }

    /// Whether the transfer function is PQ or HLG.
    pub const fn is_hdr(&self) -> bool {
        matches!(self.transfer, TransferFunction::PQ | TransferFunction::HLG)
    }
}

impl Default for Color {
    fn default() -> Self {
        Self::UNSPECIFIED
    }
}

macro_rules! cicp {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $constant:ident = $value:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub u8);

        impl $name {
            $($(#[$item])* pub const $constant: Self = Self($value);)*

            /// The name ffmpeg and most tools print, or `None` for a code without one here.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

cicp! {
    /// Colour primaries (H.273 table 2).
    ColorPrimaries {
        /// ITU-R BT.709, sRGB.
        BT709 = 1, "bt709";
        /// Not stated.
        UNSPECIFIED = 2, "unknown";
        /// NTSC 1953.
        BT470M = 4, "bt470m";
        /// PAL, EBU 3213.
        BT470BG = 5, "bt470bg";
        /// SMPTE-C.
        SMPTE170M = 6, "smpte170m";
        /// SMPTE 240M.
        SMPTE240M = 7, "smpte240m";
        /// Generic film.
        FILM = 8, "film";
        /// ITU-R BT.2020.
        BT2020 = 9, "bt2020";
        /// CIE XYZ.
        SMPTE428 = 10, "smpte428";
        /// DCI-P3.
        DCI_P3 = 11, "smpte431";
        /// Display P3.
        P3_D65 = 12, "smpte432";
        /// EBU Tech. 3213-E.
        EBU3213 = 22, "ebu3213";
    }
}

cicp! {
    /// Transfer characteristics (H.273 table 3).
    TransferFunction {
        /// ITU-R BT.709.
        BT709 = 1, "bt709";
        /// Not stated.
        UNSPECIFIED = 2, "unknown";
        /// Gamma 2.2.
        GAMMA22 = 4, "bt470m";
        /// Gamma 2.8.
        GAMMA28 = 5, "bt470bg";
        /// ITU-R BT.601.
        SMPTE170M = 6, "smpte170m";
        /// SMPTE 240M.
        SMPTE240M = 7, "smpte240m";
        /// Linear light.
        LINEAR = 8, "linear";
        /// Logarithmic, 100:1.
        LOG = 9, "log";
        /// Logarithmic, 316:1.
        LOG_SQRT = 10, "log_sqrt";
        /// xvYCC.
        XVYCC = 11, "iec61966-2-4";
        /// ITU-R BT.1361.
        BT1361 = 12, "bt1361e";
        /// sRGB.
        SRGB = 13, "iec61966-2-1";
        /// ITU-R BT.2020, 10 bit.
        BT2020_10 = 14, "bt2020-10";
        /// ITU-R BT.2020, 12 bit.
        BT2020_12 = 15, "bt2020-12";
        /// SMPTE ST 2084, the perceptual quantizer of HDR10.
        PQ = 16, "smpte2084";
        /// SMPTE 428-1.
        SMPTE428 = 17, "smpte428";
        /// ARIB STD-B67, hybrid log-gamma.
        HLG = 18, "arib-std-b67";
    }
}

cicp! {
    /// Matrix coefficients (H.273 table 4).
    ColorMatrix {
        /// Identity: G, B, R.
        RGB = 0, "gbr";
        /// ITU-R BT.709.
        BT709 = 1, "bt709";
        /// Not stated.
        UNSPECIFIED = 2, "unknown";
        /// FCC.
        FCC = 4, "fcc";
        /// ITU-R BT.601, 625 lines.
        BT470BG = 5, "bt470bg";
        /// ITU-R BT.601, 525 lines.
        SMPTE170M = 6, "smpte170m";
        /// SMPTE 240M.
        SMPTE240M = 7, "smpte240m";
        /// YCgCo.
        YCGCO = 8, "ycgco";
        /// ITU-R BT.2020, non-constant luminance.
        BT2020 = 9, "bt2020nc";
        /// ITU-R BT.2020, constant luminance.
        BT2020_CONSTANT = 10, "bt2020c";
        /// ICtCp.
        ICTCP = 14, "ictcp";
    }
}

/// Which code values stand for black and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColorRange {
    /// 16..235 for luma and 16..240 for chroma at 8 bit.
    Video,
    /// All code values.
    Full,
}

/// Where the chroma samples of 4:2:0 (and, horizontally, 4:2:2) lie, as H.264 and HEVC count it
/// (`chroma_sample_loc_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChromaSiting {
    /// 0: with the left luma column, halfway between two rows. MPEG-2 and the usual default.
    Left,
    /// 1: in the middle of four luma samples. JPEG.
    Center,
    /// 2: with the top left luma sample. Usual for BT.2020.
    TopLeft,
    /// 3: between two columns, with the top row.
    Top,
    /// 4: with the left column, with the bottom row.
    BottomLeft,
    /// 5: between two columns, with the bottom row.
    Bottom,
}

/// Mastering display colour volume (SMPTE ST 2086), as `mdcv` stores it: chromaticities in steps of 0.00002,
/// luminances in steps of 0.0001 cd/m².
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MasteringDisplay {
    /// x and y of green, blue and red, in that order (HEVC's).
    pub primaries: [(u16, u16); 3],
    /// x and y of white.
    pub white: (u16, u16),
    /// The brightest the display gets, in 0.0001 cd/m².
    pub max_luminance: u32,
    /// The darkest the display gets, in 0.0001 cd/m².
    pub min_luminance: u32,
}

/// Content light level (CTA-861.3; `clli`), in cd/m²; 0 where unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentLight {
    /// Brightest pixel of the programme (MaxCLL).
    pub max: u16,
    /// Highest average of a frame (MaxFALL).
    pub max_frame_average: u16,
}

/// Ambient viewing environment (`amve`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AmbientViewing {
    /// Illuminance in 0.0001 lux.
    pub illuminance: u32,
    /// Chromaticity x and y of the light, in steps of 0.00002.
    pub light: (u16, u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_completed() {
        let range = Color { range: Some(ColorRange::Full), ..Color::UNSPECIFIED };
        assert!(!range.is_described() && Color::BT709.is_described());
        let matrix = Color { matrix: ColorMatrix::SMPTE170M, ..range };
        let both = matrix.or(Color::BT709);
        assert_eq!(
            both,
            Color { matrix: ColorMatrix::SMPTE170M, range: Some(ColorRange::Full), ..Color::BT709 }
        );
    }
}
