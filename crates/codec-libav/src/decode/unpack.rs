//! Copies pictures whose layout is none of ours into the nearest one that holds every value.

use reelwright_media::{Error, PixelBuffer, PixelFormat, PixelLayout, Result, Size};

use crate::ffi::{Component, Frame, PictureLayout};

/// `frame` in a layout of ours. Chroma that is coarser than any of ours is repeated.
///
/// # Errors
///
/// For palettes, mosaics, floats and surfaces of hardware.
pub(super) fn unpack(frame: &Frame, layout: PictureLayout, size: Size) -> Result<PixelBuffer> {
    let refused = || Error::unsupported(format!("pictures in the layout {}", layout.name()));
    let target = target(layout).ok_or_else(refused)?;
    let mut picture = PixelBuffer::zeroed(target, size);
    let components = layout.components();
    let source = Source { frame, big_endian: layout.is_big_endian(), shift: layout.chroma_shift() };
    let mut planes = picture.make_mut();
    for (index, component) in components.iter().enumerate() {
        let plane = match target {
            PixelFormat::Gbr(_) | PixelFormat::Gbra(_) => match index {
                0 => 2,
                1 => 0,
                2 => 1,
                _ if target.has_alpha() => 3,
                _ => continue,
            },
            _ => index,
        };
        let chroma = !layout.is_rgb() && (index == 1 || index == 2) && components.len() > 2;
        let (from, to) = if chroma { (source.shift, chroma_shift(target)) } else { ((0, 0), (0, 0)) };
        let bytes = target.component_bytes();
        let (out, stride) = planes.plane(plane);
        // A component of fewer than 8 bits is spread over all of them.
        let full = (1u32 << component.depth) - 1;
        let few = layout.is_rgb() && component.depth < 8;
        source.copy(*component, from, to, size, &mut |x, y, value| {
            let value = if few { ((u32::from(value) * 255 + full / 2) / full) as u16 } else { value };
            let at = y * stride + x * bytes;
            out[at..at + bytes].copy_from_slice(&value.to_ne_bytes()[native_low(bytes)..][..bytes]);
        })?;
    }
    Ok(picture)
}

/// The nearest layout of ours that holds `layout`.
fn target(layout: PictureLayout) -> Option<PixelFormat> {
    if !layout.is_unpackable() {
        return None;
    }
    let components = layout.components();
    let depth = components.iter().map(|component| component.depth).max()?;
    if !(1..=16).contains(&depth) {
        return None;
    }
    let depth = depth.max(8);
    if layout.is_rgb() {
        return Some(if layout.has_alpha() { PixelFormat::Gbra(depth) } else { PixelFormat::Gbr(depth) });
    }
    let chroma = match (components.len(), layout.chroma_shift()) {
        (1 | 2, _) => PixelLayout::Gray,
        (_, (x, y)) if x >= 1 && y >= 1 => PixelLayout::Yuv420,
        (_, (x, 0)) if x >= 1 => PixelLayout::Yuv422,
        _ => PixelLayout::Yuv444,
    };
    Some(match layout.has_alpha() {
        true => PixelFormat::Yuva(chroma, depth),
        false => PixelFormat::Yuv(chroma, depth),
    })
}

fn chroma_shift(format: PixelFormat) -> (u32, u32) {
    match format {
        PixelFormat::Yuv(layout, _) | PixelFormat::Yuva(layout, _) => layout.chroma_shift(),
        _ => (0, 0),
    }
}

/// Where the low `bytes` of a native `u16` begin.
const fn native_low(bytes: usize) -> usize {
    if cfg!(target_endian = "big") { 2 - bytes } else { 0 }
}

struct Source<'a> {
    frame: &'a Frame,
    big_endian: bool,
    shift: (u32, u32),
}

impl Source<'_> {
    /// Calls `put` with every value of one component: `from` and `to` say by how many bits the component's own grid
    /// and the grid to fill are coarser than the pixels'.
    fn copy(
        &self,
        component: Component,
        from: (u32, u32),
        to: (u32, u32),
        size: Size,
        put: &mut dyn FnMut(usize, usize, u16),
    ) -> Result<()> {
        let grid = |shift: (u32, u32)| {
            ((size.width as usize).div_ceil(1 << shift.0), (size.height as usize).div_ceil(1 << shift.1))
        };
        let ((source_width, source_height), (width, height)) = (grid(from), grid(to));
        let bytes = if u32::from(component.depth) + component.shift > 8 { 2 } else { 1 };
        let len = component.offset + component.step * (source_width - 1) + bytes;
        let mask = u16::MAX >> (16 - component.depth.min(16));
        for y in 0..height {
            let source_y = (y << to.1 >> from.1).min(source_height - 1);
            let row = self.frame.row(component.plane, source_y, len);
            if row.is_empty() {
                return Err(Error::malformed("a decoded picture ends before its last row"));
            }
            for x in 0..width {
                let source_x = (x << to.0 >> from.0).min(source_width - 1);
                let at = component.offset + source_x * component.step;
                let raw = match (bytes, self.big_endian) {
                    (1, _) => u16::from(row[at]),
                    (_, true) => u16::from_be_bytes([row[at], row[at + 1]]),
                    (_, false) => u16::from_le_bytes([row[at], row[at + 1]]),
                };
                put(x, y, raw >> component.shift & mask);
            }
        }
        Ok(())
    }
}
