use reelwright::media::Hint;

/// The next step in the words of the command line.
pub(crate) fn spelled(hint: &Hint) -> String {
    let more = if cfg!(feature = "libav") { "" } else { "build with `--features libav`" };
    let joined = |other: &str| if more.is_empty() { other.to_owned() } else { format!("{more}, or {other}") };
    match hint {
        Hint::AnotherDecoder => joined("copy the track instead of re-encoding it"),
        Hint::AnotherEncoder => joined("choose another codec; `reel encoders` lists what there is"),
        Hint::RelaxRequest => "relax the request; `reel encoders` lists what there is".into(),
        Hint::ChooseRange => "choose --from and --to inside the movie".into(),
        Hint::ShortenRange => {
            "copy the file again from where it came from, or export the part before this point with --to"
                .into()
        }
        Hint::CopyTrack => {
            "copy the file again from where it came from, or copy the track with `reel remux`".into()
        }
        Hint::AllowLosses => {
            "leave --strict away to get the rest, or choose a container or settings that hold all of it"
                .into()
        }
        Hint::SeePresets => "`reel presets` shows what each one makes".into(),
        _ => hint.to_string(),
    }
}
