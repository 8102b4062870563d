use reelwright::codec::{Codec, Converter, VideoEncoderSettings, Workers};
use reelwright::media::{Color, PixelBuffer, PixelFormat, Size, VideoCodec};

/// What applications and decoders hand over.
const GIVEN: [PixelFormat; 3] = [PixelFormat::Bgra, PixelFormat::YUV420, PixelFormat::Nv12];

#[test]
fn every_layout_an_encoder_lists_is_made_of_any_picture() {
    let size = Size::new(64, 48);
    let registry = reelwright::all_codecs();
    for encoder in registry.encoders() {
        let Codec::Video(codec) = encoder.codec else { continue };
        assert!(!encoder.pixel_formats.is_empty(), "{} takes nothing", encoder.id);
        let settings = VideoEncoderSettings::new(codec, size).color(Color::BT709);
        for &taken in &encoder.pixel_formats {
            let converter = Converter::new(taken, &settings);
            for given in GIVEN.into_iter().chain([taken]) {
                let mut picture = PixelBuffer::zeroed(given, size);
                picture.color = Color::BT709;
                let made = converter.convert(&picture, Workers::new(1));
                let made =
                    made.unwrap_or_else(|error| panic!("{}: {given:?} to {taken:?}: {error}", encoder.id));
                assert_eq!((made.format, made.size), (taken, size));
            }
        }
    }
}

#[test]
fn a_picture_is_made_for_every_encoder_that_opens() {
    let registry = reelwright::all_codecs();
    for encoder in registry.encoders() {
        let Codec::Video(codec) = encoder.codec else { continue };
        let size = if codec == VideoCodec::Av1 { Size::new(256, 128) } else { Size::new(128, 96) };
        let profiles = encoder.profiles.iter().copied().map(Some).chain([None]);
        for profile in profiles {
            let mut settings = VideoEncoderSettings::new(codec, size).color(Color::BT709).alpha(true);
            settings.profile = profile;
            let wanted = reelwright::codec::EncoderSpecification::with_id(encoder.id.clone());
            let Ok((_, mut open)) = registry.video_encoder(&settings, &wanted) else {
                // Without its device, or of a profile with more bits.
                assert!(encoder.hardware || profile.is_some(), "{}", encoder.id);
                continue;
            };
            let taken = open.input_format();
            assert!(encoder.pixel_formats.contains(&taken), "{} takes {taken:?} unlisted", encoder.id);
            assert_eq!(taken.has_alpha(), encoder.takes_alpha(profile), "{} {profile:?}", encoder.id);
            let mut samples = 0;
            for (number, given) in (0..).zip(GIVEN) {
                let mut picture = PixelBuffer::zeroed(given, size);
                picture.color = Color::BT709;
                let pixels = Converter::new(taken, &settings).convert(&picture, Workers::new(1)).unwrap();
                let pts = reelwright::media::Time::from_ratio(number, 30).unwrap();
                let frame = reelwright::media::VideoFrame { pixels, pts, duration: None };
                let mut count = |_| {
                    samples += 1;
                    Ok(())
                };
                open.encode(frame, Default::default(), &mut count).unwrap();
            }
            open.finish(&mut |_| {
                samples += 1;
                Ok(())
            })
            .unwrap();
            assert_eq!(samples, 3, "{} {profile:?}", encoder.id);
        }
    }
}
