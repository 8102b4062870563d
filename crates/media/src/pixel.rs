use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::{Color, ContentLight, Error, ErrorKind, FieldOrder, MasteringDisplay, Ratio, Result, Size};

/// How pixels are laid out in memory. Above 8 bit: native-endian `u16`, in the low bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// Planar Y, Cb, Cr (or, for [`PixelLayout::Gray`], Y alone) with 8 to 16 bits a sample.
    Yuv(PixelLayout, u8),
    /// Planar Y, Cb, Cr, A with 8 to 16 bits a sample.
    Yuva(PixelLayout, u8),
    /// Y plane and one plane of Cb, Cr pairs, 4:2:0, 8 bit.
    Nv12,
    /// Y plane and one plane of Cb, Cr pairs, 4:2:0, 10 bit in the low bits of `u16`.
    Nv12TenBit,
    /// One plane of B, G, R, A bytes.
    Bgra,
    /// One plane of R, G, B, A bytes.
    Rgba,
    /// Planar G, B, R with 8 to 16 bits a sample.
    Gbr(u8),
    /// Planar G, B, R, A with 8 to 16 bits a sample.
    Gbra(u8),
}

/// How chroma is subsampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelLayout {
    /// Luma only.
    Gray,
    /// Half width, half height.
    Yuv420,
    /// Half width.
    Yuv422,
    /// Full size.
    Yuv444,
}

impl PixelLayout {
    /// By how many bits chroma is narrower and lower than luma.
    pub const fn chroma_shift(self) -> (u32, u32) {
        match self {
            Self::Yuv420 => (1, 1),
            Self::Yuv422 => (1, 0),
            Self::Gray | Self::Yuv444 => (0, 0),
        }
    }
}

impl PixelFormat {
    /// 8-bit planar 4:2:0, what H.264 encoders want.
    pub const YUV420: Self = Self::Yuv(PixelLayout::Yuv420, 8);
    /// 10-bit planar 4:2:0, what Main10 encoders want.
    pub const YUV420_10: Self = Self::Yuv(PixelLayout::Yuv420, 10);

    /// Bits per component.
    pub const fn bit_depth(self) -> u8 {
        match self {
            Self::Yuv(_, depth) | Self::Yuva(_, depth) | Self::Gbr(depth) | Self::Gbra(depth) => depth,
            Self::Nv12TenBit => 10,
            Self::Nv12 | Self::Bgra | Self::Rgba => 8,
        }
    }

    /// Bytes of one component.
    pub const fn component_bytes(self) -> usize {
        if self.bit_depth() > 8 { 2 } else { 1 }
    }

    /// Planes.
    pub const fn planes(self) -> usize {
        match self {
            Self::Yuv(PixelLayout::Gray, _) | Self::Bgra | Self::Rgba => 1,
            Self::Nv12 | Self::Nv12TenBit | Self::Yuva(PixelLayout::Gray, _) => 2,
            Self::Yuv(..) | Self::Gbr(_) => 3,
            Self::Yuva(..) | Self::Gbra(_) => 4,
        }
    }

    /// Whether the colour components are Y'CbCr rather than R'G'B'.
    pub const fn is_yuv(self) -> bool {
        matches!(self, Self::Yuv(..) | Self::Yuva(..) | Self::Nv12 | Self::Nv12TenBit)
    }

    /// Whether there is an alpha component.
    pub const fn has_alpha(self) -> bool {
        matches!(self, Self::Yuva(..) | Self::Gbra(_) | Self::Bgra | Self::Rgba)
    }

    /// Width in bytes and height in rows of plane `index` for a picture of `size`; zero for planes it doesn't have.
    pub const fn plane_size(self, index: usize, size: Size) -> (usize, usize) {
        if index >= self.planes() {
            return (0, 0);
        }
        let (width, height) = (size.width as usize, size.height as usize);
        let bytes = self.component_bytes();
        match self {
            Self::Bgra | Self::Rgba => (width * 4, height),
            Self::Nv12 | Self::Nv12TenBit => {
                if index == 0 {
                    (width * bytes, height)
                } else {
                    (width.div_ceil(2) * 2 * bytes, height.div_ceil(2))
                }
            }
            Self::Gbr(_) | Self::Gbra(_) => (width * bytes, height),
            Self::Yuv(layout, _) | Self::Yuva(layout, _) => {
                let chroma = !matches!(layout, PixelLayout::Gray) && (index == 1 || index == 2);
                let (x, y) = if chroma { layout.chroma_shift() } else { (0, 0) };
                (width.div_ceil(1 << x) * bytes, height.div_ceil(1 << y))
            }
        }
    }
}

