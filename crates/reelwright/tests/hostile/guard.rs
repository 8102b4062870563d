//! Watches time and memory of one case at a time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;

/// Counts every allocation of this test.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The longest a case may take of a processor: how busy the machine is otherwise doesn't matter. Tests are built with little
/// optimisation; the limit holds for both builds.
const LONGEST: Duration = Duration::from_secs(10);

/// When a case is taken to hang.
const ENDLESS: Duration = Duration::from_secs(180);

/// Ends the test when a case hangs, and measures those that don't.
pub(crate) struct Guard {
    running: Arc<Mutex<Option<(String, Instant)>>>,
}

/// What a case took.
pub(crate) struct Cost {
    pub(crate) seconds: f64,
    pub(crate) bytes: usize,
}

impl Guard {
    pub(crate) fn start() -> Self {
        let running: Arc<Mutex<Option<(String, Instant)>>> = Arc::default();
        let watched = running.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(500));
                if let Some((name, started)) = &*watched.lock().unwrap()
                    && started.elapsed() > ENDLESS
                {
                    eprintln!("{name} hangs");
                    std::process::abort();
                }
            }
        });
        Self { running }
    }

    /// Runs a case on `length` bytes of input.
    ///
    /// # Panics
    ///
    /// With the name of the case, where it panics, takes too long or too much.
    pub(crate) fn watch<T>(&self, name: &str, length: usize, case: impl FnOnce() -> T) -> (T, Cost) {
        *self.running.lock().unwrap() = Some((name.to_owned(), Instant::now()));
        HEAP.reset_peak_usage();
        let before = HEAP.current_usage();
        let (started, used) = (Instant::now(), processor_time());
        let result = catch_unwind(AssertUnwindSafe(case)).unwrap_or_else(|panic| {
            eprintln!("{name} panics");
            resume_unwind(panic)
        });
        let elapsed = match (used, processor_time()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => started.elapsed(),
        };
        let bytes = HEAP.peak_usage().saturating_sub(before);
        *self.running.lock().unwrap() = None;
        assert!(elapsed < LONGEST, "{name} takes {elapsed:?}");
        let allowed = (24 << 20) + 4 * length;
        assert!(bytes <= allowed, "{name} takes {bytes} bytes of memory for {length} bytes of input");
        (result, Cost { seconds: elapsed.as_secs_f64(), bytes })
    }
}

/// What this thread has had of a processor, where the system tells (Linux: nanoseconds in `schedstat`).
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(stat.split_ascii_whitespace().next()?.parse().ok()?))
}
