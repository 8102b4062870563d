//! Keeps the C symbols of `re_rav1d` to the program or library that contains it.
//!
//! The crate defines every function of libdav1d's C interface under its C name. Exported from a program, those names
//! would take the place of libdav1d's own in every shared library that is loaded: the system's libavcodec would decode AV1
//! with structures of another version, and crash. Where object files are combined, the narrowest visibility any of them
//! states for a symbol holds for all (System V ABI, "Symbol Table"), so it is enough to state it here. Only ELF has one
//! name space for all libraries; Mach-O and PE bind a name to the library it comes from.
#![allow(unsafe_code)] // `global_asm!` counts as such. It states visibilities, and holds neither code nor data.

use re_rav1d::dav1d::{Decoder, Error, Settings};

/// Opens the library's decoder for pictures of at most `most_pixels`.
// The assembly below counts only in programs that link this object file, which they do for the sake of this function.
#[inline(never)]
pub(super) fn open(most_pixels: u32) -> Result<Decoder, Error> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(most_pixels);
    settings.set_all_layers(false);
    Decoder::with_settings(&settings)
}

#[cfg(all(unix, not(target_vendor = "apple")))]
macro_rules! hidden {
    ($($symbol:literal)*) => {
        std::arch::global_asm!($(concat!(".hidden ", $symbol),)*);
    };
}

#[cfg(all(unix, not(target_vendor = "apple")))]
hidden! {
    "dav1d_apply_grain"
    "dav1d_close"
    "dav1d_data_create"
    "dav1d_data_props_unref"
    "dav1d_data_unref"
    "dav1d_data_wrap"
    "dav1d_data_wrap_user_data"
    "dav1d_default_settings"
    "dav1d_dr_intra_derivative"
    "dav1d_filter_intra_taps"
    "dav1d_flush"
    "dav1d_gaussian_sequence"
    "dav1d_get_decode_error_data_props"
    "dav1d_get_event_flags"
    "dav1d_get_frame_delay"
    "dav1d_get_picture"
    "dav1d_mc_subpel_filters"
    "dav1d_mc_warp_filter"
    "dav1d_obmc_masks"
    "dav1d_open"
    "dav1d_parse_sequence_header"
    "dav1d_picture_unref"
    "dav1d_resize_filter"
    "dav1d_send_data"
    "dav1d_set_cpu_flags_mask"
    "dav1d_sgr_x_by_x"
    "dav1d_sm_weights"
    "dav1d_version"
    "dav1d_version_api"
}
