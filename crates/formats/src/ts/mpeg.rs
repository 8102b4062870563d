use bytes::Bytes;
use reelwright_bitstream::mpeg_video::{PictureKind, SequenceHeader, mpeg2_picture, mpeg4_picture};
use reelwright_media::{CodecConfig, FieldOrder, FourCc, Ratio, Result, VideoCodec, VideoFormat};

use super::units::{Field, MovieTags, Sections};

/// MPEG-1 and MPEG-2 video, and MPEG-4 Visual: stored in samples as they stand in the stream.
#[derive(Debug)]
pub(super) struct Mpeg {
    part4: bool,
    /// The sections in front of the first picture and group, from the first sequence header on.
    headers: Vec<u8>,
    complete: bool,
    has_picture: bool,
    structure: u8,
}

impl Mpeg {
    /// MPEG-4 Visual (`part4`), or its predecessors.
    pub(super) fn new(part4: bool) -> Self {
        Self { part4, headers: Vec::new(), complete: false, has_picture: false, structure: 0 }
    }

    /// Headers are hundreds of bytes; so much is no header.
    const LONGEST: usize = 64 << 10;

    fn header(&self) -> Result<SequenceHeader> {
        match self.part4 {
            true => SequenceHeader::parse_mpeg4(&self.headers),
            false => SequenceHeader::parse_mpeg2(&self.headers),
        }
    }

    /// What the stream is.
    pub(super) fn describe(&self) -> Result<VideoFormat> {
        let header = self.header()?;
        let tag = match header.codec {
            VideoCodec::Mpeg1 => b"mp1v",
            VideoCodec::Mpeg4 => b"mp4v",
            _ => b"mp2v",
        };
        let bytes = Bytes::copy_from_slice(&self.headers);
        Ok(VideoFormat {
            pixel_aspect: header.pixel_aspect.filter(|&aspect| aspect != Ratio::ONE),
            field_order: header.progressive.then_some(FieldOrder::Progressive),
            bit_depth: Some(8),
            config: Some(CodecConfig { kind: FourCc::new(b"esds"), bytes }),
            ..VideoFormat::new(header.codec, FourCc::new(tag), header.size)
        })
    }

    /// Pictures per second, where the stream says.
    pub(super) fn frame_rate(&self) -> Option<Ratio> {
        self.header().ok()?.frame_rate
    }

    /// A section of code 0 loses its first byte's company where all of it is zeros; it is a picture still.
    fn code(section: &[u8]) -> u8 {
        section.first().copied().unwrap_or(0)
    }
}

impl Sections for Mpeg {
    fn begins_unit(&mut self, section: &[u8]) -> bool {
        let begins = match self.part4 {
            // Video objects and layers, visual object sequences, groups, pictures.
            true => matches!(Self::code(section), 0x00..=0x2F | 0xB0 | 0xB3 | 0xB5 | 0xB6),
            // Pictures, sequences, groups.
            false => matches!(Self::code(section), 0x00 | 0xB3 | 0xB8),
        };
        self.has_picture && begins
    }

    fn note(&mut self, section: &[u8]) {
        let code = Self::code(section);
        let (picture, group, first) =
            if self.part4 { (0xB6, 0xB3, code <= 0x2F || code == 0xB0) } else { (0, 0xB8, code == 0xB3) };
        self.has_picture |= code == picture;
        // picture_structure of the picture coding extension (ISO/IEC 13818-2, 6.2.3.1)
        if let (false, [0xB5, first, _, third, ..]) = (self.part4, section)
            && first >> 4 == 8
        {
            self.structure = third & 3;
        }
        let begun = first || !self.headers.is_empty();
        self.complete |= begun && (code == picture || code == group);
        self.complete |= self.headers.len() + section.len() > Self::LONGEST;
        if begun && !self.complete {
            self.headers.extend([0, 0, 1]);
            self.headers.extend(section);
        }
    }

    fn finish(&mut self, unit: &[u8]) -> MovieTags {
        let field = matches!(self.structure, 1 | 2);
        let field =
            field.then_some(Field { bottom: self.structure == 2, frame: 0, reference: true, idr: false });
        (self.has_picture, self.structure) = (false, 0);
        let kind = if self.part4 { mpeg4_picture(unit) } else { mpeg2_picture(unit) };
        MovieTags { sync: kind == Some(PictureKind::I), field, ..MovieTags::default() }
    }
}
