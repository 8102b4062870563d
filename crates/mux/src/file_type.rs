use reelwright_bmff::{entry, metadata};
use reelwright_media::{
    AudioCodec, BoxFamily, Error, ErrorKind, FormatDescription, FourCc, MediaType, MetadataItem, Result,
    VideoCodec,
};

/// The kinds of file a muxer writes. `AVFileType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileType {
    /// QuickTime movie: `.mov`.
    Mov,
    /// MPEG-4: `.mp4`.
    Mp4,
    /// iTunes video, an MPEG-4 file under another brand: `.m4v`.
    M4v,
    /// iTunes audio, an MPEG-4 file of sound alone: `.m4a`.
    M4a,
    /// An audio book: the same under another brand, by which players keep their place in it: `.m4b`.
    M4b,
}

impl FileType {
    /// Every type there is.
    pub const ALL: [Self; 5] = [Self::Mov, Self::Mp4, Self::M4v, Self::M4a, Self::M4b];

    /// The uniform type identifier: `AVFileType`'s raw value.
    pub const fn uti(self) -> &'static str {
        match self {
            Self::Mov => "com.apple.quicktime-movie",
            Self::Mp4 => "public.mpeg-4",
            Self::M4v => "com.apple.m4v-video",
            Self::M4a => "com.apple.m4a-audio",
            // AVFoundation writes none; this is the type that systems give the extension.
            Self::M4b => "com.apple.protected-mpeg-4-audio-b",
        }
    }

    /// File name extensions, the usual one first, without the dot.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Mov => &["mov", "qt"],
            Self::Mp4 => &["mp4"],
            Self::M4v => &["m4v"],
            Self::M4a => &["m4a"],
            Self::M4b => &["m4b"],
        }
    }

    /// The type that goes by this extension, whatever its case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        let known = |kind: &Self| kind.extensions().iter().any(|name| name.eq_ignore_ascii_case(extension));
        Self::ALL.into_iter().find(known)
    }

    /// The name people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mov => "QuickTime movie",
            Self::Mp4 => "MP4",
            Self::M4v => "M4V",
            Self::M4a => "M4A",
            Self::M4b => "M4B",
        }
    }

    /// The family of box layout.
    pub const fn family(self) -> BoxFamily {
        match self {
            Self::Mov => BoxFamily::QuickTime,
            Self::Mp4 | Self::M4v | Self::M4a | Self::M4b => BoxFamily::Iso,
        }
    }

    /// The media types a writer can be given. `availableMediaTypes`. A copy may carry more: see [`Self::accepts`].
    pub const fn media_types(self) -> &'static [MediaType] {
        match self {
            Self::Mov => &[
                MediaType::Video,
                MediaType::Audio,
                MediaType::Text,
                MediaType::Subtitle,
                MediaType::ClosedCaption,
                MediaType::Timecode,
                MediaType::Metadata,
            ],
            Self::Mp4 | Self::M4v => &[
                MediaType::Video,
                MediaType::Audio,
                MediaType::Text,
                MediaType::Subtitle,
                MediaType::ClosedCaption,
            ],
            Self::M4a | Self::M4b => &[MediaType::Audio, MediaType::Text],
        }
    }

    /// Major brand, its version, and the compatible brands every file of the type has.
    pub(crate) const fn brands(self) -> (FourCc, u32, &'static [&'static [u8; 4]]) {
        match self {
            Self::Mov => (FourCc::new(b"qt  "), 0, &[b"qt  "]),
            Self::Mp4 => (FourCc::new(b"mp42"), 1, &[b"isom", b"mp41", b"mp42"]),
            Self::M4v => (FourCc::new(b"M4V "), 1, &[b"M4V ", b"mp42", b"isom"]),
            Self::M4a => (FourCc::new(b"M4A "), 0, &[b"M4A ", b"mp42", b"isom"]),
            Self::M4b => (FourCc::new(b"M4B "), 0, &[b"M4B ", b"M4A ", b"mp42", b"isom"]),
        }
    }

    /// Whether a track of `format` can be stored. `canApply(outputSettings:forMediaType:)`; touches nothing.
    ///
    /// What came out of a file of the same family may always go back into one (into M4A and M4B all but video).
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Unsupported`] with the reason, and what would take it.
    pub fn accepts(self, format: &FormatDescription) -> Result<()> {
        let sound_alone = matches!(self, Self::M4a | Self::M4b);
        if let FormatDescription::Video(video) = format
            && sound_alone
        {
            return Err(self.refuses(&video.codec.name(), "it holds sound alone", "MP4 or MOV"));
        }
        let native = format.entry().is_some_and(|entry| entry.family == self.family());
        if !native {
            self.accepts_codec(format)?;
        }
        // What has a place in the standard must also be describable with what is known of it.
        entry::write(format, self.family()).map(|_| ()).map_err(incomplete)
    }

    /// The facts about a movie, or with `of_track` about a track, that a file of this type has no place for.
    pub fn placeless(self, items: &[MetadataItem], of_track: bool) -> Vec<MetadataItem> {
        let level = if of_track { metadata::Level::Track } else { metadata::Level::Movie };
        metadata::write(items, self.family(), level).dropped
    }

    fn accepts_codec(self, format: &FormatDescription) -> Result<()> {
        let iso = self.family() == BoxFamily::Iso;
        match format {
            FormatDescription::Video(video) => match video.codec {
                VideoCodec::ProRes | VideoCodec::Png | VideoCodec::Other(_) if iso => {
                    Err(self.refuses(&video.codec.name(), "it has no place in MPEG-4 files", "MOV"))
                }
                _ => Ok(()),
            },
            FormatDescription::Audio(audio) => match audio.codec {
                AudioCodec::Ima4 | AudioCodec::Ulaw | AudioCodec::Alaw | AudioCodec::Other(_) if iso => {
                    Err(self.refuses(&audio.codec.name(), "it has no place in MPEG-4 files", "MOV"))
                }
                AudioCodec::Opus | AudioCodec::Vorbis | AudioCodec::Flac | AudioCodec::Usac if !iso => Err(
                    self.refuses(&audio.codec.name(), "no QuickTime sample entry is defined for it", "MP4"),
                ),
                _ => Ok(()),
            },
            FormatDescription::Data(data) if iso => self.accepts_data(data.media, data.tag),
            FormatDescription::Data(_) => Ok(()),
        }
    }

    fn accepts_data(self, media: MediaType, tag: FourCc) -> Result<()> {
        match &tag.0 {
            b"tx3g" | b"wvtt" | b"stpp" | b"c608" | b"text" if self.media_types().contains(&media) => Ok(()),
            _ => Err(self.refuses(&format!("{media} ('{tag}')"), "it has no place in MPEG-4 files", "MOV")),
        }
    }

    fn refuses(self, what: &str, why: &str, instead: &str) -> Error {
        Error::unsupported(format!("{} can't hold {what}: {why}", self.name()))
            .with_hint(format!("write {instead}, or leave the track out"))
    }
}

/// A description that lacks something is as much as its file said: nobody's misuse.
fn incomplete(error: Error) -> Error {
    match (error.kind(), error.hint()) {
        (ErrorKind::Misuse, Some(hint)) => Error::unsupported(error.message()).with_hint(hint.clone()),
        (ErrorKind::Misuse, None) => Error::unsupported(error.message()),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use reelwright_media::{Size, VideoFormat};

    use super::*;

    fn video(codec: VideoCodec) -> FormatDescription {
        FormatDescription::Video(VideoFormat::new(codec, FourCc::new(b"test"), Size::new(64, 64)))
    }

    #[test]
    fn refusals_name_a_way_out() {
        let error = FileType::Mp4.accepts(&video(VideoCodec::ProRes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.hint().unwrap().to_string().contains("MOV"));
        FileType::Mov.accepts(&video(VideoCodec::ProRes)).unwrap();
        FileType::Mp4.accepts(&video(VideoCodec::Jpeg)).unwrap();
        FileType::M4a.accepts(&video(VideoCodec::H264)).unwrap_err();
        // What a file doesn't say is no caller's mistake.
        let incomplete = FileType::Mp4.accepts(&video(VideoCodec::H264)).unwrap_err();
        assert_eq!(incomplete.kind(), ErrorKind::Unsupported);
        assert!(incomplete.message().contains("avcC"));
    }

    #[test]
    fn extensions_find_their_type() {
        assert_eq!(FileType::from_extension("MOV"), Some(FileType::Mov));
        assert_eq!(FileType::from_extension("m4a"), Some(FileType::M4a));
        assert_eq!(FileType::from_extension("M4B"), Some(FileType::M4b));
        assert_eq!(FileType::from_extension("mkv"), None);
    }
}
