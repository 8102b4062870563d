use std::path::Path;

use reelwright::codec::{VideoEncoderSettings, VideoRate};
use reelwright::media::{Color, FieldOrder, PixelBuffer, PixelFormat, Size, Time, VideoCodec, VideoFrame};
use reelwright::{AssetWriter, FileType, InputConfig};

use super::{Folder, encoded, foreign, made};

/// Made with ffmpeg: a white bar 80 pixels wide that moves by 16 pixels every fiftieth of a second, in fields.
const WIDTH: usize = 720;
const STEP: f64 = 16.0;
const BAR: f64 = 80.0;

fn fields(
    folder: &Folder,
    name: &str,
    height: usize,
    top_first: bool,
    encoder: &[&str],
) -> Option<std::path::PathBuf> {
    let (weave, order) = if top_first { ("interleave_top", "tff") } else { ("interleave_bottom", "bff") };
    let ground = format!("color=black:s={WIDTH}x{height}:r=50:d=0.48");
    let bar = format!("color=white:s={BAR}x{height}:r=50:d=0.48");
    let graph =
        format!("[0]format=yuv420p[g];[g][1]overlay=x='{STEP}*n+{STEP}',tinterlace={weave},setfield={order}");
    let input = ["-f", "lavfi", "-i", &ground, "-f", "lavfi", "-i", &bar, "-filter_complex", &graph];
    made(folder, name, &[&input, encoder].concat())
}

/// Where the bar lies in every field, in the order they are stored: left edge, right edge, and how many pixels are neither
/// black nor white.
fn bars(path: &Path, told: &str, width: usize, height: usize) -> Option<Vec<(f64, f64, usize)>> {
    let filters = format!("{told}separatefields");
    let shown = ["-vf", &filters, "-pix_fmt", "gray", "-f", "rawvideo"];
    let pixels = foreign::ffmpeg(path, &shown)?;
    let field = width * (height / 2);
    assert_eq!(pixels.len() % field, 0);
    // The middle of the field, far from the edges.
    let rows = pixels.chunks_exact(field).map(|field| &field[width * (height / 4)..][..width]);
    let bar = |row: &[u8]| {
        let white: Vec<_> = (0..width).filter(|&x| row[x] > 128).collect();
        let gray = row.iter().filter(|value| (60..190).contains(*value)).count();
        (white[0] as f64, *white.last().unwrap() as f64 + 1.0, gray)
    };
    Some(rows.map(bar).collect())
}

fn flags(path: &Path) -> Option<Vec<String>> {
    let lines = foreign::table(path, "frame=interlaced_frame,top_field_first")?;
    Some(lines.into_iter().filter(|line| line.starts_with(['0', '1'])).collect())
}

/// Fields stay fields, in their order, each made from its like alone, and say so.
fn keeps_fields(input: &Path, output: &Path, name: &str, (width, height): (usize, usize), top_first: bool) {
    let wanted = if top_first { FieldOrder::TopFirst } else { FieldOrder::BottomFirst };
    assert_eq!(encoded(input, output, name).settings.field_order, wanted);
    let Some(stated) = foreign::table(output, "stream=codec_name,field_order") else { return };
    let (codec, stated) = stated[0].split_once(',').unwrap();
    assert_eq!(stated, if top_first { "tb" } else { "bt" }, "{}", output.display());
    // Of HEVC ffmpeg knows what the sample entry says, but doesn't tell its filters.
    let told = if top_first { "setfield=tff," } else { "setfield=bff," };
    let Some(found) = bars(output, if codec == "hevc" { told } else { "" }, width, height) else { return };
    assert_eq!(found.len(), 24, "{}", output.display());
    let scale = width as f64 / WIDTH as f64;
    for (number, (left, right, gray)) in found.iter().enumerate() {
        // `separatefields` puts the field out first that is tagged as first; `tinterlace` begins with the second picture.
        let wanted = (number as f64 + 2.0) * STEP * scale;
        assert!((left - wanted).abs() <= 2.0, "{}: field {number} at {left}, not {wanted}", output.display());
        assert!((right - left - BAR * scale).abs() <= 2.0, "field {number} is {left} to {right}");
        assert!(*gray <= 8, "{}: {gray} pixels of field {number} are of two times", output.display());
    }
}

#[test]
fn fields_are_scaled_apart_and_tagged() {
    let folder = Folder::new("interlaced");
    let x264 = ["-c:v", "libx264", "-flags", "+ilme+ildct", "-crf", "8"];
    // ffmpeg's x264 says top first in messages whatever it codes, unless it is told otherwise.
    for (top_first, more) in [(true, &[][..]), (false, &[]), (false, &["-x264-params", "bff=1"])] {
        let Some(input) = fields(&folder, "mbaff.mp4", 576, top_first, &[&x264, more].concat()) else {
            return;
        };
        let output = folder.file("scaled.mp4");
        keeps_fields(&input, &output, "640x480", (600, 480), top_first);
        let tagged = if top_first { "1,1" } else { "1,0" };
        assert!(flags(&output).unwrap().iter().all(|flags| flags == tagged));
        // What was written is read as interlaced again.
        let again = folder.file("again.mp4");
        keeps_fields(&output, &again, "low", (184, 144), top_first);
    }
}

