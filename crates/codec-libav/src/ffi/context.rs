use std::ffi::{CString, c_int};
use std::ptr::NonNull;

use reelwright_media::{Color, ColorRange, Error, ErrorKind, FourCc, Ratio, Result, Size};

use super::{Codec, Frame, Packet, PictureLayout, SampleKind, failure, log, sys};

/// An encoder or decoder at work.
pub(crate) struct Context {
    raw: NonNull<sys::AVCodecContext>,
    codec: Codec,
}

// Sound: a context may be used from any thread, one at a time, which `&mut self` ensures.
unsafe impl Send for Context {}

/// How far one of the four calls that move data got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It was taken, or something came out.
    Done,
    /// Nothing more fits before something is taken out; or nothing comes out before something is put in.
    Wait,
    /// Everything has come out.
    End,
}

/// What a video context must know before it opens.
pub(crate) struct VideoParameters {
    /// The picture's size.
    pub(crate) size: Size,
    /// How pixels lie; a decoder chooses itself.
    pub(crate) layout: Option<PictureLayout>,
    /// Ticks per second of all times.
    pub(crate) ticks: u32,
    /// Frames per second to expect, where known.
    pub(crate) frame_rate: Option<Ratio>,
    /// The shape of a pixel, where known.
    pub(crate) pixel_aspect: Option<Ratio>,
    /// Colour.
    pub(crate) color: Color,
}

/// What an audio context must know before it opens.
pub(crate) struct AudioParameters {
    /// Frames per second.
    pub(crate) rate: u32,
    /// Channels.
    pub(crate) channels: u16,
    /// Which, as bits of libavutil's numbers; a decoder finds out itself.
    pub(crate) mask: Option<u64>,
    /// How samples are stored, and whether one plane a channel; a decoder chooses itself.
    pub(crate) kind: Option<(SampleKind, bool)>,
    /// Bits that count in a sample, where fewer than it has.
    pub(crate) significant_bits: Option<u8>,
    /// Bytes of one packet where all are alike, else 0.
    pub(crate) block: u32,
}

impl Context {
    /// A context for `codec`, to be told its parameters and opened.
    pub(crate) fn new(codec: Codec) -> Result<Self> {
        log::install();
        // Sound: allocates a context for a codec of the library; null means no memory.
        let raw = unsafe { sys::avcodec_alloc_context3(codec.as_ptr()) };
        let raw = NonNull::new(raw).ok_or_else(|| Error::new(ErrorKind::Limit, "no memory for a codec"))?;
        Ok(Self { raw, codec })
    }

    fn raw(&self) -> &sys::AVCodecContext {
        // Sound: the context is ours and lives as long as `self`.
        unsafe { self.raw.as_ref() }
    }

    fn raw_mut(&mut self) -> &mut sys::AVCodecContext {
        // Sound: as above, and `self` is borrowed for writing.
        unsafe { self.raw.as_mut() }
    }

    /// Says what the pictures are.
    pub(crate) fn set_video(&mut self, parameters: &VideoParameters) -> Result<()> {
        let raw = self.raw_mut();
        raw.width = number(parameters.size.width)?;
        raw.height = number(parameters.size.height)?;
        if let Some(layout) = parameters.layout {
            raw.pix_fmt = layout.raw();
        }
        raw.time_base = sys::AVRational { num: 1, den: number(parameters.ticks)? };
        raw.pkt_timebase = raw.time_base;
        if let Some(rate) = parameters.frame_rate {
            raw.framerate = rational(rate);
        }
        if let Some(aspect) = parameters.pixel_aspect {
            raw.sample_aspect_ratio = rational(aspect);
        }
        let color = &parameters.color;
        raw.color_primaries = sys::AVColorPrimaries(color.primaries.0.into());
        raw.color_trc = sys::AVColorTransferCharacteristic(color.transfer.0.into());
        raw.colorspace = sys::AVColorSpace(color.matrix.0.into());
        raw.color_range = sys::AVColorRange(range_code(color));
        raw.chroma_sample_location = sys::AVChromaLocation(siting_code(color));
        Ok(())
    }

