//! A picture to test with, whose frames tell their number to people and to programs.

mod font;

use reelwright_media::{ChromaSiting, Color, PixelBuffer, PixelFormat, PixelPool, Size};

/// A moving test picture: colour bars, a luma ramp, a zone plate that drifts, a ball that bounces, and the frame's
/// number twice, as digits and as a row of black and white squares that [`TestPicture::read`] understands even after
/// lossy coding and scaling.
///
/// 8-bit 4:2:0, BT.709, video range. Frames depend on their number alone, so any frame can be made at any time.
pub struct TestPicture {
    size: Size,
    pool: PixelPool,
    /// Everything that doesn't move.
    still: PixelBuffer,
    /// One period of the zone plate's wave.
    wave: [u8; 256],
}

/// Squares in the machine-readable row: a white and a black one, 32 of number, 4 of parity, a black and a white one.
const SQUARES: usize = 40;

/// Luma, Cb and Cr of the 75 % bars of BT.709: white, yellow, cyan, green, magenta, red, blue, black.
const BARS: [[u8; 3]; 8] = [
    [180, 128, 128],
    [168, 44, 136],
    [145, 147, 44],
    [133, 63, 52],
    [63, 193, 204],
    [51, 109, 212],
    [28, 212, 120],
    [16, 128, 128],
];

const BLACK: u8 = 16;
const WHITE: u8 = 235;

impl TestPicture {
    /// A test picture of `size`; sides are at least 2 and at most 32768 pixels, whatever is asked for.
    pub fn new(size: Size) -> Self {
        let size = Size::new(size.width.clamp(2, 32_768), size.height.clamp(2, 32_768));
        let pool = PixelPool::new(PixelFormat::YUV420, size);
        let mut still = pool.take();
        still.color = Color { siting: Some(ChromaSiting::Left), ..Color::BT709 };
        draw_still(&mut still);
        let wave = std::array::from_fn(|phase| {
            let angle = phase as f64 / 256.0 * std::f64::consts::TAU;
            (125.5 + 100.0 * angle.cos()).round() as u8
        });
        Self { size, pool, still, wave }
    }

    /// The size of its frames.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Frame `number`.
    pub fn frame(&self, number: u32) -> PixelBuffer {
        let mut frame = self.pool.take();
        frame.tag_like(&self.still);
        let zones = Zones::of(self.size);
        let mut writable = frame.make_mut();
        let mut planes = writable.all();
        for (plane, (bytes, stride)) in planes.iter_mut().enumerate() {
            let (width, rows) = PixelFormat::YUV420.plane_size(plane, self.size);
            for y in 0..rows {
                let moving = plane == 0 && zones.plate.contains(&y);
                if !moving {
                    bytes[y * *stride..][..width].copy_from_slice(self.still.row(plane, y));
                }
            }
        }
        if let [(luma, stride), ..] = &mut planes[..] {
            let mut canvas = Canvas { luma, stride: *stride, size: self.size };
            self.draw_plate(&mut canvas, &zones, number);
            draw_ball(&mut canvas, &zones, number);
            draw_digits(&mut canvas, &zones, number);
            draw_squares(&mut canvas, &zones, number);
        }
        frame
    }

    /// The number of a frame, read from its squares; `None` where they can't be read. The picture may have been scaled
    /// and coded; its luma must be planar and in its first plane.
    pub fn read(picture: &PixelBuffer) -> Option<u32> {
        let zones = Zones::of(picture.size);
        let wide = picture.format.bit_depth() > 8;
        let shift = picture.format.bit_depth().checked_sub(8)?;
        if !picture.format.is_yuv() {
            return None;
        }
        let row = picture.row(0, (zones.squares.start + zones.squares.end) / 2);
        let bit = |square: usize| {
            let x = (square * 2 + 1) * picture.size.width as usize / (SQUARES * 2);
            let value = if wide {
                u16::from_ne_bytes([*row.get(x * 2)?, *row.get(x * 2 + 1)?]) >> shift
            } else {
                u16::from(*row.get(x)?)
            };
            Some(u32::from(value > 125))
        };
        let bits: Vec<u32> = (0..SQUARES).map(bit).collect::<Option<_>>()?;
        let number = bits[2..34].iter().fold(0, |number, bit| number << 1 | bit);
        (bits == squares(number)).then_some(number)
    }

