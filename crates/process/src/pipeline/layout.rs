use reelwright_media::{ChromaSiting, PixelFormat, PixelLayout};

/// Where the samples of one component lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) plane: usize,
    /// Samples before the first of this component in a row, and from one to the next.
    pub(crate) offset: usize,
    pub(crate) step: usize,
    /// By how many bits it is narrower and lower than the picture.
    pub(crate) shift: (u32, u32),
}

/// The colour components of a format, in the order Y, Cb, Cr or R, G, B; luma alone for gray.
pub(crate) fn channels(format: PixelFormat) -> Vec<Channel> {
    let planar = |plane, shift| Channel { plane, offset: 0, step: 1, shift };
    let packed = |plane, offset, step, shift| Channel { plane, offset, step, shift };
    match format {
        PixelFormat::Yuv(PixelLayout::Gray, _) | PixelFormat::Yuva(PixelLayout::Gray, _) => {
            vec![planar(0, (0, 0))]
        }
        PixelFormat::Yuv(layout, _) | PixelFormat::Yuva(layout, _) => {
            let shift = layout.chroma_shift();
            vec![planar(0, (0, 0)), planar(1, shift), planar(2, shift)]
        }
        PixelFormat::Nv12 | PixelFormat::Nv12TenBit => {
            vec![planar(0, (0, 0)), packed(1, 0, 2, (1, 1)), packed(1, 1, 2, (1, 1))]
        }
        PixelFormat::Bgra => [2, 1, 0].map(|offset| packed(0, offset, 4, (0, 0))).to_vec(),
        PixelFormat::Rgba => [0, 1, 2].map(|offset| packed(0, offset, 4, (0, 0))).to_vec(),
        PixelFormat::Gbr(_) | PixelFormat::Gbra(_) => [2, 0, 1].map(|plane| planar(plane, (0, 0))).to_vec(),
    }
}

/// The alpha component of a format.
pub(crate) fn alpha(format: PixelFormat) -> Option<Channel> {
    match format {
        PixelFormat::Yuva(..) | PixelFormat::Gbra(_) => {
            Some(Channel { plane: format.planes() - 1, offset: 0, step: 1, shift: (0, 0) })
        }
        PixelFormat::Bgra | PixelFormat::Rgba => {
            Some(Channel { plane: 0, offset: 3, step: 4, shift: (0, 0) })
        }
        _ => None,
    }
}

/// How far the first sample of a component lies from the picture's left and upper edge, in samples of its own.
pub(crate) fn phase(shift: (u32, u32), siting: ChromaSiting) -> (f64, f64) {
    use ChromaSiting::*;
    let across = match siting {
        _ if shift.0 == 0 => 0.5,
        Left | TopLeft | BottomLeft => 0.25,
        Center | Top | Bottom => 0.5,
    };
    let down = match siting {
        _ if shift.1 == 0 => 0.5,
        TopLeft | Top => 0.25,
        Left | Center => 0.5,
        BottomLeft | Bottom => 0.75,
    };
    (across, down)
}
