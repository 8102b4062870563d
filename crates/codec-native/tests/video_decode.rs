//! Every decoded picture of the corpus equals ffmpeg's, byte for byte, at the same time, in the same order.
#![allow(clippy::unwrap_used)]

mod corpus;

use std::sync::Arc;

use reelwright_codec::{Registry, VideoDecoderSettings};
use reelwright_media::{
    ColorRange, ErrorKind, FormatDescription, FourCc, SampleBuffer, SampleFlags, Size, Time, Trim,
    VideoCodec, VideoFormat,
};

fn compare(name: &str) {
    let Some(path) = corpus::file(name) else { return };
    let stream = corpus::stream(&path, "v");
    let expected = corpus::expected_pictures(&path);
    for threads in [1, 3] {
        compare_on(threads, name, &stream, &expected);
    }
}

fn compare_on(threads: usize, name: &str, stream: &corpus::Stream, expected: &[corpus::Digest]) {
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let settings = VideoDecoderSettings { threads, ..VideoDecoderSettings::new(stream.format.clone()) };
    let (_, mut decoder) = registry.video_decoder(&settings).unwrap();
    let mut pictures = Vec::new();
    let mut out = |frame: reelwright_media::VideoFrame| {
        pictures.push(corpus::digest(&frame.pixels, frame.pts.value()));
        Ok(())
    };
    for (index, sample) in stream.samples.iter().enumerate() {
        decoder.decode(sample, &mut out).unwrap_or_else(|error| panic!("{name} sample {index}: {error}"));
    }
    decoder.finish(&mut out).unwrap();
    assert_eq!(pictures.len(), expected.len(), "{name}: pictures");
    for (index, (ours, theirs)) in pictures.iter().zip(expected).enumerate() {
        assert_eq!(ours, theirs, "{name}: picture {index}");
    }
}

macro_rules! files {
    ($($test:ident: $file:literal,)*) => {
        $(#[test] fn $test() { compare($file); })*
    };
}

files! {
    h264_baseline_phone: "iphone_gps_h264.mov",
    h264_baseline_old_phone: "iphone_rot90_tapt.mov",
    h264_main_action_camera: "gopro_max.mp4",
    h264_4k: "pixel_4k60_portrait.mp4",
    h264_variable_rate: "flir_iphone_vfr.mp4",
    h264_android: "android_gps.mp4",
    h264_small_slow_motion: "samsung_sef_super_slowmo.mp4",
    h264_constrained_baseline: "elst_empty_first.mp4",
    h264_edits: "elst_three_segments.mov",
    h264_edits_late_ctts: "elst_ctts_2nd.mov",
    h264_edit_deep: "elst_neg_first_pts.mov",
    h264_two_byte_lengths: "nal_len2_neg_ctts.mp4",
    h264_odd_size: "vfr_cursed.mp4",
    h264_preroll: "edts_avc_aac.mp4",
    h264_anamorphic: "matrix_mvhd_scale.mp4",
    h264_ten_bit: "h264_hi10_amve.mov",
    h264_interlaced: "h264_interlaced_crop.mp4",
    h264_pyramid: "h264_bpyramid.mp4",
    h264_messenger: "whatsapp_like_h264.mp4",
    h264_baseline_variable: "h264_baseline_vfr.mp4",
    h264_quicktime: "qt_xmp_cslg.mov",
    h264_no_stss: "no_stss.mp4",
    h264_tiny: "colr_nclx_icc.mp4",
    h264_fragmented: "h264_frag_cea608_sei.mp4",
    h264_dolby: "dv_p9_avc.mp4",
    hevc_phone_dolby: "iphone_dv84_hdr.mov",
    hevc_phone_edited: "iphone_hdr_edit_list.mov",
    hevc_phone_hlg: "iphone_hdr_colr.mov",
    hevc_pixel_hlg: "pixel_hlg10.mp4",
    hevc_pixel: "pixel_hevc_mett.mp4",
    hevc_8k: "samsung_8k24.mp4",
    hevc_edit_ends_early: "elst_hevc_ends_b_i.mp4",
    hevc_two_views: "spatial_mvhevc_mebx.mov",
    hevc_two_views_small: "spatial_small.mp4",
    hevc_dolby_5: "dv_p5.mp4",
    hevc_dolby_8: "dv_p81.mp4",
    hevc_hev1: "hevc_1080p_hev1.mp4",
    av1_with_sound: "av1_aac.mp4",
    av1_hdr10: "av1_hdr10_portrait.mp4",
    vp9: "vp9.mp4",
}

/// Compares what ffmpeg's own encoder makes of its test picture, on one thread and on three.
fn compare_made(name: &str, size: &str, arguments: &[&str]) {
    let Some(made) = corpus::Made::new(name, size, arguments) else { return };
    let (stream, expected) = (corpus::stream(&made.0, "v"), corpus::expected_pictures(&made.0));
    assert_eq!(expected.len(), 24);
    for threads in [1, 3] {
        compare_on(threads, &format!("{size} {arguments:?}"), &stream, &expected);
    }
}

/// Depths and subsamplings, hidden frames, tiles and odd sizes.
#[test]
fn vp9_of_every_profile() {
    for (size, format, more) in [
        ("352x288", "yuv420p", &["-auto-alt-ref", "1", "-lag-in-frames", "12", "-b:v", "300k"][..]),
        ("641x359", "yuv420p", &["-tile-columns", "1", "-row-mt", "1", "-g", "7"]),
        ("161x90", "yuv422p", &[]),
        ("160x90", "yuv444p", &["-lossless", "1"]),
        ("160x90", "gbrp", &[]),
        ("160x90", "yuv420p10le", &["-aq-mode", "3"]),
        ("160x90", "yuv444p12le", &["-error-resilient", "1"]),
    ] {
        let codec = ["-pix_fmt", format, "-c:v", "libvpx-vp9", "-cpu-used", "5"];
        compare_made("vp9.mp4", size, &[&codec[..], more].concat());
    }
}

/// Every profile (filters and loop filters), partitions, hidden frames and odd sizes.
#[test]
fn vp8_of_every_profile() {
    for (size, more) in [
        (
            "352x288",
            &["-auto-alt-ref", "1", "-lag-in-frames", "12", "-b:v", "300k", "-arnr-maxframes", "5"][..],
        ),
        ("641x359", &["-profile:v", "1", "-g", "7"]),
        ("161x90", &["-profile:v", "2"]),
        ("160x90", &["-profile:v", "3"]),
        ("33x17", &["-slices", "8", "-error-resilient", "partitions"]),
    ] {
        let codec = ["-pix_fmt", "yuv420p", "-c:v", "libvpx"];
        compare_made("vp8.ivf", size, &[&codec[..], more].concat());
    }
}

#[test]
fn h264_with_start_codes_under_lengths_is_read_until_the_file_ends() {
    let Some(path) = corpus::file("annexb_in_mp4.mp4") else { return };
    let stream = corpus::stream(&path, "v");
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let settings = VideoDecoderSettings { threads: 1, ..VideoDecoderSettings::new(stream.format.clone()) };
    let (_, mut decoder) = registry.video_decoder(&settings).unwrap();
    let mut pictures = Vec::new();
    let mut out = |frame: reelwright_media::VideoFrame| {
        pictures.push(corpus::digest(&frame.pixels, frame.pts.value()));
        Ok(())
    };
    let mut results: Vec<_> = stream.samples.iter().map(|sample| decoder.decode(sample, &mut out)).collect();
    // The download was cut in the middle of the last sample.
    let last = results.pop().unwrap().err().unwrap();
    assert_eq!(last.kind(), ErrorKind::Decode);
    assert!(last.place().time.is_some());
    assert!(results.iter().all(Result::is_ok));
    decoder.finish(&mut out).unwrap();
    assert_eq!(pictures, corpus::expected_pictures(&path)[..results.len()]);
}

#[test]
fn h264_4_4_4_is_refused_at_once() {
    let Some(path) = corpus::file("spherical_360.mp4") else { return };
    let stream = corpus::stream(&path, "v");
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let settings = VideoDecoderSettings { threads: 0, ..VideoDecoderSettings::new(stream.format) };
    let error = registry.video_decoder(&settings).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.hint().is_some());
}

