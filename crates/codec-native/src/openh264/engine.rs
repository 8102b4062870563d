//! The one place that calls OpenH264. Safe outside: an [`Engine`] owns its encoder, and nothing borrowed from it leaves.
#![allow(unsafe_code)] // OpenH264 is a C++ library behind a table of function pointers.

use std::ffi::c_void;
use std::ptr::{NonNull, null_mut};

use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_TRACE_LEVEL, ISVCEncoder, ISVCEncoderVtbl,
    SEncParamExt, SFrameBSInfo, SPATIAL_LAYER_ALL, SSourcePicture, TagBitrateInfo, WELS_LOG_QUIET, source,
    videoFormatI420, videoFrameTypeI, videoFrameTypeIDR, videoFrameTypeP,
};
use reelwright_media::{Error, ErrorKind, PixelBuffer, PixelFormat, Result, Size};

/// An initialised OpenH264 encoder.
pub(super) struct Engine {
    raw: NonNull<ISVCEncoder>,
    size: Size,
    /// Reused for every frame: it is some 10 kB large.
    info: Box<SFrameBSInfo>,
}

// SAFETY: the encoder keeps no thread-local state and is only reached through `&mut self`, so it may move between
// threads; it is not `Sync`.
unsafe impl Send for Engine {}

/// One encoded picture, valid until the next call.
pub(super) struct Coded<'a> {
    /// Whether it is an IDR picture.
    pub(super) idr: bool,
    info: &'a SFrameBSInfo,
}

impl Engine {
    /// Creates and initialises an encoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Encode`] with OpenH264's number where it refuses the parameters.
    pub(super) fn new(parameters: &SEncParamExt, size: Size) -> Result<Self> {
        let mut raw: *mut ISVCEncoder = null_mut();
        // SAFETY: `raw` is a valid place for the new encoder's address.
        let status = unsafe { source::APILoader::WelsCreateSVCEncoder(&mut raw) };
        let raw = NonNull::new(raw).filter(|_| status == 0);
        let raw = raw.ok_or_else(|| failure("creating the encoder", status))?;
        let engine = Self { raw, size, info: Box::default() };
        let mut quiet = WELS_LOG_QUIET;
        engine.option(ENCODER_OPTION_TRACE_LEVEL, &mut quiet)?;
        let initialize = engine.entry(|table| table.InitializeExt)?;
        // SAFETY: `raw` is alive, `parameters` is read during the call only.
        let status = unsafe { initialize(engine.raw.as_ptr(), parameters) };
        if status == 0 { Ok(engine) } else { Err(failure("initialising the encoder", status)) }
    }

    /// The parameter set NAL units the stream will use, without start codes.
    pub(super) fn parameter_sets(&mut self) -> Result<Vec<Vec<u8>>> {
        let encode = self.entry(|table| table.EncodeParameterSets)?;
        *self.info = SFrameBSInfo::default();
        // SAFETY: `raw` is alive and `info` is a valid place for the result.
        let status = unsafe { encode(self.raw.as_ptr(), self.info.as_mut()) };
        if status != 0 {
            return Err(failure("making the parameter sets", status));
        }
        let coded = Coded { idr: false, info: &self.info };
        Ok(coded.nal_units().map(<[u8]>::to_vec).collect())
    }

