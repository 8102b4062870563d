//! How much work one second of processor time does: `cargo run --release -p reelwright-process --example process_speed`,
//! with a part of a name behind ` -- ` for some of it. Linux only: it reads the kernel's own count.

use std::error::Error;
use std::time::Instant;

use reelwright_media::{
    Color, ColorMatrix, ColorPrimaries, ColorRange, PixelBuffer, PixelFormat, PixelLayout, Size,
    TransferFunction,
};
use reelwright_process::pattern::TestPicture;
use reelwright_process::{FrameShape, Kernel, Pipeline, PipelineConfig, Resampler, Workers};

const FULL_HD: Size = Size::new(1920, 1080);
const HD: Size = Size::new(1280, 720);
const EIGHT: PixelFormat = PixelFormat::YUV420;
const TEN: PixelFormat = PixelFormat::YUV420_10;
const FULL_601: Color =
    Color { matrix: ColorMatrix::SMPTE170M, range: Some(ColorRange::Full), ..Color::UNSPECIFIED };
const PQ: Color = Color {
    primaries: ColorPrimaries::BT2020,
    transfer: TransferFunction::PQ,
    matrix: ColorMatrix::BT2020,
    ..Color::UNSPECIFIED
};
const HLG: Color = Color { transfer: TransferFunction::HLG, ..PQ };

fn main() -> Result<(), Box<dyn Error>> {
    let shape = |format, color| {
        let mut picture = PixelBuffer::zeroed(format, FULL_HD);
        picture.color = color;
        FrameShape::of(&picture)
    };
    let same = |format| shape(format, Color::UNSPECIFIED);
    let wide = PixelFormat::Yuv(PixelLayout::Yuv422, 8);
    let config = |source, target, size| PipelineConfig::new(source, target, size);
    let kernel = |kernel| PipelineConfig { kernel, ..config(same(EIGHT), EIGHT, HD) };
    let to_709 = |source, size| PipelineConfig { target_color: Color::BT709, ..config(source, EIGHT, size) };
    let cases = [
        ("720p bilinear", kernel(Kernel::Bilinear)),
        ("720p bicubic", kernel(Kernel::BICUBIC)),
        ("720p Lanczos", kernel(Kernel::Lanczos3)),
        ("640x360 bicubic", config(same(EIGHT), EIGHT, Size::new(640, 360))),
        ("720p bicubic, 10 bit", config(same(TEN), TEN, HD)),
        ("720p bicubic, 10 to 8 bit", config(same(TEN), EIGHT, HD)),
        ("NV12 to planar", config(same(PixelFormat::Nv12), EIGHT, FULL_HD)),
        ("4:2:2 to 4:2:0", config(same(wide), EIGHT, FULL_HD)),
        (
            "BGRA to 4:2:0",
            PipelineConfig {
                alpha: reelwright_process::Alpha::Premultiplied,
                ..config(same(PixelFormat::Bgra), EIGHT, FULL_HD)
            },
        ),
        ("4:2:0 to BGRA", config(same(EIGHT), PixelFormat::Bgra, FULL_HD)),
        ("601 full to 709", to_709(shape(EIGHT, FULL_601), FULL_HD)),
        ("720p and PQ to SDR", to_709(shape(TEN, PQ), HD)),
        ("720p and HLG to SDR", to_709(shape(TEN, HLG), HD)),
    ];
    println!("1080p in, frames:");
    for (name, config) in cases {
        let mut picture = PixelBuffer::zeroed(config.source.format, FULL_HD);
        picture.color = config.source.color;
        let deep = picture.format.bit_depth() > 8;
        for (bytes, _) in picture.make_mut().all() {
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte = if deep && index % 2 == 1 { 2 } else { ((index * index) >> 7) as u8 };
            }
        }
        for threads in [1, 2] {
            let pipeline = Pipeline::new(config.clone(), Workers::new(threads))?;
            pipeline.process(&picture)?;
            measure(&format!("{name}, {threads} threads"), || pipeline.process(&picture).map(|_| 1))?;
        }
    }
    let test = TestPicture::new(FULL_HD);
    let mut number = 0;
    measure("test picture", || {
        number += 1;
        test.frame(number);
        Ok(1)
    })?;
    println!("seconds of sound, two channels:");
    let second = vec![vec![0.25f32; 44_100]; 2];
    let mut resampler = Resampler::new(44_100, 48_000, 2)?;
    measure("44100 to 48000 Hz", || resampler.process(&second).map(|_| 1))?;
    Ok(())
}

fn measure(
    name: &str,
    mut work: impl FnMut() -> reelwright_media::Result<u32>,
) -> Result<(), Box<dyn Error>> {
    if !std::env::args().nth(1).is_none_or(|wanted| name.contains(&wanted)) {
        return Ok(());
    }
    let (wall, cpu) = (Instant::now(), processor_seconds()?);
    let mut done = 0;
    while wall.elapsed().as_secs_f64() < 0.7 {
        done += work()?;
    }
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), processor_seconds()? - cpu);
    let done = f64::from(done);
    println!("  {name:36} {:6.0} per CPU second, {:6.0} per second", done / cpu, done / wall);
    Ok(())
}

/// User and system time of this process, threads that have ended included.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}
