use reelwright_codec::Registry;

/// The codecs of this build that every program may pass on: the provider `native`, under permissive licences alone.
///
/// What readers, writers and exports use where they are given no other. It is the same whatever features are on besides
/// `native`: what another crate of the program enables changes neither its output nor its licence. [`all_codecs`] has the
/// others. Without the feature `native` it is empty.
pub fn registry() -> Registry {
    let registry = Registry::new();
    #[cfg(feature = "native")]
    let registry = registry.with(reelwright_codec_native::provider());
    registry
}

/// Every codec of this build: those of [`registry`], then, with the feature `libav`, those of the system's libavcodec.
///
/// The order is what decides between two that can do the same. To have libavcodec decode and encode what it can, being
/// faster and knowing more, prefer it: `all_codecs().prefer("libav")?`. A program that uses a GPL encoder may be passed on
/// under the GPL only; [`reelwright_codec::EncoderSpecification::licence`] keeps it to others.
pub fn all_codecs() -> Registry {
    let registry = registry();
    #[cfg(feature = "libav")]
    let registry = registry.with(reelwright_codec_libav::provider());
    registry
}
