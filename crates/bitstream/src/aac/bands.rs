//! Scale factor bands by sample rate (ISO/IEC 14496-3, 4.5.4), and what temporal noise shaping may cover.

/// Lines of a long block.
pub const LONG: usize = 1024;
/// Lines of each of the eight windows of a block of short windows.
pub const SHORT: usize = 128;

const LONG_96: &[u16] = &[
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 156,
    172, 188, 212, 240, 276, 320, 384, 448, 512, 576, 640, 704, 768, 832, 896, 960, 1024,
];
const LONG_64: &[u16] = &[
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 64, 72, 80, 88, 100, 112, 124, 140, 156, 172,
    192, 216, 240, 268, 304, 344, 384, 424, 464, 504, 544, 584, 624, 664, 704, 744, 784, 824, 864, 904, 944,
    984, 1024,
];
const LONG_48: &[u16] = &[
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160, 176, 196,
    216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832,
    864, 896, 928, 1024,
];
const LONG_32: &[u16] = &[
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 88, 96, 108, 120, 132, 144, 160, 176, 196,
    216, 240, 264, 292, 320, 352, 384, 416, 448, 480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800, 832,
    864, 896, 928, 960, 992, 1024,
];
const LONG_24: &[u16] = &[
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 52, 60, 68, 76, 84, 92, 100, 108, 116, 124, 136, 148, 160,
    172, 188, 204, 220, 240, 260, 284, 308, 336, 364, 396, 432, 468, 508, 552, 600, 652, 704, 768, 832, 896,
    960, 1024,
];
const LONG_16: &[u16] = &[
    0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 100, 112, 124, 136, 148, 160, 172, 184, 196, 212, 228, 244,
    260, 280, 300, 320, 344, 368, 396, 424, 456, 492, 532, 572, 616, 664, 716, 772, 832, 896, 960, 1024,
];
const LONG_8: &[u16] = &[
    0, 12, 24, 36, 48, 60, 72, 84, 96, 108, 120, 132, 144, 156, 172, 188, 204, 220, 236, 252, 268, 288, 308,
    328, 348, 372, 396, 420, 448, 476, 508, 544, 580, 620, 664, 712, 764, 820, 880, 944, 1024,
];
const SHORT_96: &[u16] = &[0, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 92, 128];
const SHORT_48: &[u16] = &[0, 4, 8, 12, 16, 20, 28, 36, 44, 56, 68, 80, 96, 112, 128];
const SHORT_24: &[u16] = &[0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 64, 76, 92, 108, 128];
const SHORT_16: &[u16] = &[0, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 60, 72, 88, 108, 128];
const SHORT_8: &[u16] = &[0, 4, 8, 12, 16, 20, 24, 28, 36, 44, 52, 60, 72, 88, 108, 128];

/// The first lines of the bands of a long block, and its number of lines at the end, by `samplingFrequencyIndex`.
pub const fn long(rate_index: usize) -> &'static [u16] {
    match rate_index {
        0 | 1 => LONG_96,
        2 => LONG_64,
        3 | 4 => LONG_48,
        5 => LONG_32,
        6 | 7 => LONG_24,
        8..=10 => LONG_16,
        _ => LONG_8,
    }
}

/// The same for one short window.
pub const fn short(rate_index: usize) -> &'static [u16] {
    match rate_index {
        0..=2 => SHORT_96,
        3..=5 => SHORT_48,
        6 | 7 => SHORT_24,
        8..=10 => SHORT_16,
        _ => SHORT_8,
    }
}

#[cfg(test)]
mod tests {
    use super::super::SAMPLE_RATES;
    use super::*;

    #[test]
    fn the_bands_cover_all_lines_in_order() {
        let count = |index| (long(index).len() - 1, short(index).len() - 1);
        let expected = [
            (41, 12),
            (41, 12),
            (47, 12),
            (49, 14),
            (49, 14),
            (51, 14),
            (47, 15),
            (47, 15),
            (43, 15),
            (43, 15),
            (43, 15),
            (40, 15),
            (40, 15),
        ];
        for (index, expected) in expected.into_iter().enumerate() {
            assert_eq!(count(index), expected, "{}", SAMPLE_RATES[index]);
            assert_eq!((long(index)[0], long(index).last()), (0, Some(&1024)));
            assert_eq!((short(index)[0], short(index).last()), (0, Some(&128)));
            // Quads must not straddle a band.
            assert!(long(index).iter().chain(short(index)).all(|first| first % 4 == 0));
            assert!(long(index).is_sorted() && short(index).is_sorted());
        }
    }
}
