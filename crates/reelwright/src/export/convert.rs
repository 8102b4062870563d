use std::sync::{Mutex, PoisonError};

use reelwright_codec::VideoEncoderSettings;
use reelwright_media::{PixelBuffer, PixelFormat, Result};
use reelwright_process::{Pipeline, PipelineConfig, Workers};

/// Makes what an encoder wants of whatever pictures come, on any number of threads.
///
/// A pipeline serves pictures of one kind and one caller at a time; those not in use are kept for the next picture.
pub(super) struct Converter {
    format: PixelFormat,
    target: VideoEncoderSettings,
    idle: Mutex<Vec<Pipeline>>,
}

/// Pipelines kept, beside those in use: enough for every thread that decodes, few enough that pictures of changing kinds
/// don't pile them up.
const KEPT: usize = 16;

impl Converter {
    /// For an encoder that takes `format` and was made with `target`.
    pub(super) fn new(format: PixelFormat, target: VideoEncoderSettings) -> Self {
        Self { format, target, idle: Mutex::default() }
    }

    /// The picture as the encoder wants it; one that is so already comes back as it is.
    pub(super) fn convert(&self, pixels: &PixelBuffer, workers: Workers) -> Result<PixelBuffer> {
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
            target_color: self.target.color,
            ..PipelineConfig::for_picture(pixels, self.format, self.target.size)
        }
    }
}
