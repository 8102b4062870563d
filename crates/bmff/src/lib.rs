//! MP4 and QuickTime boxes (ISO/IEC 14496-12; QuickTime File Format), each declared once for reading, writing and
//! dumping; sample tables and the demuxer.
//!
//! [`boxes`] walks the boxes of a piece of memory, [`BoxRef::read`] reads one that is known here, and
//! [`Writer`] writes them.
#![forbid(unsafe_code)]

mod declare;
mod header;
mod packed;
mod reader;
mod walk;
mod writer;

pub use declare::{BoxBody, Field, Fields, Rest, Version, Wide};
pub use header::BoxHeader;
pub use packed::{Counted, Entry, Packed};
pub use reader::{BoxPath, Reader};
pub use walk::{BoxRef, Boxes, boxes, boxes_at};
pub use writer::Writer;