    /// Says what the sound is.
    pub(crate) fn set_audio(&mut self, parameters: &AudioParameters) -> Result<()> {
        let (rate, block) = (number(parameters.rate)?, number(parameters.block)?);
        let raw = self.raw_mut();
        raw.sample_rate = rate;
        raw.block_align = block;
        raw.time_base = sys::AVRational { num: 1, den: rate.max(1) };
        raw.pkt_timebase = raw.time_base;
        if let Some((kind, planar)) = parameters.kind {
            raw.sample_fmt = kind.raw(planar);
        }
        if let Some(bits) = parameters.significant_bits {
            raw.bits_per_raw_sample = bits.into();
        }
        match parameters.mask {
            // Sound: fills in the context's own layout.
            Some(mask) => unsafe {
                let code = sys::av_channel_layout_from_mask(&raw mut raw.ch_layout, mask);
                if code < 0 {
                    return Err(failure(ErrorKind::Unsupported, "unknown channel layout", code));
                }
            },
            // Sound: as above.
            None if parameters.channels > 0 => unsafe {
                let count = c_int::from(parameters.channels);
                sys::av_channel_layout_default(&raw mut raw.ch_layout, count);
            },
            None => {}
        }
        Ok(())
    }

    /// Gives a decoder the four-character code of the sample entry: some tell flavours apart by it.
    pub(crate) fn set_tag(&mut self, tag: FourCc) {
        self.raw_mut().codec_tag = u32::from_le_bytes(tag.0);
    }

    /// Tells a decoder how many bits the container says a pixel takes.
    pub(crate) fn set_depth(&mut self, bits: u16) {
        self.raw_mut().bits_per_coded_sample = bits.into();
    }

    /// Tells a decoder how many pictures may overtake one, before it is opened; it finds out more, never less.
    pub(crate) fn set_reordering(&mut self, pictures: u32) {
        self.raw_mut().has_b_frames = c_int::try_from(pictures.min(16)).unwrap_or(0);
    }

