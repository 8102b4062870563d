use reelwright::codec::Registry;

/// The codecs of this build in the order `reel` asks them: libavcodec first where it is linked, being faster and knowing
/// more; then those compiled in. AAC is made by the encoder compiled in, which measures better (docs/aac.md).
pub(crate) fn registry() -> Registry {
    let all = reelwright::all_codecs();
    if cfg!(feature = "libav") { all.clone().prefer("libav").unwrap_or(all).first("aac") } else { all }
}
