use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use reelwright_media::{
    ChromaSiting, Color, ColorMatrix, ColorPrimaries, ColorRange, Error, ErrorKind, FieldOrder, PixelBuffer,
    PixelStorage, Plane, Ratio, Result, TransferFunction,
};

use super::{PictureLayout, failure, sys};

/// A decoded picture or block of sound, in libavcodec's keeping.
pub(crate) struct Frame(NonNull<sys::AVFrame>);

// Sound: a frame has no ties to a thread, and through a shared reference it is only read: nobody writes to the data of
// a decoded frame once the decoder has handed it out.
unsafe impl Send for Frame {}
unsafe impl Sync for Frame {}

/// How samples of sound are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleKind {
    /// Offset binary, 8 bit.
    U8,
    /// Two's complement, 16 bit.
    I16,
    /// Two's complement, 32 bit.
    I32,
    /// Two's complement, 64 bit.
    I64,
    /// Floats, 32 bit.
    F32,
    /// Floats, 64 bit.
    F64,
}

impl SampleKind {
    /// Bytes of one sample.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    pub(super) fn raw(self, planar: bool) -> sys::AVSampleFormat {
        use sys::AVSampleFormat as Raw;
        match (self, planar) {
            (Self::U8, false) => Raw::U8,
            (Self::I16, false) => Raw::S16,
            (Self::I32, false) => Raw::S32,
            (Self::I64, false) => Raw::S64,
            (Self::F32, false) => Raw::FLT,
            (Self::F64, false) => Raw::DBL,
            (Self::U8, true) => Raw::U8P,
            (Self::I16, true) => Raw::S16P,
            (Self::I32, true) => Raw::S32P,
            (Self::I64, true) => Raw::S64P,
            (Self::F32, true) => Raw::FLTP,
            (Self::F64, true) => Raw::DBLP,
        }
    }

    fn from_raw(format: c_int) -> Option<(Self, bool)> {
        let kinds = [Self::U8, Self::I16, Self::I32, Self::I64, Self::F32, Self::F64];
        let all = kinds.into_iter().flat_map(|kind| [(kind, false), (kind, true)]);
        all.into_iter().find(|&(kind, planar)| kind.raw(planar).0 == format)
    }
}

impl Frame {
    /// An empty frame.
    pub(crate) fn new() -> Result<Self> {
        // Sound: allocates; null means no memory.
        let frame = unsafe { sys::av_frame_alloc() };
        NonNull::new(frame).map(Self).ok_or_else(no_memory)
    }

    /// Takes over what `self` holds; `self` is empty afterwards.
    pub(crate) fn take(&mut self) -> Result<Self> {
        let mut taken = Self::new()?;
        std::mem::swap(self, &mut taken);
        Ok(taken)
    }

    /// A frame that shows `picture` without copying it: it holds on to it until libavcodec is done.
    ///
    /// # Errors
    ///
    /// Where a plane's stride can't be said in libavutil's `int`.
    pub(crate) fn lend(picture: &PixelBuffer, layout: PictureLayout) -> Result<Self> {
        let mut frame = Self::new()?;
        // Sound: the frame is ours.
        let raw = unsafe { frame.0.as_mut() };
        raw.format = layout.raw().0;
        raw.width = dimension(picture.size.width)?;
        raw.height = dimension(picture.size.height)?;
        for (index, plane) in picture.planes().iter().enumerate() {
            raw.linesize[index] = c_int::try_from(plane.stride)
                .map_err(|_| Error::new(ErrorKind::Limit, format!("a row of {} bytes", plane.stride)))?;
            let bytes = picture.plane(index);
            // libavutil wants a pointer to mutable data even where it only reads; the read-only flag makes it copy
            // before it would write.
            let data = bytes.as_ptr().cast_mut();
            let owner: Box<PixelBuffer> = Box::new(picture.clone());
            let owner = Box::into_raw(owner);
            // Sound: `data` stays valid while `owner` lives, because storage is shared and immutable; libavutil calls
            // `release` exactly once, after its last use, from whatever thread (PixelBuffer is Send and Sync).
            let buffer = unsafe {
                let flags = sys::AV_BUFFER_FLAG_READONLY;
                sys::av_buffer_create(data, bytes.len(), Some(release), owner.cast(), flags)
            };
            if buffer.is_null() {
                // Sound: libavutil did not take the owner over.
                drop(unsafe { Box::from_raw(owner) });
                return Err(no_memory());
            }
            raw.data[index] = data;
            raw.buf[index] = buffer;
        }
        Ok(frame)
    }