/// Where a plane lies in the storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Byte offset of the first row.
    pub offset: usize,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Rows.
    pub rows: usize,
}

/// The memory under a picture: pooled, a decoder's own, or the caller's.
pub trait PixelStorage: Send + Sync {
    /// The bytes of plane `index` from its first row on, at least `stride * (rows - 1)` plus a row long.
    fn plane(&self, index: usize, plane: Plane) -> &[u8];

    /// The same bytes to be written, where the storage allows it; `None` makes [`PixelBuffer::make_mut`] copy.
    fn plane_mut(&mut self, index: usize, plane: Plane) -> Option<&mut [u8]> {
        let _ = (index, plane);
        None
    }

    /// Several planes to be written at once; `None` where the storage can't lend them side by side.
    fn planes_mut(&mut self, planes: &[Plane]) -> Option<Vec<&mut [u8]>> {
        let _ = planes;
        None
    }
}

/// A picture in memory, shared and immutable. `CVPixelBuffer`.
#[derive(Clone)]
pub struct PixelBuffer {
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
    /// Mastering display, where known.
    pub mastering: Option<MasteringDisplay>,
    /// Content light level, where known.
    pub content_light: Option<ContentLight>,
    /// Whether its rows were taken at one time or, every other one, at two; and which of both fields comes first.
    pub field_order: FieldOrder,
    /// The closed captions that go with it: the triplets of `cc_data` (CTA-708), three bytes each, none of them empty.
    pub closed_captions: Option<Bytes>,
    planes: [Plane; 4],
    storage: Arc<dyn PixelStorage>,
}

impl PixelBuffer {
    /// Wraps foreign storage; `planes` says where the planes of `format` lie.
    pub fn wrap(
        format: PixelFormat,
        size: Size,
        planes: &[Plane],
        storage: Arc<dyn PixelStorage>,
    ) -> Result<Self> {
        if planes.len() != format.planes() {
            return Err(Error::misuse(format!(
                "{format:?} has {} planes, {} were given",
                format.planes(),
                planes.len()
            )));
        }
        let mut all = [Plane { offset: 0, stride: 0, rows: 0 }; 4];
        for (index, (slot, plane)) in all.iter_mut().zip(planes).enumerate() {
            let (width, rows) = format.plane_size(index, size);
            if plane.rows < rows || (plane.stride < width && rows > 1) {
                return Err(Error::misuse(format!(
                    "plane {index} of {format:?} {size} needs {rows} rows of {width} bytes"
                )));
            }
            if rows > 0 && storage.plane(index, *plane).len() < plane.stride * (rows - 1) + width {
                return Err(Error::misuse(format!("the storage of plane {index} ends before its last row")));
            }
            *slot = Plane { rows, ..*plane };
        }
        Ok(Self::untagged(format, size, all, storage))
    }

    /// A picture of which nothing more is known.
    fn untagged(format: PixelFormat, size: Size, planes: [Plane; 4], storage: Arc<dyn PixelStorage>) -> Self {
        Self {
            format,
            size,
            crop: None,
            pixel_aspect: Ratio::ONE,
            color: Color::UNSPECIFIED,
            mastering: None,
            content_light: None,
            field_order: FieldOrder::Progressive,
            closed_captions: None,
            planes,
            storage,
        }
    }

    /// A picture of zeros (black R'G'B', green Y'CbCr) in memory of its own; use a [`PixelPool`] where many are needed.
    pub fn zeroed(format: PixelFormat, size: Size) -> Self {
        PixelPool::new(format, size).take()
    }

    /// Where the planes lie.
    pub fn planes(&self) -> &[Plane] {
        &self.planes[..self.format.planes()]
    }

    /// The bytes of plane `index` from its first row on, [`Plane::stride`] apart; empty for planes it doesn't have.
    pub fn plane(&self, index: usize) -> &[u8] {
        match self.planes().get(index) {
            Some(plane) => self.storage.plane(index, *plane),
            None => &[],
        }
    }

    /// Bytes from one row of plane `index` to the next.
    pub fn stride(&self, index: usize) -> usize {
        self.planes[index.min(3)].stride
    }

    /// Row `y` of plane `index`, without padding.
    pub fn row(&self, index: usize, y: usize) -> &[u8] {
        let (width, _) = self.format.plane_size(index, self.size);
        let start = y * self.stride(index);
        self.plane(index).get(start..start + width).unwrap_or_default()
    }