    /// Rings whose distance shrinks outwards, moving inwards by a sixteenth of a ring a frame.
    fn draw_plate(&self, canvas: &mut Canvas<'_>, zones: &Zones, number: u32) {
        let (width, middle) = (self.size.width as i64, (zones.plate.start + zones.plate.end) as i64 / 2);
        // Rings get no finer than four pixels at the far corner.
        let reach = (width / 2).max(zones.plate.len() as i64 / 2).max(1);
        let fineness = (32 << 16) / reach;
        let drift = i64::from(number) * 16;
        for y in zones.plate.clone() {
            let down = y as i64 - middle;
            let row = canvas.row(y);
            for (x, value) in row.iter_mut().enumerate() {
                let across = x as i64 - width / 2;
                let phase = (((across * across + down * down) * fineness) >> 16) + drift;
                *value = self.wave[(phase & 255) as usize];
            }
        }
    }
}

/// Which rows hold what.
struct Zones {
    bars: std::ops::Range<usize>,
    ramp: std::ops::Range<usize>,
    plate: std::ops::Range<usize>,
    squares: std::ops::Range<usize>,
}

impl Zones {
    fn of(size: Size) -> Self {
        let height = size.height as usize;
        let (ramp, plate, squares) = (height * 5 / 16, height * 3 / 8, height * 15 / 16);
        Self { bars: 0..ramp, ramp: ramp..plate, plate: plate..squares, squares: squares..height }
    }
}

/// Luma to be drawn on.
struct Canvas<'a> {
    luma: &'a mut [u8],
    stride: usize,
    size: Size,
}

impl Canvas<'_> {
    fn row(&mut self, y: usize) -> &mut [u8] {
        &mut self.luma[y * self.stride..][..self.size.width as usize]
    }

    /// A rectangle, cut at the edges.
    fn fill(&mut self, x: std::ops::Range<usize>, y: std::ops::Range<usize>, value: u8) {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        for y in y.start.min(height)..y.end.min(height) {
            self.row(y)[x.start.min(width)..x.end.min(width)].fill(value);
        }
    }
}

fn draw_still(picture: &mut PixelBuffer) {
    let size = picture.size;
    let zones = Zones::of(size);
    for (plane, (bytes, stride)) in picture.make_mut().all().into_iter().enumerate() {
        let (width, rows) = PixelFormat::YUV420.plane_size(plane, size);
        for y in 0..rows {
            let line = y * if plane == 0 { 1 } else { 2 };
            for (x, value) in bytes[y * stride..][..width].iter_mut().enumerate() {
                *value = match (zones.bars.contains(&line), zones.ramp.contains(&line), plane) {
                    (true, ..) => BARS[(x * BARS.len() / width).min(BARS.len() - 1)][plane],
                    (_, true, 0) => BLACK + (x * usize::from(WHITE - BLACK) / width.max(2)) as u8,
                    (_, _, 0) => BLACK,
                    _ => 128,
                };
            }
        }
    }
}

/// A white ball with a black rim that crosses the plate, bouncing off its edges.
fn draw_ball(canvas: &mut Canvas<'_>, zones: &Zones, number: u32) {
    let radius = (zones.plate.len() / 8) as i64;
    let bounce = |distance: i64, room: i64| {
        let room = room.max(1);
        let place = distance % (room * 2);
        place.min(room * 2 - place)
    };
    let width = i64::from(canvas.size.width);
    let room = (width - 2 * radius, zones.plate.len() as i64 - 2 * radius);
    let number = i64::from(number);
    let x = radius + bounce(number * (width / 160).max(1), room.0);
    let y = zones.plate.start as i64 + radius + bounce(number * (width / 240).max(1), room.1);
    for line in (y - radius).max(0)..(y + radius).min(zones.plate.end as i64) {
        let half = |radius: i64| ((radius * radius - (line - y) * (line - y)).max(0) as f64).sqrt() as i64;
        for (radius, value) in [(radius, BLACK), (radius * 7 / 8, WHITE)] {
            if (line - y).abs() < radius {
                let from = usize::try_from(x - half(radius)).unwrap_or(0);
                let to = usize::try_from(x + half(radius)).unwrap_or(0);
                let line = usize::try_from(line).unwrap_or(0);
                canvas.fill(from..to, line..line + 1, value);
            }
        }
    }
}