#[test]
fn jpeg_is_close_to_ffmpeg_s() {
    if !corpus::has("ffmpeg") {
        reelwright_judges::skip!("no ffmpeg");
        return;
    }
    // Values of video range stay as they are, and the picture says what they are.
    for (range, layout, expected) in
        [("pc", "yuvj420p", ColorRange::Full), ("tv", "yuv420p", ColorRange::Video)]
    {
        compare_jpeg(range, layout, expected);
    }
}

fn compare_jpeg(range: &str, layout: &str, expected: ColorRange) {
    let filter = format!("scale=out_range={range},format=yuv420p");
    let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=1:d=1", "-vf", &filter];
    let out = ["-color_range", range, "-strict", "-1", "-q:v", "2", "-f", "mjpeg", "-"];
    let jpeg = corpus::run("ffmpeg", &[&source[..], &out].concat());
    let scratch = std::env::temp_dir().join(format!("reelwright-{}-{range}.jpg", std::process::id()));
    std::fs::write(&scratch, &jpeg).unwrap();
    let decode = ["-v", "error", "-i", scratch.to_str().unwrap(), "-pix_fmt", layout, "-f", "rawvideo", "-"];
    let theirs = corpus::run("ffmpeg", &decode);
    std::fs::remove_file(&scratch).unwrap();

    let size = Size::new(160, 120);
    let format = VideoFormat::new(VideoCodec::Jpeg, FourCc::new(b"jpeg"), size);
    let format = Arc::new(FormatDescription::Video(format));
    let registry = Registry::new().with(reelwright_codec_native::provider());
    let settings = VideoDecoderSettings { threads: 0, ..VideoDecoderSettings::new(format.clone()) };
    let (_, mut decoder) = registry.video_decoder(&settings).unwrap();
    let sample = SampleBuffer {
        format,
        payload: jpeg.into(),
        dts: Time::ZERO,
        pts: Time::ZERO,
        duration: Time::ZERO,
        flags: SampleFlags::SYNC,
        trim: Trim::default(),
    };
    let mut pictures = Vec::new();
    let mut out = |frame: reelwright_media::VideoFrame| {
        pictures.push(frame.pixels);
        Ok(())
    };
    decoder.decode(&sample, &mut out).unwrap();
    let picture = &pictures[0];
    assert_eq!((picture.size, picture.color.range), (size, Some(expected)));
    for y in 0..120 {
        let pairs = picture.row(0, y).iter().zip(&theirs[y * 160..]);
        assert!(pairs.clone().all(|(ours, theirs)| ours.abs_diff(*theirs) <= 2), "row {y}");
    }
}