    /// Encodes `picture`, which must be 8-bit 4:2:0 of the size the engine was made for.
    pub(super) fn encode(&mut self, picture: &PixelBuffer, milliseconds: i64) -> Result<Coded<'_>> {
        if picture.format != PixelFormat::YUV420 || picture.size != self.size {
            return Err(Error::misuse(format!(
                "the encoder was made for {:?} {}, not {:?} {}",
                PixelFormat::YUV420,
                self.size,
                picture.format,
                picture.size
            )));
        }
        let int = |value: u64| i32::try_from(value).map_err(|_| Error::misuse("a picture is too large"));
        let mut source = SSourcePicture {
            iColorFormat: videoFormatI420,
            iPicWidth: int(self.size.width.into())?,
            iPicHeight: int(self.size.height.into())?,
            uiTimeStamp: milliseconds,
            ..SSourcePicture::default()
        };
        for index in 0..3 {
            source.iStride[index] = int(picture.stride(index) as u64)?;
            // The pointer is only read from; OpenH264's struct has no const.
            source.pData[index] = picture.plane(index).as_ptr().cast_mut();
        }
        let encode = self.entry(|table| table.EncodeFrame)?;
        *self.info = SFrameBSInfo::default();
        // SAFETY: `raw` is alive; every plane holds `stride * (rows - 1) + width` bytes, which `PixelBuffer::wrap`
        // checked for this format and size, stays borrowed during the call, and is copied by it, not kept.
        let status = unsafe { encode(self.raw.as_ptr(), &source, self.info.as_mut()) };
        if status != 0 {
            return Err(failure("encoding a picture", status));
        }
        let kind = self.info.eFrameType;
        if ![videoFrameTypeIDR, videoFrameTypeI, videoFrameTypeP].contains(&kind) {
            return Err(failure("encoding a picture: it was skipped", kind));
        }
        Ok(Coded { idr: kind == videoFrameTypeIDR, info: &self.info })
    }

    /// Makes the next picture an IDR picture.
    pub(super) fn force_idr(&mut self) -> Result<()> {
        let force = self.entry(|table| table.ForceIntraFrame)?;
        // SAFETY: `raw` is alive. The C++ method has a third parameter, the layer, which the C table doesn't declare;
        // it is only looked at in simulcast, which is off.
        let status = unsafe { force(self.raw.as_ptr(), true) };
        if status == 0 { Ok(()) } else { Err(failure("asking for a key frame", status)) }
    }

    /// Changes the target bit rate from the next picture on.
    pub(super) fn set_bit_rate(&mut self, bits_per_second: i32) -> Result<()> {
        let mut rate = TagBitrateInfo { iLayer: SPATIAL_LAYER_ALL, iBitrate: bits_per_second };
        self.option(ENCODER_OPTION_BITRATE, &mut rate)
    }

    fn option<T>(&self, option: ENCODER_OPTION, value: &mut T) -> Result<()> {
        let set = self.entry(|table| table.SetOption)?;
        // SAFETY: `raw` is alive and `value` is of the type the option takes: both callers above see to that.
        let status = unsafe { set(self.raw.as_ptr(), option, (value as *mut T).cast::<c_void>()) };
        if status == 0 { Ok(()) } else { Err(failure("setting an option", status)) }
    }

    fn entry<F>(&self, pick: impl FnOnce(&ISVCEncoderVtbl) -> Option<F>) -> Result<F> {
        // SAFETY: `raw` points to the encoder, whose first word is the address of its function table.
        let table = unsafe { &**self.raw.as_ref() };
        pick(table).ok_or_else(|| Error::new(ErrorKind::Bug, "OpenH264's function table has a gap"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Ok(uninitialize) = self.entry(|table| table.Uninitialize) {
            // SAFETY: `raw` is alive; uninitialising twice or before initialising is allowed.
            unsafe { uninitialize(self.raw.as_ptr()) };
        }
        // SAFETY: `raw` came from `WelsCreateSVCEncoder` and isn't used after this.
        unsafe { source::APILoader::WelsDestroySVCEncoder(self.raw.as_ptr()) };
    }
}

impl Coded<'_> {
    /// The NAL units of the picture, parameter sets included, without start codes.
    pub(super) fn nal_units(&self) -> impl Iterator<Item = &[u8]> {
        let layers = usize::try_from(self.info.iLayerNum).unwrap_or(0).min(self.info.sLayerInfo.len());
        self.info.sLayerInfo[..layers].iter().flat_map(|layer| {
            let count = usize::try_from(layer.iNalCount).unwrap_or(0);
            // SAFETY: OpenH264 fills `iNalCount` lengths and keeps them until the next call, which `&self` prevents.
            let lengths = unsafe { slice(layer.pNalLengthInByte, count) };
            let total = lengths.iter().map(|&length| usize::try_from(length).unwrap_or(0)).sum();
            // SAFETY: the buffer holds the NAL units of those lengths one after the other, likewise.
            let mut rest: &[u8] = unsafe { slice(layer.pBsBuf, total) };
            lengths.iter().map(move |&length| {
                let (unit, tail) = rest.split_at(usize::try_from(length).unwrap_or(0));
                rest = tail;
                without_start_code(unit)
            })
        })
    }
}

/// # Safety
///
/// `data` is null or points to `len` values that live as long as `'a`.
unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if data.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, len) }
}

fn without_start_code(unit: &[u8]) -> &[u8] {
    unit.strip_prefix(&[0, 0, 0, 1]).or_else(|| unit.strip_prefix(&[0, 0, 1])).unwrap_or(unit)
}

fn failure(what: &str, status: i32) -> Error {
    Error::new(ErrorKind::Encode, format!("OpenH264 failed {what} (status {status})"))
}