    /// All planes to be written; copies first where the storage is shared or read-only.
    pub fn make_mut(&mut self) -> PlanesMut<'_> {
        let writable = Arc::get_mut(&mut self.storage).is_some_and(|storage| {
            (0..self.format.planes()).all(|index| storage.plane_mut(index, self.planes[index]).is_some())
        });
        if !writable {
            let mut copy = PixelPool::new(self.format, self.size).take();
            let storage = Arc::get_mut(&mut copy.storage).expect("a fresh picture is not shared");
            for index in 0..self.format.planes() {
                let (_, rows) = self.format.plane_size(index, self.size);
                let plane = copy.planes[index];
                if let Some(target) = storage.plane_mut(index, plane) {
                    for y in 0..rows {
                        let row = self.row(index, y);
                        target[y * plane.stride..][..row.len()].copy_from_slice(row);
                    }
                }
            }
            self.storage = copy.storage;
            self.planes = copy.planes;
        }
        let storage = Arc::get_mut(&mut self.storage).expect("made unique above");
        PlanesMut { planes: self.planes, storage }
    }

    /// Copies everything but pixels, size and format from `other`: colour, light levels, aspect, field order, captions.
    pub fn tag_like(&mut self, other: &Self) {
        self.pixel_aspect = other.pixel_aspect;
        self.color = other.color;
        self.mastering = other.mastering;
        self.content_light = other.content_light;
        self.field_order = other.field_order;
        self.closed_captions = other.closed_captions.clone();
    }
}

impl fmt::Debug for PixelBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PixelBuffer({:?} {} {:?})", self.format, self.size, self.color)
    }
}

/// The planes of a picture, to be written.
pub struct PlanesMut<'a> {
    planes: [Plane; 4],
    storage: &'a mut dyn PixelStorage,
}

impl PlanesMut<'_> {
    /// The bytes of plane `index` from its first row on, and the distance between rows.
    pub fn plane(&mut self, index: usize) -> (&mut [u8], usize) {
        let plane = self.planes[index.min(3)];
        (self.storage.plane_mut(index, plane).unwrap_or_default(), plane.stride)
    }

    /// All planes side by side, each with the distance between its rows; empty where the storage can't lend them so
    /// (pictures from a [`PixelPool`] always can).
    pub fn all(&mut self) -> Vec<(&mut [u8], usize)> {
        let count = self.planes.iter().take_while(|plane| plane.rows > 0).count();
        let lent = self.storage.planes_mut(&self.planes[..count]).unwrap_or_default();
        lent.into_iter().zip(&self.planes).map(|(bytes, plane)| (bytes, plane.stride)).collect()
    }
}

/// Hands out pictures of one format and size and takes their memory back when the last user drops them.
/// `CVPixelBufferPool`.
#[derive(Clone)]
pub struct PixelPool {
    format: PixelFormat,
    size: Size,
    planes: [Plane; 4],
    len: usize,
    color: Color,
    free: Arc<FreeList>,
}

/// Memory that waits to be used again, and how much is in use.
#[derive(Default)]
struct FreeList {
    memory: Mutex<Vec<Memory>>,
    lent: AtomicUsize,
}

/// Rows start at multiples of this many bytes.
const ALIGN: usize = 64;

/// At most so many unused pictures are kept.
const KEPT: usize = 32;

/// Bytes of which the first used one lies at a multiple of [`ALIGN`].
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    start: usize,
}

impl Memory {
    fn new(len: usize) -> Self {
        let bytes = vec![0; len + ALIGN];
        let start = bytes.as_ptr().align_offset(ALIGN).min(ALIGN);
        Self { bytes, start }
    }
}

impl PixelPool {
    /// A pool of pictures of `format` and `size`.
    pub fn new(format: PixelFormat, size: Size) -> Self {
        let mut planes = [Plane { offset: 0, stride: 0, rows: 0 }; 4];
        let mut len = 0;
        for (index, plane) in planes.iter_mut().enumerate() {
            let (width, rows) = format.plane_size(index, size);
            let stride = width.next_multiple_of(ALIGN);
            *plane = Plane { offset: len, stride, rows };
            len += stride * rows;
        }
        Self { format, size, planes, len, color: Color::UNSPECIFIED, free: Arc::default() }
    }

    /// The same pool, its pictures tagged with this colour.
    #[must_use]
    pub fn tagged(self, color: Color) -> Self {
        Self { color, ..self }
    }

