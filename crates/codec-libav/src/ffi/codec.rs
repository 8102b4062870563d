use std::ffi::CString;

use reelwright_codec::Licence;

use super::{static_text, sys};

/// One of libavcodec's encoders or decoders: static data of the library.
#[derive(Clone, Copy)]
pub(crate) struct Codec(&'static sys::AVCodec);

/// Whether an option is a switch of the codec's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OptionKind {
    /// As it is set.
    pub(crate) name: &'static str,
    /// A few words.
    pub(crate) help: &'static str,
}

/// What is linked: version as (major, minor) of libavcodec, and its terms.
pub(crate) fn library() -> ((u32, u32), Licence) {
    // Sound: these return constants of the library.
    let (version, licence) = unsafe { (sys::avcodec_version(), static_text(sys::avcodec_license())) };
    // "LGPL version 2.1 or later", "GPL version 2 or later", "nonfree and unredistributable": the last is the
    // strictest there is, so it must not pass for less than GPL.
    let licence = if licence.starts_with("LGPL") { Licence::Lesser } else { Licence::Gpl };
    ((version >> 16, version >> 8 & 0xFF), licence)
}

impl Codec {
    /// The encoder called `name`, where the library has it.
    pub(crate) fn encoder(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // Sound: a look-up by a terminated string; what it returns is null or static.
        unsafe { sys::avcodec_find_encoder_by_name(name.as_ptr()).as_ref() }.map(Self)
    }

    /// The decoder called `name`, where the library has it.
    pub(crate) fn decoder(name: &str) -> Option<Self> {
        let name = CString::new(name).ok()?;
        // Sound: as above.
        unsafe { sys::avcodec_find_decoder_by_name(name.as_ptr()).as_ref() }.map(Self)
    }

    pub(super) fn as_ptr(self) -> *const sys::AVCodec {
        self.0
    }

    /// libavcodec's name for it.
    pub(crate) fn name(self) -> &'static str {
        // Sound: a string of the static description.
        unsafe { static_text(self.0.name) }
    }

    /// Whether an encoder takes a last frame shorter than the others, or any length at all.
    pub(crate) fn takes_short_frames(self) -> bool {
        let short = sys::AV_CODEC_CAP_SMALL_LAST_FRAME | sys::AV_CODEC_CAP_VARIABLE_FRAME_SIZE;
        self.0.capabilities.cast_unsigned() & short != 0
    }

    /// Whether it keeps something back until it is told that there is no more.
    pub(crate) fn has_delay(self) -> bool {
        self.0.capabilities.cast_unsigned() & sys::AV_CODEC_CAP_DELAY != 0
    }

    /// The options of its own, in the library's order.
    pub(crate) fn options(self) -> Vec<OptionKind> {
        let class = self.0.priv_class;
        if class.is_null() {
            return Vec::new();
        }
        let mut options = Vec::new();
        let mut option = std::ptr::null();
        loop {
            // Sound: av_opt_next wants a pointer to something whose first member is a class pointer, which
            // `&raw const class` is; descriptions are static.
            option = unsafe { sys::av_opt_next((&raw const class).cast(), option) };
            // Sound: null or static, see above.
            let Some(description) = (unsafe { option.as_ref() }) else { return options };
            if description.type_ != sys::AVOptionType::CONST {
                // Sound: strings of the static description.
                let (name, help) = unsafe { (static_text(description.name), static_text(description.help)) };
                options.push(OptionKind { name, help });
            }
        }
    }
}
