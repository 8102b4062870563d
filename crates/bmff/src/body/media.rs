use bytes::Bytes;
use reelwright_media::{BoxFamily, FourCc, Result};

use crate::declare::{Rest, Wide, declare};
use crate::{BoxBody, Fields, Reader, Writer};

declare! {
    /// Media header (ISO/IEC 14496-12, 8.4.2).
    full MediaHeader = b"mdhd" {
        /// Seconds since 1904-01-01 UTC.
        creation_time: u64 as Wide,
        /// Seconds since 1904-01-01 UTC.
        modification_time: u64 as Wide,
        /// Ticks per second of the media.
        timescale: u32,
        /// Length of the media, in ticks.
        duration: u64 as Wide,
        /// Packed language ([`reelwright_media::Language::from_packed`]).
        language: u16,
        /// QuickTime: playback quality; else zero.
        quality: u16,
    }

    /// Handler reference (ISO/IEC 14496-12, 8.4.3; QuickTime File Format, "Handler reference atoms"); in `mdia`,
    /// `meta` and, for QuickTime, `minf`.
    full Handler = b"hdlr" {
        /// QuickTime: `mhlr` for a media handler, `dhlr` for a data handler; else zero.
        component: FourCc,
        /// What the track carries.
        handler: FourCc,
        /// QuickTime: who made the handler; else zero.
        manufacturer: FourCc,
        /// Zero.
        component_flags: u32,
        /// Zero.
        component_flags_mask: u32,
        /// The name as stored; [`Handler::name`] decodes it.
        raw_name: Bytes as Rest,
    }

    /// Video media header (ISO/IEC 14496-12, 12.1.2); flags are 1.
    full VideoMediaHeader = b"vmhd" {
        /// 0 copy; QuickTime: 0x40 dither copy.
        graphics_mode: u16,
        /// Red, green, blue for modes that need a colour.
        op_color: [u16; 3],
    }

    /// Sound media header (ISO/IEC 14496-12, 12.2.2).
    full SoundMediaHeader = b"smhd" {
        /// 8.8, -1 left to 1 right.
        balance: i16,
        /// Zero.
        reserved: u16,
    }

    /// Null media header (ISO/IEC 14496-12, 8.4.5.2).
    full NullMediaHeader = b"nmhd" {}

    /// Subtitle media header (ISO/IEC 14496-12, 12.6.2).
    full SubtitleMediaHeader = b"sthd" {}

    /// Base media information (QuickTime File Format, "Base media info atoms"); in `gmhd`.
    full GenericMediaInfo = b"gmin" {
        /// 0x40: dither copy.
        graphics_mode: u16,
        /// Red, green, blue.
        op_color: [u16; 3],
        /// 8.8, -1 left to 1 right.
        balance: i16,
        /// Zero.
        reserved: u16,
    }

    /// Timecode media information (QuickTime File Format, "Timecode media information atom"); in `gmhd/tmcd`.
    full TimecodeMediaInfo = b"tcmi" {
        /// Font number; 0 system.
        font: u16,
        /// Style bits.
        face: u16,
        /// Points.
        size: u16,
        /// Zero.
        reserved: u16,
        /// Red, green, blue.
        text_color: [u16; 3],
        /// Red, green, blue.
        background_color: [u16; 3],
        /// Pascal string.
        font_name: Bytes as Rest,
    }
}

impl Handler {
    /// The handler `handler` named `name` as `family` writes it in `mdia`: QuickTime as a component of Apple's with
    /// a Pascal string of at most 255 bytes, ISO with a zero-terminated one.
    pub fn new(family: BoxFamily, handler: FourCc, name: &str) -> Self {
        let (component, manufacturer, raw_name) = match family {
            BoxFamily::QuickTime => {
                let end = (0..=name.len().min(255)).rev().find(|&end| name.is_char_boundary(end));
                let name = &name.as_bytes()[..end.unwrap_or(0)];
                let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
                (FourCc::new(b"mhlr"), FourCc::new(b"appl"), [&[length], name].concat())
            }
            BoxFamily::Iso => {
                let name: Vec<u8> = name.bytes().take_while(|&byte| byte != 0).chain([0]).collect();
                (FourCc::default(), FourCc::default(), name)
            }
        };
        Self { component, handler, manufacturer, raw_name: raw_name.into(), ..Self::default() }
    }

