//! The streams of an Opus packet with more than two channels (RFC 7845, 3): all but the last are self-delimited
//! (RFC 6716, appendix B).

use std::borrow::Cow;

use reelwright_media::{Error, Result};

/// The packets of `count` streams, each as a decoder of one stream takes it.
///
/// # Errors
///
/// Where the packet ends within a stream.
pub(crate) fn split(packet: &[u8], count: usize) -> Result<Vec<Cow<'_, [u8]>>> {
    let cut = || Error::truncated("an Opus packet ends within one of its streams");
    let mut rest = packet;
    let mut streams = Vec::new();
    for _ in 1..count {
        let (stream, next) = delimited(rest).ok_or_else(cut)?;
        streams.push(Cow::Owned(stream));
        rest = next;
    }
    streams.push(Cow::Borrowed(rest));
    Ok(streams)
}

/// The first packet of `bytes` without the length that delimits it, and what follows.
fn delimited(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (&config, &second) = (bytes.first()?, bytes.get(1)?);
    // Where the length is that only this framing has, and the bytes of frames and padding but for the last frame, or of
    // all but one where all are alike.
    let (at, others, alike) = match config & 3 {
        0 => (1, 0, 1),
        1 => (1, 0, 2),
        2 => {
            let (first, used) = length(bytes.get(1..)?)?;
            (1 + used, first, 1)
        }
        _ => {
            let (mut at, mut others) = (2, 0);
            if second & 0x40 != 0 {
                loop {
                    let byte = usize::from(*bytes.get(at)?);
                    at += 1;
                    others += byte.min(254);
                    if byte < 255 {
                        break;
                    }
                }
            }
            let frames = usize::from(second & 0x3F);
            let varies = second & 0x80 != 0;
            for _ in 1..if varies { frames } else { 0 } {
                let (frame, used) = length(bytes.get(at..)?)?;
                (at, others) = (at + used, others + frame);
            }
            (at, others, if varies { 1 } else { frames })
        }
    };
    let (last, used) = length(bytes.get(at..)?)?;
    let body = bytes.get(at + used..)?;
    let size = others + last * alike;
    let stream = [&bytes[..at], body.get(..size)?].concat();
    Some((stream, &body[size..]))
}

/// The length of a frame, and in how many bytes it stands (RFC 6716, 3.2.1).
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    match usize::from(*bytes.first()?) {
        first @ 0..252 => Some((first, 1)),
        first => Some((first + 4 * usize::from(*bytes.get(1)?), 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_framing_is_undone() {
        // Length fields that only delimit are 3, 2, 1 and 2.
        let one = [0xF8, 3, 1, 2, 3];
        let two_alike = [0xF9, 2, 1, 2, 3, 4];
        let two = [0xFA, 2, 1, 9, 8, 7];
        let many_alike = [0xFB, 0x42, 2, 2, 1, 2, 3, 4, 0, 0];
        let many = [0xFB, 0x82, 1, 2, 7, 8, 9];
        let last = [0xF8, 5, 5];
        let packet = [&one[..], &two_alike[..], &two[..], &many_alike[..], &many[..], &last[..]].concat();
        let expected: [&[u8]; 6] = [
            &[0xF8, 1, 2, 3],
            &[0xF9, 1, 2, 3, 4],
            &[0xFA, 2, 9, 8, 7],
            &[0xFB, 0x42, 2, 1, 2, 3, 4, 0, 0],
            &[0xFB, 0x82, 1, 7, 8, 9],
            &[0xF8, 5, 5],
        ];
        assert_eq!(split(&packet, 6).unwrap(), expected);
        assert!((0..packet.len() - last.len()).all(|end| split(&packet[..end], 6).is_err()));
        assert_eq!(split(&last, 1).unwrap(), [&last[..]]);
    }

    #[test]
    fn long_frames_have_two_bytes_of_length() {
        let mut packet = vec![0xF8, 252, 1];
        packet.extend([7; 256]);
        packet.extend([0xF8, 1]);
        let streams = split(&packet, 2).unwrap();
        assert_eq!((streams[0].len(), &streams[1][..]), (257, &[0xF8, 1][..]));
    }
}
