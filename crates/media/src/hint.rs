use std::fmt;

/// The next step for the person who reads an error.
///
/// A step that a program offers under a name of its own, as a command does with its options, is a variant, so that the
/// program can spell it; [`Self::Text`] is for all others. Displayed in the words of this library.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// A build with more codecs, or one more provider in the registry, may decode this; copying needs no decoder.
    AnotherDecoder,
    /// A build with more codecs, or one more provider in the registry, may encode this.
    AnotherEncoder,
    /// Ask less of the encoder, or another one.
    RelaxRequest,
    /// Choose a range inside the movie.
    ChooseRange,
    /// The media is damaged from here on: choose a range that ends before, or get a better copy.
    ShortenRange,
    /// The file is damaged: get a better copy, or copy the track without decoding it.
    CopyTrack,
    /// Something would be lost: allow that, or ask for what holds all of it.
    AllowLosses,
    /// See the table of presets.
    SeePresets,
    /// Anything else, as a sentence without a capital or a full stop.
    Text(String),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AnotherDecoder => {
                "add a provider of codecs that decodes it, or copy the track instead of re-encoding it"
            }
            Self::AnotherEncoder => "add a provider of codecs that encodes it",
            Self::RelaxRequest => "relax the request, or choose one of the encoders there are",
            Self::ChooseRange => "choose a range inside the movie",
            Self::ShortenRange => "copy the file again from where it came from, or leave out what follows",
            Self::CopyTrack => {
                "copy the file again from where it came from, or copy the track without decoding it"
            }
            Self::AllowLosses => {
                "leave strictness off to get the rest, or choose a container or settings that hold all of it"
            }
            Self::SeePresets => "choose one of the table of presets",
            Self::Text(text) => text,
        })
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