/// The number in white on black, centred in the plate.
fn draw_digits(canvas: &mut Canvas<'_>, zones: &Zones, number: u32) {
    let text = format!("{number:06}");
    let columns = text.len() * font::ADVANCE + 1;
    let dot = (canvas.size.width as usize / 2 / columns).min(zones.plate.len() / 3 / font::HEIGHT).max(1);
    let left = (canvas.size.width as usize).saturating_sub(columns * dot) / 2;
    let top = zones.plate.start + zones.plate.len().saturating_sub((font::HEIGHT + 2) * dot) / 2;
    canvas.fill(left..left + columns * dot, top..top + (font::HEIGHT + 2) * dot, BLACK);
    for (index, character) in text.chars().enumerate() {
        for (row, bits) in font::glyph(character).into_iter().enumerate() {
            for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                let x = left + (index * font::ADVANCE + column + 1) * dot;
                let y = top + (row + 1) * dot;
                canvas.fill(x..x + dot, y..y + dot, WHITE);
            }
        }
    }
}

/// The squares that stand for a number, 1 for white.
fn squares(number: u32) -> Vec<u32> {
    let parity = (0..8).fold(0, |parity, nibble| parity ^ (number >> (nibble * 4) & 15));
    let mut bits = vec![1, 0];
    bits.extend((0..32).rev().map(|bit| number >> bit & 1));
    bits.extend((0..4).rev().map(|bit| parity >> bit & 1));
    bits.extend([0, 1]);
    bits
}

fn draw_squares(canvas: &mut Canvas<'_>, zones: &Zones, number: u32) {
    let width = canvas.size.width as usize;
    for (index, bit) in squares(number).into_iter().enumerate() {
        let x = index * width / SQUARES..(index + 1) * width / SQUARES;
        canvas.fill(x, zones.squares.clone(), if bit == 1 { WHITE } else { BLACK });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameShape, Pipeline, PipelineConfig, Workers};

    #[test]
    fn frames_tell_their_number() {
        for size in [Size::new(1920, 1080), Size::new(320, 180), Size::new(161, 91)] {
            let picture = TestPicture::new(size);
            for number in [0, 1, 299, 123_456, u32::MAX] {
                assert_eq!(TestPicture::read(&picture.frame(number)), Some(number), "{size}");
            }
        }
        assert_eq!(TestPicture::read(&PixelBuffer::zeroed(PixelFormat::YUV420, Size::new(64, 64))), None);
    }

    #[test]
    fn numbers_survive_scaling() {
        let frame = TestPicture::new(Size::new(1920, 1080)).frame(98_765);
        for (width, height) in [(1280, 720), (568, 320), (224, 128)] {
            let size = Size::new(width, height);
            let config = PipelineConfig::new(FrameShape::of(&frame), PixelFormat::YUV420_10, size);
            let scaled = Pipeline::new(config, Workers::new(1)).unwrap().process(&frame).unwrap();
            assert_eq!(TestPicture::read(&scaled), Some(98_765));
        }
    }

    #[test]
    fn any_size_can_be_drawn() {
        for side in 0..70 {
            for other in [1, 2, 7, 33, 100] {
                TestPicture::new(Size::new(side, other)).frame(side);
                TestPicture::new(Size::new(other, side)).frame(side);
            }
        }
    }

    #[test]
    fn frames_differ_and_can_be_made_again() {
        let picture = TestPicture::new(Size::new(320, 180));
        let (first, second) = (picture.frame(1), picture.frame(2));
        assert!((0..180).any(|y| first.row(0, y) != second.row(0, y)));
        assert!((0..180).all(|y| first.row(0, y) == picture.frame(1).row(0, y)));
    }
}
