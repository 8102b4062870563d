//! Exports while an executor does other things, and shows how far it is: `cargo run --release --example export_async -- phone.mov out.mp4`

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use reelwright::media::Result;
use reelwright::{Asset, ExportSession, ExportState, FileType, Preset};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (input, output) = args.next().zip(args.next()).ok_or("usage: export_async INPUT OUTPUT.mp4")?;
    Ok(block_on(run(&input, &output))?)
}

pub(crate) async fn run(input: &str, output: &str) -> Result<()> {
    let asset = Asset::open(input)?;
    let export = ExportSession::new(&asset, Preset::MediumQuality).start(output, FileType::Mp4);
    let mut states = export.states(None);
    while let Some(state) = states.next_state().await {
        if let ExportState::Exporting(progress) = state {
            println!("{:3.0} %", progress.fraction * 100.0);
        }
    }
    println!("{} bytes", export.await?.bytes);
    Ok(())
}

/// The smallest executor there is; yours goes here.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
