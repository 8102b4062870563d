//! Exporting: preset -> [`Plan`] -> run -> [`Report`].

mod audio_plan;
mod coding;
mod copy;
mod cues;
mod cut;
mod effort;
mod estimate;
mod letterbox;
mod losses;
mod main_video;
mod options;
mod pace;
mod plan;
mod preset;
mod progress;
mod reason;
mod report;
mod run;
mod session;
mod sound;
mod target;
mod timecode;
mod video;
mod video_plan;
mod waiting;

pub use audio_plan::AudioPlan;
pub use options::{
    AudioOptions, ColorPolicy, ExportOptions, Fit, Orientation, Others, RateChoice, Treatment, VideoOptions,
};
pub use plan::{Fate, Plan, TrackPlan};
pub use preset::{PRESETS, Preset, PresetRow, SizeClass};
pub use progress::{ExportState, ExportStatus, Progress};
pub use reason::Reason;
pub use report::{Counts, Loss, Report, TrackReport};
pub use session::{ExportHandle, ExportSession};
pub use video_plan::VideoPlan;
pub use waiting::{ExportFuture, ExportStates};
