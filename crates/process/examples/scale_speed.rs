//! Frames per second of processor time: `cargo run --release -p reelwright-process --example scale_speed`.
//! Linux only: it reads the scheduler's own clock.

use std::error::Error;
use std::time::Instant;

use reelwright_media::{Color, ColorMatrix, ColorRange, PixelBuffer, PixelFormat, PixelLayout, Size};
use reelwright_process::{FrameShape, Kernel, Pipeline, PipelineConfig, Workers};

const FULL_HD: Size = Size::new(1920, 1080);
const HD: Size = Size::new(1280, 720);

fn main() -> Result<(), Box<dyn Error>> {
    let eight = PixelFormat::YUV420;
    let plain = |source, target, size, kernel| (source, target, size, kernel, Color::UNSPECIFIED);
    let cases = [
        ("bilinear", plain(eight, eight, HD, Kernel::Bilinear)),
        ("bicubic", plain(eight, eight, HD, Kernel::BICUBIC)),
        ("lanczos", plain(eight, eight, HD, Kernel::Lanczos3)),
        ("bicubic to 640x360", plain(eight, eight, Size::new(640, 360), Kernel::BICUBIC)),
        ("bicubic 10 bit", plain(PixelFormat::YUV420_10, PixelFormat::YUV420_10, HD, Kernel::BICUBIC)),
        ("bicubic 10 to 8 bit", plain(PixelFormat::YUV420_10, eight, HD, Kernel::BICUBIC)),
        ("NV12 to planar, same size", plain(PixelFormat::Nv12, eight, FULL_HD, Kernel::BICUBIC)),
        (
            "4:2:2 to 4:2:0, same size",
            plain(PixelFormat::Yuv(PixelLayout::Yuv422, 8), eight, FULL_HD, Kernel::BICUBIC),
        ),
        ("BGRA to 4:2:0, same size", plain(PixelFormat::Bgra, eight, FULL_HD, Kernel::BICUBIC)),
        ("4:2:0 to BGRA, same size", plain(eight, PixelFormat::Bgra, FULL_HD, Kernel::BICUBIC)),
        ("601 full to 709, same size", (eight, eight, FULL_HD, Kernel::BICUBIC, Color::BT709)),
    ];
    for (name, (source, target, size, kernel, color)) in cases {
        let mut picture = PixelBuffer::zeroed(source, FULL_HD);
        picture.color.matrix = ColorMatrix::SMPTE170M;
        if color == Color::BT709 {
            picture.color.range = Some(ColorRange::Full);
        }
        for (bytes, _) in picture.make_mut().all() {
            for (index, byte) in bytes.iter_mut().enumerate() {
                *byte =
                    if source.bit_depth() > 8 && index % 2 == 1 { 2 } else { ((index * index) >> 7) as u8 };
            }
        }
        for threads in [1, 2] {
            let mut config = PipelineConfig::new(FrameShape::of(&picture), target, size);
            (config.kernel, config.target_color) = (kernel, color);
            let pipeline = Pipeline::new(config, Workers::new(threads))?;
            pipeline.process(&picture)?;
            let (wall, cpu) = (Instant::now(), processor_seconds()?);
            let mut frames = 0u32;
            while wall.elapsed().as_secs_f64() < 1.0 {
                pipeline.process(&picture)?;
                frames += 1;
            }
            let (wall, cpu) = (wall.elapsed().as_secs_f64(), processor_seconds()? - cpu);
            let frames = f64::from(frames);
            println!(
                "{name:28} {threads} threads: {:6.0} per CPU second, {:6.0} per second",
                frames / cpu,
                frames / wall
            );
        }
    }
    Ok(())
}

/// User and system time of this process, threads that have ended included.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}