    /// A block of `frames` silent samples for channels in the order of `mask`'s bits.
    pub(crate) fn audio(kind: SampleKind, planar: bool, rate: u32, mask: u64, frames: usize) -> Result<Self> {
        let mut frame = Self::new()?;
        // Sound: the frame is ours; av_frame_get_buffer allocates what format, layout and length ask for.
        let code = unsafe {
            let raw = frame.0.as_mut();
            raw.format = kind.raw(planar).0;
            raw.sample_rate = dimension(rate)?;
            raw.nb_samples = c_int::try_from(frames).map_err(|_| no_memory())?;
            let code = sys::av_channel_layout_from_mask(&raw mut raw.ch_layout, mask);
            if code < 0 { code } else { sys::av_frame_get_buffer(raw, 0) }
        };
        if code < 0 {
            return Err(failure(ErrorKind::Encode, "can't make an audio frame", code));
        }
        Ok(frame)
    }

    pub(super) fn as_ptr(&self) -> *mut sys::AVFrame {
        self.0.as_ptr()
    }

    fn raw(&self) -> &sys::AVFrame {
        // Sound: the frame is ours and lives as long as `self`.
        unsafe { self.0.as_ref() }
    }

    fn raw_mut(&mut self) -> &mut sys::AVFrame {
        // Sound: as above, and `self` is borrowed for writing.
        unsafe { self.0.as_mut() }
    }

    /// When it is shown, in ticks, where known.
    pub(crate) fn pts(&self) -> Option<i64> {
        let raw = self.raw();
        [raw.pts, raw.best_effort_timestamp].into_iter().find(|&ticks| ticks != sys::AV_NOPTS_VALUE)
    }

    /// Says when it is shown and how long, in ticks.
    pub(crate) fn set_time(&mut self, pts: i64, duration: i64) {
        let raw = self.raw_mut();
        raw.pts = pts;
        #[cfg(libav_6_0)]
        {
            raw.duration = duration;
        }
        #[cfg(not(libav_6_0))]
        {
            raw.pkt_duration = duration;
        }
    }

    /// Asks for a key frame.
    pub(crate) fn ask_for_key(&mut self) {
        self.raw_mut().pict_type = sys::AVPictureType::I;
    }

    /// The quantiser to use for it, in libavcodec's unit: encoders that are told one look for it here.
    pub(crate) fn set_quality(&mut self, quality: i32) {
        self.raw_mut().quality = quality;
    }

    /// How long it is shown, in ticks, where known.
    pub(crate) fn duration(&self) -> Option<i64> {
        #[cfg(libav_6_0)]
        let duration = self.raw().duration;
        #[cfg(not(libav_6_0))]
        let duration = self.raw().pkt_duration;
        (duration > 0).then_some(duration)
    }

    /// Width and height in pixels, after cropping.
    pub(crate) fn size(&self) -> Option<(u32, u32)> {
        let raw = self.raw();
        let (width, height) = (u32::try_from(raw.width).ok()?, u32::try_from(raw.height).ok()?);
        (width > 0 && height > 0).then_some((width, height))
    }

    /// How its pixels lie; `None` for sound and unknown layouts.
    pub(crate) fn layout(&self) -> Option<PictureLayout> {
        PictureLayout::from_raw(self.raw().format)
    }

    /// Bytes from row to row of plane `index`; negative where rows go upwards.
    pub(crate) fn stride(&self, index: usize) -> isize {
        self.raw().linesize.get(index).map_or(0, |&stride| stride as isize)
    }

    /// The bytes from the first row of plane `index` to the end of its memory, at most `limit`; empty where there is
    /// no such plane or its rows go upwards.
    pub(crate) fn plane_bytes(&self, index: usize, limit: usize) -> &[u8] {
        if self.stride(index) <= 0 {
            return &[];
        }
        let data = self.raw().data.get(index).copied().unwrap_or(std::ptr::null_mut());
        self.bytes_at(data, limit)
    }

    /// The first `len` bytes of row `y` of plane `index`; empty where they aren't all there.
    pub(crate) fn row(&self, index: usize, y: usize, len: usize) -> &[u8] {
        let data = self.raw().data.get(index).copied().unwrap_or(std::ptr::null_mut());
        let Some(offset) = isize::try_from(y).ok().and_then(|y| y.checked_mul(self.stride(index))) else {
            return &[];
        };
        let bytes = self.bytes_at(data.wrapping_offset(offset), len);
        if bytes.len() == len { bytes } else { &[] }
    }