    /// The format of its pictures.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// The size of its pictures.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Bytes of one picture.
    pub fn picture_bytes(&self) -> usize {
        self.len
    }

    /// A picture, zeroed when new, with old contents when reused.
    pub fn take(&self) -> PixelBuffer {
        self.free.lent.fetch_add(1, Ordering::Relaxed);
        let reused = self.free.memory.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let memory = reused.unwrap_or_else(|| Memory::new(self.len));
        let storage = Arc::new(Pooled { memory, home: self.free.clone() });
        let mut picture = PixelBuffer::untagged(self.format, self.size, self.planes, storage);
        picture.color = self.color;
        picture
    }

    /// A picture, as long as fewer than `most` are in use. `kCVPixelBufferPoolAllocationThresholdKey`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] where that many are (`kCVReturnWouldExceedAllocationThreshold`).
    pub fn take_within(&self, most: usize) -> Result<PixelBuffer> {
        let lent = self.free.lent.load(Ordering::Relaxed);
        if lent < most {
            return Ok(self.take());
        }
        Err(Error::new(
            ErrorKind::Limit,
            format!("{lent} pictures of the pool are in use, and {most} may be"),
        )
        .with_hint("wait until some are dropped"))
    }
}

struct Pooled {
    memory: Memory,
    home: Arc<FreeList>,
}

impl PixelStorage for Pooled {
    fn plane(&self, _: usize, plane: Plane) -> &[u8] {
        let start = self.memory.start + plane.offset;
        self.memory.bytes.get(start..start + plane.stride * plane.rows).unwrap_or_default()
    }

    fn plane_mut(&mut self, _: usize, plane: Plane) -> Option<&mut [u8]> {
        let start = self.memory.start + plane.offset;
        self.memory.bytes.get_mut(start..start + plane.stride * plane.rows)
    }

    fn planes_mut(&mut self, planes: &[Plane]) -> Option<Vec<&mut [u8]>> {
        // A pool lays its planes one behind the other.
        let mut rest = self.memory.bytes.get_mut(self.memory.start..)?;
        let mut end = 0;
        let mut lent = Vec::with_capacity(planes.len());
        for plane in planes {
            let (_, from_plane) = rest.split_at_mut_checked(plane.offset.checked_sub(end)?)?;
            let (bytes, behind) = from_plane.split_at_mut_checked(plane.stride * plane.rows)?;
            lent.push(bytes);
            (rest, end) = (behind, plane.offset + plane.stride * plane.rows);
        }
        Some(lent)
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        self.home.lent.fetch_sub(1, Ordering::Relaxed);
        let mut free = self.home.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(std::mem::take(&mut self.memory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_aligned_and_sized() {
        let mut picture = PixelBuffer::zeroed(PixelFormat::YUV420_10, Size::new(639, 359));
        assert_eq!(picture.row(0, 358).len(), 639 * 2);
        assert_eq!(picture.row(1, 179).len(), 320 * 2);
        assert_eq!(picture.plane(0).as_ptr().align_offset(ALIGN), 0);
        assert_eq!(picture.stride(2) % ALIGN, 0);
        picture.make_mut().plane(0).0[0] = 7;
        assert_eq!(picture.row(0, 0)[0], 7);
    }

    #[test]
    fn writing_copies_only_what_is_shared() {
        let mut one = PixelBuffer::zeroed(PixelFormat::YUV420, Size::new(16, 16));
        let before = one.plane(0).as_ptr();
        one.make_mut().plane(0).0[0] = 1;
        assert_eq!(one.plane(0).as_ptr(), before);
        let other = one.clone();
        one.make_mut().plane(0).0[0] = 2;
        assert_eq!((other.row(0, 0)[0], one.row(0, 0)[0]), (1, 2));
    }

    #[test]
    fn planes_are_lent_side_by_side() {
        let mut picture = PixelBuffer::zeroed(PixelFormat::YUV420, Size::new(6, 4));
        let mut planes = picture.make_mut();
        for (value, (bytes, stride)) in (1..).zip(planes.all()) {
            bytes[stride] = value;
        }
        assert_eq!([0, 1, 2].map(|index| picture.row(index, 1)[0]), [1, 2, 3]);
    }

    #[test]
    fn a_pool_reuses_memory() {
        let pool = PixelPool::new(PixelFormat::Bgra, Size::new(8, 8));
        let first = pool.take().plane(0).as_ptr();
        assert_eq!(pool.take().plane(0).as_ptr(), first);
    }
}
