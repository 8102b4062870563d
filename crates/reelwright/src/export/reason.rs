use std::fmt;

use reelwright_media::Size;

/// Why a track is copied, encoded or left out: the same in plan and report. [`fmt::Display`] gives a clause that can follow
/// the track's name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    // Copied.
    /// Nothing was asked of it.
    Copied,
    /// It is what the preset makes already.
    Fits,
    /// Its texts are stored as 3GPP timed text.
    TimedText,
    /// It can't be decoded, and the container holds it as it is: what the registry says.
    CopiedUndecodable(String),

    // Encoded.
    /// [`ExportOptions::reencode`](super::ExportOptions::reencode) is set.
    ReencodingAsked,
    /// Settings were given that only an encode can follow.
    SettingsAsked,
    /// It has another codec than the output's.
    Codec {
        /// The source's.
        is: String,
        /// The output's.
        wanted: String,
    },
    /// The container can't hold it: its words.
    Refused(String),
    /// Its samples have several formats.
    ChangesFormat,
    /// Its pixels are turned.
    Turned,
    /// Its picture is made smaller, or square.
    Scaled {
        /// As coded.
        from: Size,
        /// As it will be.
        to: Size,
    },
    /// HDR becomes SDR.
    ToneMapped,
    /// Its colours are converted.
    ColorConverted,
    /// It has more than 8 bits a component.
    BitDepth,
    /// Its chroma is stored in another way than 4:2:0.
    Chroma {
        /// How: `4:2:2`, `4:4:4`, or `4:0:0` where there is none.
        is: String,
    },
    /// It is coded in a profile that few players have, such as those of lossless pictures.
    Profile {
        /// Its name.
        is: String,
    },
    /// It has more frames a second than allowed.
    FrameRate,
    /// It takes more bits a second than allowed.
    BitRate {
        /// The source's, in bits per second.
        is: u32,
        /// The most, in bits per second.
        most: u32,
        /// Whether the caller gave the limit, rather than the preset.
        asked: bool,
    },
    /// The wanted range begins inside, and only an encode can begin anywhere.
    Cut,
    /// Its edit list is more than one stretch at normal speed.
    Edits,
    /// Its AAC is of another kind than low complexity.
    AacProfile,
    /// It has more frames of sound a second than allowed.
    SampleRate {
        /// The source's.
        is: u32,
        /// The most.
        most: u32,
    },
    /// It has more channels than allowed.
    Channels {
        /// The source's.
        are: u16,
        /// The most.
        most: u16,
    },
    /// So many tracks become one.
    Mixed(usize),
    /// It becomes part of the track made of that source track.
    MixedInto(u32),

    // Left out.
    /// Tracks of its kind, or it itself, were not asked for.
    NotAsked,
    /// It lists the movie's chapters, which the output's muxer writes anew.
    ChaptersAnew,
    /// It has no samples.
    Empty,
    /// The input ends before the first of its samples; it lists so many.
    NothingPresent(u64),
    /// Nothing says what its samples are.
    NoDescription,
    /// Its sample description is one of another kind of media.
    WrongDescription,
    /// It is encrypted.
    Encrypted,
    /// A hint track: it describes packets of the file it was in.
    Hint,
    /// Its edit list shows nothing of it.
    NothingShown,
    /// Nothing of it is in the wanted range.
    OutOfRange,
    /// Another video track is the main one.
    NotMain,
    /// It is an alternative to a track that is exported.
    Alternative,
    /// It is disabled.
    Disabled,
    /// It can't be decoded, and another track stands in: what the registry says.
    Undecodable(String),
}

impl Reason {
    /// Whether a track left out for it takes nothing along that anybody asked for: it was not wanted, or is empty.
    pub fn loses_nothing(&self) -> bool {
        matches!(
            self,
            Self::NotAsked | Self::ChaptersAnew | Self::Empty | Self::NothingShown | Self::OutOfRange
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copied => f.write_str("copied as it is"),
            Self::TimedText => f.write_str("its texts become 3GPP timed text"),
            Self::Fits => f.write_str("it fits the preset as it is"),
            Self::CopiedUndecodable(why) => write!(f, "copied as it is: {why}"),
            Self::ReencodingAsked => f.write_str("re-encoding was asked for"),
            Self::SettingsAsked => f.write_str("encoding settings were asked for"),
            Self::Codec { is, wanted } => write!(f, "it is {is}, not {wanted}"),
            Self::Refused(why) => f.write_str(why),
            Self::ChangesFormat => f.write_str("it changes its format on the way"),
            Self::Turned => f.write_str("its pixels are turned upright"),
            Self::Scaled { from, to } => write!(f, "it is scaled from {from} to {to}"),
            Self::ToneMapped => f.write_str("HDR becomes SDR"),
            Self::ColorConverted => f.write_str("its colours are converted"),
            Self::BitDepth => f.write_str("it has more than 8 bits a component"),
            Self::Chroma { is } => write!(f, "its chroma is {is}, not 4:2:0"),
            Self::Profile { is } => write!(f, "few players have its profile, {is}"),
            Self::FrameRate => f.write_str("it has too many frames per second"),
            Self::BitRate { is, most, asked } => {
                let (is, most) = (is / 1000, most / 1000);
                match asked {
                    true => write!(f, "its {is} kbit/s exceed the {most} asked for"),
                    false => write!(f, "its {is} kbit/s exceed the preset's {most}"),
                }
            }
            Self::Cut => f.write_str("the cut is exact only when it is encoded"),
            Self::Edits => f.write_str("its edit list is resolved"),
            Self::AacProfile => f.write_str("it is not AAC-LC"),
            Self::SampleRate { is, most } => write!(f, "{is} Hz is above {most}"),
            Self::Channels { are, most } => write!(f, "{are} channels are mixed down to {most}"),
            Self::Mixed(count) => write!(f, "{count} tracks are mixed"),
            Self::MixedInto(track) => write!(f, "mixed into the sound of track {track}"),
            Self::NotAsked => f.write_str("it was not asked for"),
            Self::ChaptersAnew => f.write_str("its chapters are written anew"),
            Self::Empty => f.write_str("it has no samples"),
            Self::NothingPresent(count) => {
                write!(f, "not one of its {count} samples is in the input")
            }
            Self::NoDescription => f.write_str("the input doesn't say what its samples are"),
            Self::WrongDescription => f.write_str("its sample description is one of another kind of media"),
            Self::Encrypted => {
                f.write_str("it is encrypted, and what decrypting takes lies outside of its samples")
            }
            Self::Hint => f.write_str("a hint track describes packets of the file it was in"),
            Self::NothingShown => f.write_str("its edit list shows nothing of it"),
            Self::OutOfRange => f.write_str("nothing of it is in the wanted range"),
            Self::NotMain => f.write_str("only the main video track is exported"),
            Self::Alternative => f.write_str("it is an alternative to an exported track"),
            Self::Disabled => f.write_str("it is disabled"),
            Self::Undecodable(why) => write!(f, "another track stands in for it: {why}"),
        }
    }
}
