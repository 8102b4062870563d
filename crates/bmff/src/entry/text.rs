//! Sample entries of text made anew: QuickTime's and 3GPP's.

use reelwright_media::{BoxFamily, FourCc, SampleEntry, Size};

use crate::Writer;

/// `displayFlags` of 3GPP timed text: some samples are shown though subtitles are off (QuickTime File Format, "Subtitle
/// sample description").
pub const SOME_FORCED: u32 = 0x4000_0000;

/// `displayFlags` of 3GPP timed text: all samples are.
pub const ALL_FORCED: u32 = 0x8000_0000;

/// The entry of 3GPP timed text (`tx3g`; 3GPP TS 26.245, 5.16) for a track of `size`: white, centred at its lower edge. Its
/// bytes are the same in both families.
pub fn timed_text(display_flags: u32, size: Size, family: BoxFamily) -> SampleEntry {
    const CENTRE: u8 = 1;
    const LOWER_EDGE: u8 = 0xFF;
    let pixels = |count: u32| u16::try_from(count).unwrap_or(0x7FFF).min(0x7FFF);
    let mut w = Writer::new();
    w.write_box(b"tx3g", |w| {
        head(w);
        w.u32(display_flags);
        w.bytes(&[CENTRE, LOWER_EDGE]);
        w.zeros(4);
        w.u16(0);
        w.u16(0);
        w.u16(pixels(size.height));
        w.u16(pixels(size.width));
        // From character 0 to 0, font 1.
        w.u16(0);
        w.u16(0);
        w.u16(1);
        w.bytes(&[0, LETTERS]);
        w.bytes(&[0xFF; 4]);
        w.write_box(b"ftab", |w| {
            w.u16(1);
            w.u16(1);
            w.u8(5);
            w.bytes(b"Arial");
        });
    });
    SampleEntry { family, bytes: w.into_bytes().into() }
}

/// The height of letters in pixels of their track: what tools that know no other size take for the usual one.
pub const LETTERS: u8 = 16;

/// The entry of QuickTime's text (QuickTime File Format, "Text sample description"), as chapter lists have it in both
/// families.
pub fn plain_text(family: BoxFamily) -> SampleEntry {
    let mut w = Writer::new();
    w.write_box(b"text", |w| {
        head(w);
        // Flags, justification; a black ground; an empty box; reserved; font, face, reserved.
        w.zeros(4 + 4 + 6 + 8 + 8 + 2 + 2 + 3);
        for _ in 0..3 {
            w.u16(0xFFFF);
        }
        // The font's name.
        w.u8(0);
    });
    SampleEntry { family, bytes: w.into_bytes().into() }
}

/// The entry for samples of `tag` of which nothing else is known; `None` where that isn't enough.
pub(super) fn usual(tag: FourCc, family: BoxFamily) -> Option<SampleEntry> {
    match &tag.0 {
        b"tx3g" => Some(timed_text(0, Size::new(0, 0), family)),
        b"text" => Some(plain_text(family)),
        _ => None,
    }
}

fn head(w: &mut Writer) {
    w.zeros(6);
    w.u16(1);
}