    /// Gives a decoder its configuration.
    pub(crate) fn set_extradata(&mut self, bytes: &[u8]) -> Result<()> {
        let size = c_int::try_from(bytes.len())
            .ok()
            .filter(|&size| size < 1 << 24)
            .ok_or_else(|| Error::new(ErrorKind::Limit, "a decoder configuration above 16 MiB"))?;
        let padding = sys::AV_INPUT_BUFFER_PADDING_SIZE.unsigned_abs() as usize;
        let raw = self.raw_mut();
        // Sound: the context takes the allocation over and frees it; it is `bytes` and zeroed padding long.
        unsafe {
            sys::av_freep((&raw mut raw.extradata).cast());
            raw.extradata_size = 0;
            let memory: *mut u8 = sys::av_mallocz(bytes.len() + padding).cast();
            if memory.is_null() {
                return Err(Error::new(ErrorKind::Limit, "no memory for a decoder configuration"));
            }
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), memory, bytes.len());
            raw.extradata = memory;
            raw.extradata_size = size;
        }
        Ok(())
    }

    /// Sets an option of the codec's own or of codecs in general; `false` where neither knows it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] where the value isn't one of the option's.
    pub(crate) fn set_option(&mut self, name: &str, value: &str) -> Result<bool> {
        let text = |text: &str| {
            CString::new(text).map_err(|_| Error::misuse(format!("option {name} contains a zero byte")))
        };
        let (option, setting) = (text(name)?, text(value)?);
        log::clear();
        // Sound: the context is ours, the strings are terminated.
        let code = unsafe {
            let flags = sys::AV_OPT_SEARCH_CHILDREN;
            sys::av_opt_set(self.raw.as_ptr().cast(), option.as_ptr(), setting.as_ptr(), flags)
        };
        match code {
            sys::AVERROR_OPTION_NOT_FOUND => Ok(false),
            code if code < 0 => {
                let what = format!("{} refuses {name}={value}", self.codec.name());
                Err(failure(ErrorKind::Misuse, &what, code))
            }
            _ => Ok(true),
        }
    }

    /// Opens it: from now on its parameters are fixed.
    pub(crate) fn open(&mut self) -> Result<()> {
        log::clear();
        // Sound: the context is ours and was made for this codec.
        let code =
            unsafe { sys::avcodec_open2(self.raw.as_ptr(), self.codec.as_ptr(), std::ptr::null_mut()) };
        if code < 0 {
            let what = format!("{} does not open", self.codec.name());
            return Err(failure(ErrorKind::Unsupported, &what, code));
        }
        Ok(())
    }

    /// Gives a decoder a packet; `None` says that was the last.
    pub(crate) fn send_packet(&mut self, packet: Option<&Packet>) -> Result<Progress> {
        log::clear();
        // Sound: context and packet are ours; null is allowed and means the end.
        let code = unsafe {
            let packet = packet.map_or(std::ptr::null_mut(), Packet::as_ptr);
            sys::avcodec_send_packet(self.raw.as_ptr(), packet)
        };
        self.progress(code, ErrorKind::Decode)
    }

    /// Takes a frame from a decoder.
    pub(crate) fn receive_frame(&mut self, frame: &mut Frame) -> Result<Progress> {
        log::clear();
        // Sound: context and frame are ours.
        let code = unsafe { sys::avcodec_receive_frame(self.raw.as_ptr(), frame.as_ptr()) };
        self.progress(code, ErrorKind::Decode)
    }

    /// Gives an encoder a frame; `None` says that was the last.
    pub(crate) fn send_frame(&mut self, frame: Option<&Frame>) -> Result<Progress> {
        log::clear();
        // Sound: context and frame are ours; null is allowed and means the end.
        let code = unsafe {
            let frame = frame.map_or(std::ptr::null_mut(), Frame::as_ptr);
            sys::avcodec_send_frame(self.raw.as_ptr(), frame)
        };
        self.progress(code, ErrorKind::Encode)
    }

    /// Takes a packet from an encoder.
    pub(crate) fn receive_packet(&mut self, packet: &mut Packet) -> Result<Progress> {
        log::clear();
        // Sound: context and packet are ours.
        let code = unsafe { sys::avcodec_receive_packet(self.raw.as_ptr(), packet.as_ptr()) };
        self.progress(code, ErrorKind::Encode)
    }

    /// Forgets everything inside a decoder, so that it can be fed anew.
    pub(crate) fn flush(&mut self) {
        // Sound: the context is ours and open.
        unsafe { sys::avcodec_flush_buffers(self.raw.as_ptr()) };
    }

    /// What an encoder puts into the file's header.
    pub(crate) fn extradata(&self) -> &[u8] {
        let raw = self.raw();
        match usize::try_from(raw.extradata_size) {
            // Sound: the context owns that many bytes there.
            Ok(size) if size > 0 && !raw.extradata.is_null() => unsafe {
                std::slice::from_raw_parts(raw.extradata, size)
            },
            _ => &[],
        }
    }

    /// Samples per channel an audio encoder wants at a time; 0 where any number will do.
    pub(crate) fn frame_size(&self) -> usize {
        usize::try_from(self.raw().frame_size).unwrap_or(0)
    }

    /// The quantiser that was asked for, in libavcodec's unit; 0 where none was.
    pub(crate) fn global_quality(&self) -> i32 {
        self.raw().global_quality
    }

    /// Samples an audio encoder's decoder puts out before the first that was fed.
    pub(crate) fn initial_padding(&self) -> u32 {
        u32::try_from(self.raw().initial_padding).unwrap_or(0)
    }

    fn progress(&self, code: c_int, kind: ErrorKind) -> Result<Progress> {
        match code {
            0.. => Ok(Progress::Done),
            sys::AVERROR_EOF => Ok(Progress::End),
            code if code == sys::AVERROR(EAGAIN) => Ok(Progress::Wait),
            code => Err(failure(kind, self.codec.name(), code)),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        let mut raw = self.raw.as_ptr();
        // Sound: the context is ours and nobody uses it after this; frames and packets it gave out own their memory.
        unsafe { sys::avcodec_free_context(&raw mut raw) };
    }
}

/// The system's number for "try again", which libavcodec uses for "feed me first".
#[cfg(any(target_os = "linux", target_os = "android", windows))]
const EAGAIN: c_int = 11;
/// As above, as the BSDs count.
#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
const EAGAIN: c_int = 35;

/// libavutil's code for the colour range.
pub(super) fn range_code(color: &Color) -> u32 {
    match color.range {
        None => 0,
        Some(ColorRange::Video) => 1,
        Some(ColorRange::Full) => 2,
    }
}

/// libavutil's code for the chroma siting: H.273's plus one.
pub(super) fn siting_code(color: &Color) -> u32 {
    color.siting.map_or(0, |siting| siting as u32 + 1)
}

/// A ratio as libavutil has it; 0/1, "unknown", where it doesn't fit.
pub(super) fn rational(ratio: Ratio) -> sys::AVRational {
    match (c_int::try_from(ratio.num), c_int::try_from(ratio.den)) {
        (Ok(num), Ok(den)) => sys::AVRational { num, den },
        _ => sys::AVRational { num: 0, den: 1 },
    }
}

fn number(value: u32) -> Result<c_int> {
    c_int::try_from(value).map_err(|_| Error::new(ErrorKind::Limit, format!("{value} is too large")))
}
