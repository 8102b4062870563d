//! Decoders' own memory as pictures, and what a stream says of its pictures.

use std::sync::Arc;

use reelwright_bitstream::LightFacts;
use reelwright_media::{
    Color, ContentLight, FieldOrder, MasteringDisplay, PixelBuffer, PixelFormat, PixelStorage, Plane, Ratio,
    Result, Size, VideoFormat,
};

/// What is known of every picture of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Tags {
    color: Color,
    mastering: Option<MasteringDisplay>,
    content_light: Option<ContentLight>,
    pixel_aspect: Ratio,
    crop: Option<(u32, u32, u32, u32)>,
    field_order: FieldOrder,
}

impl Tags {
    /// What the container says, and where it is silent, what the bitstream says.
    pub(crate) fn new(format: &VideoFormat, stream: Color, aspect: Option<Ratio>) -> Self {
        let range = Color::stated_range(format.color.range, stream.range);
        Self {
            color: Color { range, ..format.color.or(stream) },
            mastering: format.mastering,
            content_light: format.content_light,
            pixel_aspect: format.pixel_aspect.or(aspect).unwrap_or(Ratio::ONE),
            crop: format.clean_aperture.and_then(|aperture| aperture.rect(format.size)),
            field_order: format.field_order.unwrap_or(FieldOrder::Progressive),
        }
    }

    /// The same for pictures that are whole whatever the container says.
    pub(crate) fn whole(self) -> Self {
        Self { field_order: FieldOrder::Progressive, ..self }
    }

    /// Takes in what the bitstream says of light, where the container is silent.
    pub(crate) fn note_light(&mut self, light: &LightFacts) {
        self.mastering = self.mastering.or(light.mastering);
        self.content_light = self.content_light.or(light.content_light);
    }

    /// Writes them on a picture.
    pub(crate) fn put_on(&self, picture: &mut PixelBuffer) {
        picture.color = self.color;
        picture.mastering = self.mastering;
        picture.content_light = self.content_light;
        picture.pixel_aspect = self.pixel_aspect;
        picture.field_order = self.field_order;
        picture.crop = self.crop.filter(|&(x, y, width, height)| {
            x.checked_add(width).is_some_and(|right| right <= picture.size.width)
                && y.checked_add(height).is_some_and(|bottom| bottom <= picture.size.height)
        });
    }
}

/// A picture over three tightly packed planes of bytes, without copying them.
pub(crate) fn from_bytes(format: PixelFormat, size: Size, planes: [Vec<u8>; 3]) -> Result<PixelBuffer> {
    PixelBuffer::wrap(format, size, &tight(format, size), Arc::new(BytePlanes(planes)))
}

/// A picture over three tightly packed planes of 16-bit samples, without copying them.
pub(crate) fn from_words(format: PixelFormat, size: Size, planes: [Vec<u16>; 3]) -> Result<PixelBuffer> {
    PixelBuffer::wrap(format, size, &tight(format, size), Arc::new(WordPlanes(planes)))
}

/// Storage of one plane, for [`PixelBuffer::wrap`].
pub(crate) fn bytes(plane: Vec<u8>) -> Arc<dyn PixelStorage> {
    Arc::new(BytePlanes([plane, Vec::new(), Vec::new()]))
}

/// Planes without padding, each in memory of its own.
fn tight(format: PixelFormat, size: Size) -> Vec<Plane> {
    let plane = |index| {
        let (stride, rows) = format.plane_size(index, size);
        Plane { offset: 0, stride, rows }
    };
    (0..format.planes()).map(plane).collect()
}

struct BytePlanes([Vec<u8>; 3]);

impl PixelStorage for BytePlanes {
    fn plane(&self, index: usize, _: Plane) -> &[u8] {
        self.0.get(index).map_or(&[], Vec::as_slice)
    }

    fn plane_mut(&mut self, index: usize, _: Plane) -> Option<&mut [u8]> {
        self.0.get_mut(index).map(Vec::as_mut_slice)
    }
}

struct WordPlanes([Vec<u16>; 3]);

impl PixelStorage for WordPlanes {
    fn plane(&self, index: usize, _: Plane) -> &[u8] {
        self.0.get(index).map_or(&[], |plane| bytemuck::cast_slice(plane))
    }

    fn plane_mut(&mut self, index: usize, _: Plane) -> Option<&mut [u8]> {
        self.0.get_mut(index).map(|plane| bytemuck::cast_slice_mut(plane))
    }
}
