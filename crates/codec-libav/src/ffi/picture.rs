use std::ffi::CString;

use reelwright_media::{PixelFormat, PixelLayout};

use super::{static_text, sys};

/// One of libavutil's pixel formats, with its description.
#[derive(Clone, Copy)]
pub(crate) struct PictureLayout {
    format: sys::AVPixelFormat,
    description: &'static sys::AVPixFmtDescriptor,
}

// Sound: the description is constant data of the library.
unsafe impl Send for PictureLayout {}
unsafe impl Sync for PictureLayout {}

/// Where one colour component of a picture lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component {
    /// The plane.
    pub(crate) plane: usize,
    /// Bytes from one pixel's value to the next.
    pub(crate) step: usize,
    /// Bytes before the first pixel's value.
    pub(crate) offset: usize,
    /// Unused bits below the value.
    pub(crate) shift: u32,
    /// Bits of the value.
    pub(crate) depth: u8,
}

impl PictureLayout {
    /// The layout with libavutil's number `format`, where it is a layout in main memory.
    pub(super) fn from_raw(format: i32) -> Option<Self> {
        let format = sys::AVPixelFormat(format);
        // Sound: a look-up by number; what it returns is null or static.
        let description = unsafe { sys::av_pix_fmt_desc_get(format).as_ref() }?;
        Some(Self { format, description })
    }

    /// The layout libavutil calls `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // Sound: a look-up by a terminated string.
        Self::from_raw(unsafe { sys::av_get_pix_fmt(name.as_ptr()) }.0)
    }

    /// The layout that is `format`, bit for bit.
    pub(crate) fn of(format: PixelFormat) -> Option<Self> {
        let chroma = |layout| match layout {
            PixelLayout::Gray => "gray",
            PixelLayout::Yuv420 => "420p",
            PixelLayout::Yuv422 => "422p",
            PixelLayout::Yuv444 => "444p",
        };
        let stem = match format {
            PixelFormat::Yuv(PixelLayout::Gray, _) => "gray".to_owned(),
            PixelFormat::Yuv(layout, _) => format!("yuv{}", chroma(layout)),
            PixelFormat::Yuva(PixelLayout::Gray, _) | PixelFormat::Nv12TenBit => return None,
            PixelFormat::Yuva(layout, _) => format!("yuva{}", chroma(layout)),
            PixelFormat::Nv12 => "nv12".to_owned(),
            PixelFormat::Bgra => "bgra".to_owned(),
            PixelFormat::Rgba => "rgba".to_owned(),
            PixelFormat::Gbr(_) => "gbrp".to_owned(),
            PixelFormat::Gbra(_) => "gbrap".to_owned(),
        };
        let endian = if cfg!(target_endian = "little") { "le" } else { "be" };
        match format.bit_depth() {
            8 => Self::named(&stem),
            depth => Self::named(&format!("{stem}{depth}{endian}")),
        }
    }

    /// The pixel format that is this layout, bit for bit; `None` where there is none.
    ///
    /// The `yuvj` layouts are the `yuv` ones with full range, which a frame also says on its own.
    pub(crate) fn pixel_format(self) -> Option<PixelFormat> {
        match self.name() {
            "nv12" => return Some(PixelFormat::Nv12),
            "bgra" => return Some(PixelFormat::Bgra),
            "rgba" => return Some(PixelFormat::Rgba),
            _ => {}
        }
        let components = self.components();
        let depth = components.first()?.depth;
        let bytes = if depth > 8 { 2 } else { 1 };
        let plain = components
            .iter()
            .all(|one| one.depth == depth && one.shift == 0 && one.step == bytes && one.offset == 0);
        if !plain || !(8..=16).contains(&depth) || !self.is_native() || !self.is_unpackable() {
            return None;
        }
        let planes: Vec<_> = components.iter().map(|one| one.plane).collect();
        if self.is_rgb() {
            // Components come as R, G, B; libavutil's planes as G, B, R: ours too.
            return match planes.as_slice() {
                [2, 0, 1] => Some(PixelFormat::Gbr(depth)),
                [2, 0, 1, 3] => Some(PixelFormat::Gbra(depth)),
                _ => None,
            };
        }
        let layout = match (components.len(), self.chroma_shift()) {
            (1, _) => PixelLayout::Gray,
            (3 | 4, (1, 1)) => PixelLayout::Yuv420,
            (3 | 4, (1, 0)) => PixelLayout::Yuv422,
            (3 | 4, (0, 0)) => PixelLayout::Yuv444,
            _ => return None,
        };
        match planes.as_slice() {
            [0] | [0, 1, 2] => Some(PixelFormat::Yuv(layout, depth)),
            [0, 1, 2, 3] => Some(PixelFormat::Yuva(layout, depth)),
            _ => None,
        }
    }

    /// libavutil's number for it.
    pub(super) fn raw(self) -> sys::AVPixelFormat {
        self.format
    }

    /// libavutil's name for it.
    pub(crate) fn name(self) -> &'static str {
        // Sound: a string of the static description.
        unsafe { static_text(self.description.name) }
    }

    /// Whether every value can be picked out of main memory by [`Self::components`]: no palette, no bit stream, no
    /// hardware surface, no mosaic, no floats.
    pub(crate) fn is_unpackable(self) -> bool {
        let strange = sys::AV_PIX_FMT_FLAG_PAL
            | sys::AV_PIX_FMT_FLAG_BITSTREAM
            | sys::AV_PIX_FMT_FLAG_HWACCEL
            | sys::AV_PIX_FMT_FLAG_BAYER
            | sys::AV_PIX_FMT_FLAG_FLOAT;
        !self.has(strange) && !self.components().is_empty()
    }

    /// Whether components are red, green, blue rather than Y, Cb, Cr.
    pub(crate) fn is_rgb(self) -> bool {
        self.has(sys::AV_PIX_FMT_FLAG_RGB)
    }

    /// Whether the last component is alpha.
    pub(crate) fn has_alpha(self) -> bool {
        self.has(sys::AV_PIX_FMT_FLAG_ALPHA)
    }

    /// Whether values of several bytes have their most significant byte first.
    pub(crate) fn is_big_endian(self) -> bool {
        self.has(sys::AV_PIX_FMT_FLAG_BE)
    }

    fn is_native(self) -> bool {
        self.is_big_endian() == cfg!(target_endian = "big")
            || self.components().iter().all(|component| component.depth <= 8)
    }

    /// By how many bits chroma is narrower and lower than luma.
    pub(crate) fn chroma_shift(self) -> (u32, u32) {
        (self.description.log2_chroma_w.into(), self.description.log2_chroma_h.into())
    }

    /// Y, Cb, Cr or R, G, B, then alpha.
    pub(crate) fn components(self) -> Vec<Component> {
        let count = usize::from(self.description.nb_components).min(4);
        let number = |value: i32| usize::try_from(value).unwrap_or(0);
        self.description.comp[..count]
            .iter()
            .map(|component| Component {
                plane: number(component.plane),
                step: number(component.step),
                offset: number(component.offset),
                shift: component.shift.try_into().unwrap_or(0),
                depth: component.depth.try_into().unwrap_or(0),
            })
            .collect()
    }

    fn has(self, flag: i32) -> bool {
        // Only the low bits of the 64 are defined.
        self.description.flags & u64::from(flag.cast_unsigned()) != 0
    }
}
