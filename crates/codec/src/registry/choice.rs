use std::fmt;

use super::{EncoderInfo, Lack};

/// The encoder a registry chose, and why it and no other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Choice {
    /// The encoder.
    pub encoder: EncoderInfo,
    /// Why it was taken.
    pub reason: ChoiceReason,
    /// The other encoders of the same codec, in the order they would have been taken, with what each lacks; those that
    /// lack nothing come first.
    pub others: Vec<(String, Option<Lack>)>,
}

/// Why an encoder was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChoiceReason {
    /// It was asked for by its id.
    Named,
    /// It is the only one that fits.
    OnlyOne,
    /// It runs on hardware, which was preferred.
    Hardware,
    /// The registry was told to take it first ([`Registry::first`](super::Registry::first)).
    TakenFirst,
    /// Its provider is asked before those of the others that fit.
    ProviderOrder,
    /// It is the fastest of its provider's that fit, for work in real time.
    Speed,
    /// It makes the most quality of a bit of its provider's that fit.
    Quality,
    /// Its provider names it before its others that fit equally.
    First,
}

impl fmt::Display for ChoiceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "it was asked for",
            Self::OnlyOne => "no other fits",
            Self::Hardware => "it runs on hardware",
            Self::TakenFirst => "it is taken first",
            Self::ProviderOrder => "its provider is asked first",
            Self::Speed => "it is the fastest",
            Self::Quality => "it makes the most quality of a bit",
            Self::First => "its provider names it first",
        })
    }
}

impl fmt::Display for Choice {
    /// `libx264, because its provider is asked first (openh264 would fit; h264_nvenc runs on hardware)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, because {}", self.encoder.id, self.reason)?;
        let others: Vec<_> = self
            .others
            .iter()
            .map(|(id, lack)| match lack {
                Some(lack) => format!("{id} {lack}"),
                None => format!("{id} would fit"),
            })
            .collect();
        if others.is_empty() { Ok(()) } else { write!(f, " ({})", others.join("; ")) }
    }
}
