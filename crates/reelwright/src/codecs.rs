use reelwright_codec::Registry;

/// The codecs that are compiled in: `libav` first where it is, being faster and knowing more, then `native`.
pub fn registry() -> Registry {
    let registry = Registry::new();
    #[cfg(feature = "libav")]
    let registry = registry.with(reelwright_codec_libav::provider());
    #[cfg(feature = "native")]
    let registry = registry.with(reelwright_codec_native::provider());
    registry
}