    /// The name: a Pascal string where the first byte counts the rest (QuickTime, also many MP4 files), else up to the
    /// first zero.
    pub fn name(&self) -> String {
        let name = match self.raw_name.split_first() {
            Some((&length, rest)) if self.component.0 != [0; 4] && usize::from(length) <= rest.len() => {
                &rest[..usize::from(length)]
            }
            Some((&length, rest)) if length < b' ' && usize::from(length) == rest.len() => rest,
            _ => &self.raw_name[..],
        };
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }
}

/// Extended language tag (ISO/IEC 14496-12, 8.4.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedLanguage {
    /// BCP 47.
    pub tag: String,
}

impl BoxBody for ExtendedLanguage {
    const KIND: FourCc = FourCc::new(b"elng");

    /// Also reads the plain box, without version and flags, that some packagers write.
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        if r.peek().first() == Some(&0) {
            r.version_and_flags()?;
        }
        Ok(Self { tag: String::from_utf8_lossy(r.until_zero()).into_owned() })
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(0, 0);
        w.bytes(self.tag.as_bytes());
        w.u8(0);
    }

    fn fields(&self) -> Fields {
        Fields::default().with("tag", &self.tag)
    }
}

/// Data references (ISO/IEC 14496-12, 8.7.2); in `dinf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataReferences {
    /// Version as stored.
    pub version: u8,
    /// Flags, 24 bits.
    pub flags: u32,
    /// The references; sample entries count them from 1.
    pub entries: Vec<DataReference>,
}

/// Where the samples of a track are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataReference {
    /// `url `, `urn `, or QuickTime's `alis`.
    pub kind: FourCc,
    /// Version as stored.
    pub version: u8,
    /// Flags; 1: in this file.
    pub flags: u32,
    /// The location: a zero-terminated string, or an alias record.
    pub location: Bytes,
}

impl DataReference {
    /// This file, as `family` says it: `url ` or `alis`.
    pub fn this_file(family: BoxFamily) -> Self {
        let kind = match family {
            BoxFamily::QuickTime => FourCc::new(b"alis"),
            BoxFamily::Iso => FourCc::new(b"url "),
        };
        Self { kind, version: 0, flags: 1, location: Bytes::new() }
    }

    /// Whether the samples are in the same file.
    pub fn is_this_file(&self) -> bool {
        self.flags & 1 == 1
    }
}

impl BoxBody for DataReferences {
    const KIND: FourCc = FourCc::new(b"dref");

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (version, flags) = r.version_and_flags()?;
        let stated = usize::try_from(r.u32()?).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        for child in r.boxes().take(stated) {
            let child = child?;
            let mut body = child.body();
            let (version, flags) = body.version_and_flags()?;
            entries.push(DataReference { kind: child.kind(), version, flags, location: body.rest() });
        }
        r.rest();
        Ok(Self { version, flags, entries })
    }

    fn write(&self, w: &mut Writer) {
        w.version_and_flags(self.version, self.flags);
        w.u32(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        for entry in &self.entries {
            w.full_box(entry.kind, entry.version, entry.flags, |w| w.bytes(&entry.location));
        }
    }

    fn fields(&self) -> Fields {
        let show = |entry: &DataReference| {
            let location = match entry.is_this_file() {
                true => "this file".into(),
                false => String::from_utf8_lossy(&entry.location).trim_end_matches('\0').to_string(),
            };
            format!("'{}' {location}", entry.kind)
        };
        Fields::default().with("entries", self.entries.iter().map(show).collect::<Vec<_>>().join(", "))
    }
}
