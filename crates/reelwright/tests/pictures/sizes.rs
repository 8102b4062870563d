use reelwright::codec::{Codec, EncoderSpecification, VideoEncoderSettings};
use reelwright::media::{Color, PixelBuffer, PixelFormat, Size, Time, VideoFrame};
use reelwright::{Asset, AssetWriter, FileType, InputConfig, Overwrite};

use super::{Folder, foreign};

/// 4:2:0 comes in pairs of rows and columns; encoders that refuse half a pair are given a whole one, of which the file says
/// that it isn't seen.
#[test]
fn odd_sizes_are_shown_as_they_were_asked_for() {
    let folder = Folder::new("odd-sizes");
    let registry = reelwright::all_codecs();
    for encoder in registry.encoders().filter(|encoder| !encoder.hardware) {
        let Codec::Video(codec) = encoder.codec else { continue };
        for size in [Size::new(321, 241), Size::new(320, 241), Size::new(321, 240)] {
            let path = folder.file("odd.mov");
            let mut builder = AssetWriter::create(&path, FileType::Mov)
                .registry(registry.clone())
                .overwrite(Overwrite::Replace);
            let settings = VideoEncoderSettings::new(codec, size).color(Color::BT709);
            let config = InputConfig::encode_video(settings)
                .encoder(EncoderSpecification::with_id(encoder.id.clone()));
            let mut input =
                builder.add_input(config).unwrap_or_else(|error| panic!("{}: {error}", encoder.id));
            let writer = builder.start().unwrap();
            writer.start_session(Time::ZERO).unwrap();
            let mut pixels = PixelBuffer::zeroed(PixelFormat::Bgra, size);
            pixels.color = Color::BT709;
            for number in 0..3 {
                let (pts, duration) = (Time::frames(number, 25), Some(Time::frames(1, 25)));
                input.append(VideoFrame { pixels: pixels.clone(), pts, duration }).unwrap();
            }
            input.finish().unwrap();
            writer.finish().unwrap();
            let asset = Asset::open(&path).unwrap();
            let track = &asset.movie().tracks[0];
            assert_eq!(track.header_size, (size.width << 16, size.height << 16), "{} {size}", encoder.id);
            assert_eq!(reelwright::display_size(track), Some(size), "{} {size}", encoder.id);
            let coded = track.formats[0].as_video().unwrap().size;
            assert!(coded.width - size.width < 2 && coded.height - size.height < 2, "{} {coded}", encoder.id);
            let Some(stream) = foreign::table(&path, "stream=width,height,nb_read_packets") else { return };
            assert_eq!(stream[0], format!("{},{},3", coded.width, coded.height), "{} {size}", encoder.id);
        }
    }
}
