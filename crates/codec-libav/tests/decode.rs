//! Decoders against ffmpeg: the same pictures, bit for bit, at the same times; the same sound.
#![cfg(feature = "link")]
#![allow(clippy::unwrap_used, clippy::unit_arg, reason = "tests state expectations by unwrapping")]

mod support;

use std::sync::Arc;

use reelwright_codec::{Registry, VideoDecoderSettings};
use reelwright_media::{FormatDescription, SampleBuffer, VideoFrame};

fn registry() -> Registry {
    Registry::new().with(reelwright_codec_libav::provider())
}

fn decode(format: &Arc<FormatDescription>, samples: &[SampleBuffer], limit: usize) -> Vec<VideoFrame> {
    let settings = VideoDecoderSettings { threads: 2, ..VideoDecoderSettings::new(format.clone()) };
    let (_, mut decoder) = registry().video_decoder(&settings).unwrap();
    let mut frames = Vec::new();
    for sample in samples {
        decoder.decode(sample, &mut |frame| Ok(frames.push(frame))).unwrap();
        if frames.len() >= limit {
            break;
        }
    }
    decoder.finish(&mut |frame| Ok(frames.push(frame))).unwrap();
    frames.truncate(limit);
    frames
}

#[test]
fn pictures_are_ffmpegs() {
    let files = [
        "h264_bpyramid.mp4",
        "h264_interlaced_crop.mp4",
        "h264_hi10_amve.mov",
        "h264_baseline_vfr.mp4",
        // States no reordering depth.
        "whatsapp_like_h264.mp4",
        "neg_ctts_v1.mp4",
        "gopro_max.mp4",
        "iphone_dv84_hdr.mov",
        "pixel_hlg10.mp4",
        "spatial_small.mp4",
        "hevc_1080p_hev1.mp4",
        "av1_hdr10_portrait.mp4",
        "av1_aac.mp4",
        "vp9.mp4",
        "prores_422_interlaced.mov",
        "prores_4444_alpha_tmcd.mov",
        "prores_gray_aac.mov",
        "cineform_tmcd.mov",
        "itunes_mpeg4_wave.mov",
        "mpeg4_amr.3gp",
        "pasp_2x1.mp4",
        "no_stss.mp4",
        "annexb_in_mp4.mp4",
    ];
    let mut wrong = Vec::new();
    for file in files {
        let Some(path) = support::media(file) else { continue };
        let limit = 10;
        let (format, samples) = support::samples(&path, "v:0");
        let theirs = support::frames_by_ffmpeg(&path, "v:0", limit);
        let frames = decode(&format, &samples, limit);
        assert!(!theirs.is_empty(), "{file}");
        let ours: Vec<_> =
            frames.iter().map(|frame| (frame.pts.value(), support::checksum(&frame.pixels))).collect();
        if ours != theirs {
            let at = ours.iter().zip(&theirs).position(|(a, b)| a != b);
            let pixels = frames.first().map(|frame| frame.pixels.clone());
            wrong.push(format!(
                "{file}: {} for {}, first difference {at:?}: {:?} for {:?}, {pixels:?}",
                ours.len(),
                theirs.len(),
                ours.get(at.unwrap_or(0)),
                theirs.get(at.unwrap_or(0))
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sound_is_ffmpegs() {
    let files = [
        "iTunSMPB_aac.m4a",
        "heaac_51.mp4",
        "afconvert_heaac.m4a",
        "aac51_two_tracks.mp4",
        "alac.m4a",
        "alac_20bit.m4a",
        "opus_frag.mp4",
        "ac3_51.mp4",
        "eac3_atmos.mp4",
        "ima4.mov",
        "mp3_in_mp4.mp4",
        "quicktime7_aac.mp4",
        "iphone_gps_h264.mov",
    ];
    let mut wrong = Vec::new();
    for file in files {
        let Some(path) = support::media(file) else { continue };
        let (format, samples) = support::samples(&path, "a:0");
        let (_, mut decoder) = registry().audio_decoder(&format).unwrap();
        let mut ours: Vec<f32> = Vec::new();
        let mut gaps = 0;
        let mut end = None;
        let mut hear = |block: reelwright_media::AudioBuffer| {
            gaps += usize::from(end.is_some_and(|end| end != block.pts));
            end = Some(block.end());
            ours.extend((0..block.frames()).flat_map(|at| block.planes().iter().map(move |plane| plane[at])));
            Ok(())
        };
        for sample in &samples {
            // The last packet of one file is damaged; ffmpeg says so and goes on, and so must we be able to.
            let refused = decoder.decode(sample, &mut hear).is_err();
            assert!(!refused || file == "alac_20bit.m4a", "{file}");
        }
        decoder.finish(&mut hear).unwrap();
        let arguments = [
            "-v",
            "error",
            "-ignore_editlist",
            "1",
            "-flags2",
            "+skip_manual",
            "-i",
            path.to_str().unwrap(),
            "-map",
            "0:a:0",
            "-f",
            "f32le",
            "-",
        ];
        let theirs: Vec<f32> = support::run("ffmpeg", &arguments)
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        assert!(!theirs.is_empty(), "{file}");
        if ours != theirs || gaps > 0 {
            let at = ours.iter().zip(&theirs).position(|(a, b)| a != b);
            wrong.push(format!(
                "{file}: {} for {}, first difference {at:?}, {gaps} gaps",
                ours.len(),
                theirs.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_amr_frame_of_a_sample_is_decoded() {
    // Five frames a sample, of which ffmpeg 5.1 decodes the first.
    let Some(path) = support::media("mpeg4_amr.3gp") else { return };
    let (format, samples) = support::samples(&path, "a:0");
    let (_, mut decoder) = registry().audio_decoder(&format).unwrap();
    let mut end = samples[0].pts;
    for sample in &samples {
        decoder
            .decode(sample, &mut |block| {
                assert_eq!(block.pts, end);
                end = block.end();
                Ok(())
            })
            .unwrap();
    }
    let last = samples.last().unwrap();
    assert_eq!(end, last.pts.saturating_add(last.duration));
}

#[test]
#[ignore = "the whole corpus: minutes"]
fn every_picture_of_the_corpus_comes_out_in_order() {
    let Some(folder) = support::shared("media") else { return };
    let mut wrong = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names {
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        let small = path.metadata().unwrap().len() < 4_000_000;
        if !small || !["mp4", "mov", "m4s"].contains(&kind.as_str()) {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some((format, samples)) = support::try_samples(&path, "v:0") else { continue };
        let settings = VideoDecoderSettings { threads: 2, ..VideoDecoderSettings::new(format.clone()) };
        let Ok((_, mut decoder)) = registry().video_decoder(&settings) else {
            wrong.push(format!("{name}: no decoder for {:?}", format.tag()));
            continue;
        };
        let (mut times, mut errors) = (Vec::new(), 0);
        let mut note = |frame: VideoFrame| Ok(times.push(frame.pts));
        for sample in &samples {
            errors += usize::from(decoder.decode(sample, &mut note).is_err());
        }
        errors += usize::from(decoder.finish(&mut note).is_err());
        let unordered = times.windows(2).filter(|pair| pair[0] >= pair[1]).count();
        if unordered > 0 || errors > 0 || times.len() != samples.len() {
            wrong.push(format!(
                "{name}: {} of {} pictures, {unordered} out of order, {errors} errors",
                times.len(),
                samples.len()
            ));
        }
    }
    // Empty samples, overlapping fragments, a cut-off sample, and a codec that came with FFmpeg 7.1.
    let known = ["bad_empty_stsc.mp4", "frag_avc3_overlap.mp4", "hikvision_truncated.mp4", "vvc.mp4"];
    wrong.retain(|complaint| !known.iter().any(|name| complaint.starts_with(name)));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
