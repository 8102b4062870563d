use bytes::Bytes;

use crate::VideoFormat;

impl VideoFormat {
    /// The parameter sets that stand in the configuration of an H.264 or HEVC stream, without start codes or lengths, in
    /// its order; none where the codec has none, or the configuration is cut off.
    ///
    /// `avcC` and `hvcC`: ISO/IEC 14496-15, 5.3.3 and 8.3.3. `CMVideoFormatDescriptionGetH264ParameterSetAtIndex`.
    pub fn parameter_sets(&self) -> Vec<Bytes> {
        let Some(config) = &self.config else { return Vec::new() };
        let sets = match &config.kind.0 {
            b"avcC" => avc_sets(&config.bytes),
            b"hvcC" => hevc_sets(&config.bytes),
            _ => None,
        };
        sets.unwrap_or_default()
    }

    /// How many bytes hold the length of each NAL unit of a sample: 1, 2 or 4. `None` for streams not made of such units.
    pub fn nal_length_size(&self) -> Option<usize> {
        let config = self.config.as_ref()?;
        let at = match &config.kind.0 {
            b"avcC" => 4,
            b"hvcC" => 21,
            _ => return None,
        };
        config.bytes.get(at).map(|byte| usize::from(byte & 3) + 1)
    }
}

fn avc_sets(bytes: &Bytes) -> Option<Vec<Bytes>> {
    let mut rest = bytes.get(5..).map(|rest| bytes.slice_ref(rest))?;
    let mut sets = Vec::new();
    for mask in [0x1F, 0xFF] {
        let count = take(&mut rest, 1)?[0] & mask;
        for _ in 0..count {
            sets.push(sized(&mut rest)?);
        }
    }
    Some(sets)
}

fn hevc_sets(bytes: &Bytes) -> Option<Vec<Bytes>> {
    let mut rest = bytes.get(22..).map(|rest| bytes.slice_ref(rest))?;
    let mut sets = Vec::new();
    for _ in 0..take(&mut rest, 1)?[0] {
        let head = take(&mut rest, 3)?;
        for _ in 0..u16::from_be_bytes([head[1], head[2]]) {
            sets.push(sized(&mut rest)?);
        }
    }
    Some(sets)
}

/// The next unit and its length of 16 bits in front.
fn sized(rest: &mut Bytes) -> Option<Bytes> {
    let length = take(rest, 2)?;
    take(rest, usize::from(u16::from_be_bytes([length[0], length[1]])))
}

fn take(rest: &mut Bytes, count: usize) -> Option<Bytes> {
    (count <= rest.len()).then(|| rest.split_to(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodecConfig, FourCc, Size, VideoCodec};

    fn format(kind: &[u8; 4], bytes: &[u8]) -> VideoFormat {
        let config = CodecConfig { kind: FourCc::new(kind), bytes: Bytes::copy_from_slice(bytes) };
        let codec = if kind == b"avcC" { VideoCodec::H264 } else { VideoCodec::Hevc };
        VideoFormat {
            config: Some(config),
            ..VideoFormat::new(codec, FourCc::new(b"test"), Size::new(16, 16))
        }
    }

    #[test]
    fn sets_come_in_order_and_a_configuration_that_is_cut_off_has_none() {
        let avc = [1, 66, 0, 30, 0xFF, 0xE1, 0, 2, 0x67, 1, 2, 0, 1, 0x68, 0, 1, 0x68];
        let whole = format(b"avcC", &avc);
        assert_eq!(whole.parameter_sets(), [&[0x67, 1][..], &[0x68], &[0x68]]);
        assert_eq!(whole.nal_length_size(), Some(4));
        let mut hevc = vec![0; 21];
        hevc.extend([0xFD, 2, 0x20, 0, 1, 0, 1, 0x40, 0x21, 0, 2, 0, 1, 0x42, 0, 0]);
        let whole = format(b"hvcC", &hevc);
        assert_eq!(whole.parameter_sets(), [&[0x40][..], &[0x42], &[]]);
        assert_eq!(whole.nal_length_size(), Some(2));
        for length in 0..avc.len() {
            assert_eq!(format(b"avcC", &avc[..length]).parameter_sets(), Vec::<Bytes>::new(), "{length}");
        }
        for length in 0..hevc.len() {
            assert!(format(b"hvcC", &hevc[..length]).parameter_sets().is_empty(), "{length}");
        }
        assert_eq!(
            VideoFormat::new(VideoCodec::Vp9, FourCc::new(b"vp09"), Size::new(2, 2)).nal_length_size(),
            None
        );
    }
}