    /// At most `limit` bytes at `data`, where that lies within one of the frame's buffers.
    fn bytes_at(&self, data: *const u8, limit: usize) -> &[u8] {
        for buffer in self.raw().buf {
            // Sound: buffers of a live frame are null or valid.
            let Some(buffer) = (unsafe { buffer.as_ref() }) else { continue };
            let (start, at) = (buffer.data.addr(), data.addr());
            if at >= start && at < start + buffer.size {
                let len = limit.min(start + buffer.size - at);
                // Sound: `at..at + len` lies within the buffer, which the frame keeps alive and nobody writes to.
                return unsafe { std::slice::from_raw_parts(data, len) };
            }
        }
        &[]
    }

    /// Colour as the bitstream tells it.
    pub(crate) fn color(&self) -> Color {
        let raw = self.raw();
        let code = |value: u32| u8::try_from(value).unwrap_or(2);
        Color {
            primaries: ColorPrimaries(code(raw.color_primaries.0)),
            transfer: TransferFunction(code(raw.color_trc.0)),
            matrix: ColorMatrix(code(raw.colorspace.0)),
            range: match raw.color_range {
                sys::AVColorRange::MPEG => Some(ColorRange::Video),
                sys::AVColorRange::JPEG => Some(ColorRange::Full),
                _ => None,
            },
            siting: match raw.chroma_location {
                sys::AVChromaLocation::LEFT => Some(ChromaSiting::Left),
                sys::AVChromaLocation::CENTER => Some(ChromaSiting::Center),
                sys::AVChromaLocation::TOPLEFT => Some(ChromaSiting::TopLeft),
                sys::AVChromaLocation::TOP => Some(ChromaSiting::Top),
                sys::AVChromaLocation::BOTTOMLEFT => Some(ChromaSiting::BottomLeft),
                sys::AVChromaLocation::BOTTOM => Some(ChromaSiting::Bottom),
                _ => None,
            },
        }
    }

    /// Repeats the encoder's colour on a frame to be encoded.
    pub(crate) fn set_color(&mut self, color: &Color, pixel_aspect: Ratio) {
        let (range, siting) = (super::context::range_code(color), super::context::siting_code(color));
        let raw = self.raw_mut();
        raw.color_primaries = sys::AVColorPrimaries(color.primaries.0.into());
        raw.color_trc = sys::AVColorTransferCharacteristic(color.transfer.0.into());
        raw.colorspace = sys::AVColorSpace(color.matrix.0.into());
        raw.color_range = sys::AVColorRange(range);
        raw.chroma_location = sys::AVChromaLocation(siting);
        raw.sample_aspect_ratio = super::context::rational(pixel_aspect);
    }

    /// The shape of a pixel, where stated.
    pub(crate) fn pixel_aspect(&self) -> Option<Ratio> {
        let aspect = self.raw().sample_aspect_ratio;
        Ratio::new(u32::try_from(aspect.num).ok()?, u32::try_from(aspect.den).ok()?)
    }

    /// Whether it holds two fields, and which of them is first.
    pub(crate) fn field_order(&self) -> FieldOrder {
        let raw = self.raw();
        #[cfg(libav_6_1)]
        let (interlaced, top_first) = (
            raw.flags & sys::AV_FRAME_FLAG_INTERLACED != 0,
            raw.flags & sys::AV_FRAME_FLAG_TOP_FIELD_FIRST != 0,
        );
        #[cfg(not(libav_6_1))]
        let (interlaced, top_first) = (raw.interlaced_frame != 0, raw.top_field_first != 0);
        match (interlaced, top_first) {
            (false, _) => FieldOrder::Progressive,
            (true, true) => FieldOrder::TopFirst,
            (true, false) => FieldOrder::BottomFirst,
        }
    }

    /// Says whether it holds two fields, and which of them is first.
    pub(crate) fn set_field_order(&mut self, order: FieldOrder) {
        let (interlaced, top_first) = (order.is_interlaced(), order == FieldOrder::TopFirst);
        let raw = self.raw_mut();
        #[cfg(libav_6_1)]
        for (flag, on) in
            [(sys::AV_FRAME_FLAG_INTERLACED, interlaced), (sys::AV_FRAME_FLAG_TOP_FIELD_FIRST, top_first)]
        {
            raw.flags = if on { raw.flags | flag } else { raw.flags & !flag };
        }
        #[cfg(not(libav_6_1))]
        {
            raw.interlaced_frame = interlaced.into();
            raw.top_field_first = top_first.into();
        }
    }