#[test]
fn chroma_of_422_stays_in_its_field() {
    let folder = Folder::new("interlaced-422");
    let x264 = ["-c:v", "libx264", "-flags", "+ilme+ildct", "-x264-params", "tff=1", "-crf", "4"];
    // Red in the fields of one time, blue in those of the other: where they mixed, it would be purple.
    let (red, blue) = ("color=red:s=320x240:r=25:d=0.4", "color=blue:s=320x240:r=25:d=0.4");
    let graph = "[0]format=yuv422p[a];[1]format=yuv422p[b];[a][b]interleave,settb=1/50,setpts=N,\
                 tinterlace=interleave_top,setfield=tff,format=yuv422p";
    let input = ["-f", "lavfi", "-i", red, "-f", "lavfi", "-i", blue, "-filter_complex", graph];
    let Some(input) = made(&folder, "422.mp4", &[&input[..], &x264].concat()) else { return };
    let output = folder.file("420.mp4");
    assert_eq!(encoded(&input, &output, "highest").settings.field_order, FieldOrder::TopFirst);
    red_then_blue(&output);
}

/// What an application gives to an input for interlaced pictures is taken for such, whatever it says of itself.
#[test]
fn fields_given_to_an_input_stay_apart() {
    let folder = Folder::new("interlaced-given");
    let path = folder.file("given.mp4");
    let size = Size::new(320, 240);
    let settings = VideoEncoderSettings::new(VideoCodec::H264, size)
        .color(Color::BT709)
        .rate(VideoRate::Quality(0.9))
        .field_order(FieldOrder::BottomFirst);
    let mut builder = AssetWriter::create(&path, FileType::Mp4);
    let mut input = builder.add_input(InputConfig::encode_video(settings)).unwrap();
    let writer = builder.start().unwrap();
    writer.start_session(Time::ZERO).unwrap();
    let mut pixels = PixelBuffer::zeroed(PixelFormat::Bgra, size);
    let mut planes = pixels.make_mut();
    let (bytes, stride) = planes.plane(0);
    for (y, row) in bytes.chunks_mut(stride).enumerate() {
        let color = if y % 2 == 0 { [255, 0, 0, 255] } else { [0, 0, 255, 255] };
        row[..320 * 4].chunks_exact_mut(4).for_each(|pixel| pixel.copy_from_slice(&color));
    }
    for number in 0..3 {
        let (pts, duration) = (Time::frames(number, 25), Some(Time::frames(1, 25)));
        input.append(VideoFrame { pixels: pixels.clone(), pts, duration }).unwrap();
    }
    input.finish().unwrap();
    writer.finish().unwrap();
    let Some(flags) = flags(&path) else { return };
    assert!(flags.iter().all(|flags| flags == "1,0"), "{flags:?}");
    red_then_blue(&path);
}

/// Of the fields of 320x240, in the order they are shown, every other is red and the ones between are blue.
fn red_then_blue(path: &Path) {
    let shown = ["-vf", "separatefields,format=yuv444p", "-f", "rawvideo"];
    let Some(pixels) = foreign::ffmpeg(path, &shown) else { return };
    let plane = 320 * 120;
    assert!(pixels.len() >= plane * 3 * 4);
    for (number, field) in pixels.chunks_exact(plane * 3).enumerate() {
        let (blue, red) = (field[plane + plane / 2 + 100], field[plane * 2 + plane / 2 + 100]);
        let wanted = if number % 2 == 0 { red > 220 && blue < 110 } else { blue > 220 && red < 130 };
        assert!(wanted, "field {number}: Cb {blue}, Cr {red}");
    }
}

#[test]
fn whole_pictures_are_not_called_interlaced() {
    let folder = Folder::new("progressive");
    let graph = "testsrc=s=720x576:r=25:d=0.4";
    let input = ["-f", "lavfi", "-i", graph, "-pix_fmt", "yuv420p", "-c:v", "libx264"];
    let Some(input) = made(&folder, "whole.mp4", &input) else { return };
    let output = folder.file("scaled.mp4");
    assert_eq!(encoded(&input, &output, "640x480").settings.field_order, FieldOrder::Progressive);
    assert!(flags(&output).unwrap().iter().all(|flags| flags == "0,0"));
}

/// Of every encoder and decoder there is, by what it is fed.
#[cfg(feature = "libav")]
#[test]
fn any_kind_of_fields_stays_so() {
    let folder = Folder::new("interlaced-kinds");
    let dv = ["-c:v", "dvvideo", "-pix_fmt", "yuv420p"];
    let mpeg2 = ["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "1"];
    let prores = ["-c:v", "prores_ks", "-flags", "+ildct", "-pix_fmt", "yuv422p10le"];
    for (name, top_first, encoder) in [
        ("dv.mov", false, &dv[..]),
        ("mpeg2.ts", true, &mpeg2),
        ("mpeg2.mov", false, &mpeg2),
        ("prores.mov", true, &prores),
    ] {
        let Some(input) = fields(&folder, name, 576, top_first, encoder) else { continue };
        for (preset, output) in [("640x480", "o.mp4"), ("hevc-1920x1080", "o.mov"), ("prores-422", "p.mov")] {
            let output = folder.file(&format!("{name}-{output}"));
            assert!(encoded(&input, &output, preset).settings.field_order.is_interlaced(), "{name} {preset}");
            let shown = foreign::table(&output, "stream=width,height").unwrap();
            let sides: Vec<usize> = shown[0].split(',').map(|side| side.parse().unwrap()).collect();
            keeps_fields(&input, &output, preset, (sides[0], sides[1]), top_first);
        }
    }
}
