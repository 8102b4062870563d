//! Spans at the borders of the stages, for programs that follow them with `tracing` (feature `tracing`; nothing without it).

/// Enters a span of the target `reelwright` until the end of the block: `stage!("plan", tracks = 2)`. Its fields are
/// displayed, and not even worked out without the feature.
macro_rules! stage {
    ($name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        #[cfg(feature = "tracing")]
        let _stage = tracing::info_span!(target: "reelwright", $name $(, $field = %$value)*).entered();
    };
}

/// Notes an event of the target `reelwright`: `note!("decoder", id = info.id)`.
macro_rules! note {
    ($name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        #[cfg(feature = "tracing")]
        tracing::info!(target: "reelwright", $($field = %$value,)* $name);
    };
}

pub(crate) use {note, stage};