    /// The body of `AVMasteringDisplayMetadata`, where it came with the frame.
    pub(crate) fn mastering_display(&self) -> Option<&[u8]> {
        self.side_data(sys::AVFrameSideDataType::MASTERING_DISPLAY_METADATA)
    }

    /// The body of `AVContentLightMetadata`, where it came with the frame.
    pub(crate) fn content_light(&self) -> Option<&[u8]> {
        self.side_data(sys::AVFrameSideDataType::CONTENT_LIGHT_LEVEL)
    }

    fn side_data(&self, kind: sys::AVFrameSideDataType) -> Option<&[u8]> {
        // Sound: looks through the frame's own side data, which lives as long as the frame.
        unsafe {
            let data = sys::av_frame_get_side_data(self.raw(), kind).as_ref()?;
            (!data.data.is_null()).then(|| std::slice::from_raw_parts(data.data, data.size))
        }
    }

    /// Frames per second of sound.
    pub(crate) fn sample_rate(&self) -> u32 {
        u32::try_from(self.raw().sample_rate).unwrap_or(0)
    }

    /// Samples per channel of sound.
    pub(crate) fn samples(&self) -> usize {
        usize::try_from(self.raw().nb_samples).unwrap_or(0)
    }

    /// How samples are stored, and whether one plane a channel.
    pub(crate) fn sample_kind(&self) -> Option<(SampleKind, bool)> {
        SampleKind::from_raw(self.raw().format)
    }

    /// libavutil's numbers of the channels, in the order they are stored; empty where none are given.
    pub(crate) fn channels(&self) -> Vec<i32> {
        let layout = &self.raw().ch_layout;
        let count = u32::try_from(layout.nb_channels).unwrap_or(0);
        // Sound: asks about the frame's own layout.
        (0..count)
            .map(|index| unsafe { sys::av_channel_layout_channel_from_index(layout, index) }.0)
            .collect()
    }

    /// The bytes of one channel's plane, or of the only one where samples are interleaved.
    pub(crate) fn sound(&self, index: usize) -> &[u8] {
        self.sound_at(index).map_or(&[], |(data, len)| {
            // Sound: `sound_at` names `len` bytes the frame owns; nobody writes to them while it is borrowed.
            unsafe { std::slice::from_raw_parts(data, len) }
        })
    }

    /// The same bytes, to be written; only for frames of [`Self::audio`] that have not been sent yet.
    pub(crate) fn sound_mut(&mut self, index: usize) -> &mut [u8] {
        match self.sound_at(index) {
            // Sound: as above; memory of `av_frame_get_buffer` is not shared, and `self` is borrowed for writing.
            Some((data, len)) => unsafe { std::slice::from_raw_parts_mut(data, len) },
            None => &mut [],
        }
    }

    fn sound_at(&self, index: usize) -> Option<(*mut u8, usize)> {
        let raw = self.raw();
        let (kind, planar) = self.sample_kind()?;
        let channels = usize::try_from(raw.ch_layout.nb_channels).ok()?;
        let (planes, channels_each) = if planar { (channels, 1) } else { (1, channels) };
        if index >= planes || raw.extended_data.is_null() {
            return None;
        }
        // Sound: extended_data has an entry for every plane of a frame of sound.
        let data = unsafe { *raw.extended_data.add(index) };
        let len = self.samples().checked_mul(kind.bytes())?.checked_mul(channels_each)?;
        (!data.is_null()).then_some((data, len))
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        let mut frame = self.0.as_ptr();
        // Sound: the frame is ours and nobody uses it after this.
        unsafe { sys::av_frame_free(&raw mut frame) };
    }
}

/// A decoder's picture as storage: the decoder's memory goes back to it when the last user drops it.
impl PixelStorage for Frame {
    fn plane(&self, index: usize, plane: Plane) -> &[u8] {
        self.plane_bytes(index, plane.stride.saturating_mul(plane.rows))
    }
}

/// Drops the picture that [`Frame::lend`] lent.
unsafe extern "C" fn release(owner: *mut c_void, _: *mut u8) {
    // Sound: `owner` came from Box::into_raw in `lend`, and libavutil calls this once.
    drop(unsafe { Box::from_raw(owner.cast::<PixelBuffer>()) });
}

fn dimension(value: u32) -> Result<c_int> {
    c_int::try_from(value).map_err(|_| Error::new(ErrorKind::Limit, format!("{value} is too large")))
}

fn no_memory() -> Error {
    Error::new(ErrorKind::Limit, "no memory for a frame")
}
