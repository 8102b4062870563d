//! JPEG pictures (ITU-T T.81): what their marker segments say of colour.

use reelwright_media::ColorRange;

/// The range of a picture's values; `picture` may be its beginning alone, up to the first scan.
///
/// JFIF knows no range but the full one. Motion JPEG of video range says so in a comment, `CS=ITU601`; that, and nothing
/// a container says, is what FFmpeg goes by: containers leave the flag of full range unset beside cameras' JPEG.
pub fn range(picture: &[u8]) -> ColorRange {
    let is_video = |body: &[u8]| body.starts_with(b"CS=ITU601");
    let mut segments = segments(picture);
    if segments.any(|(marker, body)| marker == 0xFE && is_video(body)) {
        ColorRange::Video
    } else {
        ColorRange::Full
    }
}

/// Markers and bodies of the segments in front of the first scan (T.81, B.1.1).
fn segments(picture: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest: &[u8] = picture.strip_prefix(&[0xFF, 0xD8]).unwrap_or_default();
    std::iter::from_fn(move || {
        // Any number of 0xFF may stand in front of a marker.
        while rest.starts_with(&[0xFF, 0xFF]) {
            rest = &rest[1..];
        }
        let &[0xFF, marker, high, low] = rest.first_chunk::<4>()? else { return None };
        let (segment, tail) = rest[2..].split_at_checked(u16::from_be_bytes([high, low]).into())?;
        rest = tail;
        // A scan is followed by coded data.
        (marker != 0xDA).then_some((marker, segment.get(2..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::for_each_damage;

    #[test]
    fn a_comment_tells_video_range() {
        let comment = |text: &[u8]| {
            let start = [0xFF, 0xD8, 0xFF, 0xE0, 0, 3, 7, 0xFF, 0xFF, 0xFE, 0, 11];
            [&start, text, &[0xFF, 0xDA, 0, 2]].concat()
        };
        let sound = comment(b"CS=ITU601");
        assert_eq!((range(&sound), range(&comment(b"CS=ITU602"))), (ColorRange::Video, ColorRange::Full));
        assert_eq!(range(&sound[..sound.len() - 5]), ColorRange::Full);
        let behind = [&[0xFF, 0xD8, 0xFF, 0xDA, 0, 2][..], &sound[2..]].concat();
        assert_eq!(range(&behind), ColorRange::Full);
        for_each_damage(&sound, 1000, |bytes| {
            range(bytes);
        });
    }
}
