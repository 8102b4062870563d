use std::sync::{Mutex, PoisonError};

use reelwright_media::{Color, FieldOrder, PixelBuffer, PixelFormat, Result, Size};
use reelwright_process::{Pipeline, PipelineConfig, Workers};

use crate::VideoEncoderSettings;

/// Makes what an encoder wants of whatever pictures come: layout, size, colour and fields. `VTPixelTransferSession`.
///
/// A picture of another shape fills the target, stretched where need be; one that is as wanted already comes back as it
/// is. It can be used from several threads at once: a pipeline serves pictures of one kind and one caller at a time;
/// those not in use are kept for the next picture.
pub struct Converter {
    format: PixelFormat,
    size: Size,
    color: Color,
    assumed: Color,
    field_order: FieldOrder,
    idle: Mutex<Vec<Pipeline>>,
}

/// Pipelines kept, beside those in use: enough for every thread that decodes, few enough that pictures of changing kinds
/// don't pile them up.
const KEPT: usize = 16;

impl Converter {
    /// For an encoder that takes `format` and was made with `target`.
    pub fn new(format: PixelFormat, target: &VideoEncoderSettings) -> Self {
        let assumed = Color::UNSPECIFIED;
        let VideoEncoderSettings { size, color, field_order, .. } = *target;
        Self { format, size, color, assumed, field_order, idle: Mutex::default() }
    }

    /// What pictures leave open of their colour is taken to be this; else it is guessed from their size.
    #[must_use]
    pub fn assuming(self, assumed: Color) -> Self {
        Self { assumed, ..self }
    }

    /// The picture as the encoder wants it, made by so many threads.
    ///
    /// # Errors
    ///
    /// [`reelwright_media::ErrorKind::Misuse`] for empty and huge pictures, [`reelwright_media::ErrorKind::Unsupported`]
    /// for colours that can't be made.
    pub fn convert(&self, pixels: &PixelBuffer, workers: Workers) -> Result<PixelBuffer> {
        let color = pixels.color.or(self.assumed);
        // In an interlaced stream whole pictures are shown as fields too.
        let whole = !pixels.field_order.is_interlaced();
        let field_order = if whole { self.field_order } else { pixels.field_order };
        if color == pixels.color && field_order == pixels.field_order {
            return self.convert_stated(pixels, workers);
        }
        let mut stated = pixels.clone();
        (stated.color, stated.field_order) = (color, field_order);
        self.convert_stated(&stated, workers)
    }

    fn convert_stated(&self, pixels: &PixelBuffer, workers: Workers) -> Result<PixelBuffer> {
        let mut pipeline = match self.take(pixels) {
            Some(idle) => idle,
            None => Pipeline::new(self.config(pixels), workers)?,
        };
        pipeline.set_workers(workers);
        let converted = pipeline.process(pixels)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() == KEPT {
            idle.remove(0);
        }
        idle.push(pipeline);
        Ok(converted)
    }

    fn take(&self, pixels: &PixelBuffer) -> Option<Pipeline> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let position = idle.iter().position(|pipeline| pipeline.fits(pixels))?;
        Some(idle.remove(position))
    }

    fn config(&self, pixels: &PixelBuffer) -> PipelineConfig {
        PipelineConfig {
            target_color: self.color,
            ..PipelineConfig::for_picture(pixels, self.format, self.size)
        }
    }
}
