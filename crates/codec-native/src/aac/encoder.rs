use reelwright_bitstream::BitWriter;
use reelwright_bitstream::aac::bands::LONG;
use reelwright_media::{Error, ErrorKind, Result};

use super::analysis::{Analyzer, Channel};
use super::block::{Block, Content, Grid, MAX_BANDS, Sequence};
use super::coded::Coded;
use super::layout::{Element, Elements};
use super::rate::{Bounds, Control};
use super::search::Search;
use super::settings::{Rate, Settings};
use super::shaping::{Filter, Shaper};
use super::syntax::{self, Id};
use super::{stereo, transient};

/// Samples beyond this magnitude are clipped: 18 dB above full scale.
const CLIP: f32 = 8.0;

/// Below this, in Hz, ears know noise from noise.
const NOISE_HERTZ: u32 = 4000;

/// One raw data block: what MP4 stores as one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The bytes of `raw_data_block`.
    pub data: Vec<u8>,
    /// Where its 1024 frames begin in what a decoder puts out, from 0 on, priming included.
    pub position: u64,
    /// Frames at its end that were never fed: not 0 in the last packet only, and below 1024.
    pub padding: u32,
}

/// An AAC LC encoder.
///
/// Of `n` frames fed, packets for `1024 + n` frames come out, rounded up to a whole packet: a decoder's first
/// [`Encoder::DELAY`] frames are priming and the last packet's [`Packet::padding`] frames are to be dropped. No frames fed
/// give no packets. The same input gives the same bytes, however it was cut into blocks.
pub struct Encoder {
    settings: Settings,
    config: Vec<u8>,
    analyzer: Analyzer,
    shaper: Shaper,
    /// From this line on, noise may stand for what is silenced.
    noise_from: usize,
    control: Control,
    channels: Vec<Channel>,
    jobs: Vec<Job>,
    /// Fed and not yet a whole block, per channel.
    pending: Vec<Vec<f32>>,
    /// Frames fed.
    fed: u64,
    /// Blocks taken in, padding included.
    blocks: u64,
    finished: bool,
}

/// An element on its way through a frame.
struct Job {
    element: Element,
    /// Of its channels among those fed.
    places: Vec<usize>,
    tag: u64,
    grid: Grid,
    joint: [bool; MAX_BANDS],
    blocks: Vec<Block>,
    filters: Vec<Option<Filter>>,
    searches: Vec<Search>,
    coded: Vec<Coded>,
}

impl Encoder {
    /// Frames a decoder puts out before the first that was fed: one block, with which the first one overlaps.
    pub const DELAY: u32 = LONG as u32;

    /// Makes an encoder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for sample rates and layouts AAC has no code for and for rates no packet can have,
    /// [`ErrorKind::Misuse`] for a quality outside 0 to 1.
    pub fn new(settings: Settings) -> Result<Self> {
        let rate_index = settings.rate_index()?;
        let elements = Elements::new(&settings.layout)?;
        check_rate(&settings, elements.considered())?;
        let analyzer =
            Analyzer::new(rate_index, bandwidth(&settings, elements.considered()), settings.window);
        let control = Control::new(settings.rate, settings.sample_rate, elements.considered());
        let count = settings.layout.count();
        let line = (NOISE_HERTZ * 2 * LONG as u32).div_ceil(settings.sample_rate) as usize;
        let jobs = elements.list.iter().enumerate().map(|(index, &element)| {
            let places = match element {
                Element::Single(place) | Element::Lfe(place) => vec![place],
                Element::Pair(left, right) => vec![left, right],
            };
            let channels = places.len();
            Job {
                element,
                places,
                tag: elements.tag(index),
                grid: Grid::default(),
                joint: [false; MAX_BANDS],
                blocks: vec![Block::default(); channels],
                filters: vec![None; channels],
                searches: (0..channels).map(|_| Search::default()).collect(),
                coded: vec![Coded::default(); channels],
            }
        });
        Ok(Self {
            config: elements.config(rate_index),
            jobs: jobs.collect(),
            analyzer,
            shaper: Shaper::new(rate_index),
            noise_from: if settings.noise_substitution { line } else { usize::MAX },
            control,
            channels: vec![Channel::default(); count],
            pending: vec![Vec::with_capacity(LONG); count],
            settings,
            fed: 0,
            blocks: 0,
            finished: false,
        })
    }

    /// The AudioSpecificConfig, for `esds`.
    pub fn audio_specific_config(&self) -> &[u8] {
        &self.config
    }

    /// What the encoder was made with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Feeds PCM, one slice per channel in the layout's order, full scale from -1 to 1; `out` gets the packets that are
    /// ready.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`] for another number of channels, channels of different lengths, or after
    /// [`Self::finish`]; [`ErrorKind::Encode`] for samples that are no numbers or infinite. Nothing is taken in then.
    pub fn encode(&mut self, planes: &[&[f32]], out: &mut dyn FnMut(Packet)) -> Result<()> {
        if self.finished {
            return Err(Error::misuse("this AAC encoder is finished"));
        }
        let frames = planes.first().map_or(0, |plane| plane.len());
        if planes.len() != self.channels.len() || planes.iter().any(|plane| plane.len() != frames) {
            let lengths: Vec<usize> = planes.iter().map(|plane| plane.len()).collect();
            let channels = self.channels.len();
            return Err(Error::misuse(format!(
                "{channels} channels of one length are wanted, not {lengths:?}"
            )));
        }
        for (channel, plane) in planes.iter().enumerate() {
            if let Some(frame) = plane.iter().position(|sample| !sample.is_finite()) {
                let message =
                    format!("channel {channel}, frame {}: {}", self.fed + frame as u64, plane[frame]);
                return Err(Error::new(ErrorKind::Encode, message).with_hint("AAC needs finite samples"));
            }
        }
        let mut start = 0;
        while start < frames {
            let room = LONG - self.pending[0].len();
            let end = frames.min(start + room);
            for (pending, plane) in self.pending.iter_mut().zip(planes) {
                // The coder works in units of 16 bits.
                pending.extend(plane[start..end].iter().map(|s| s.clamp(-CLIP, CLIP) * 32_768.0));
            }
            self.fed += (end - start) as u64;
            start = end;
            if self.pending[0].len() == LONG {
                self.take_block(out);
            }
        }
        Ok(())
    }

    /// Puts out what is still inside; nothing can be fed afterwards. Finishing twice does nothing.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn finish(&mut self, out: &mut dyn FnMut(Packet)) -> Result<()> {
        if std::mem::replace(&mut self.finished, true) || self.fed == 0 {
            return Ok(());
        }
        // The rest, the block the last one overlaps with, and one to look ahead at.
        let rest = !self.pending[0].is_empty();
        for _ in 0..2 + u32::from(rest) {
            self.take_block(out);
        }
        Ok(())
    }

    /// Takes in the pending block, filled up with silence, and puts out the packet of the one before.
    fn take_block(&mut self, out: &mut dyn FnMut(Packet)) {
        for (pending, channel) in self.pending.iter_mut().zip(&mut self.channels) {
            pending.resize(LONG, 0.0);
            channel.push(pending);
            pending.clear();
        }
        self.blocks += 1;
        if self.blocks < 2 {
            return;
        }
        let position = (self.blocks - 2) * LONG as u64;
        let data = self.frame();
        let end = position + LONG as u64;
        let padding = end.saturating_sub(self.fed + u64::from(Self::DELAY));
        out(Packet { data, position, padding: padding as u32 });
    }

    /// Encodes the frame of the two older of the three blocks every channel holds.
    fn frame(&mut self) -> Vec<u8> {
        let mut silent = true;
        let price = self.control.price();
        for job in &mut self.jobs {
            silent &= job.analyze(&mut self.analyzer, &mut self.channels);
            if !matches!(job.element, Element::Lfe(_)) {
                self.shaper.shape(&job.grid, &mut job.blocks, &mut job.filters);
            }
            job.load(price, self.noise_from);
        }
        let bounds = self.control.bounds();
        let bits = self.search(price, bounds, silent);
        let mut writer = BitWriter::new();
        self.jobs.iter().for_each(|job| job.write(&mut writer));
        // What is too short for an element, the last byte's alignment fills.
        syntax::write_fill(&mut writer, bounds.least.saturating_sub(bits + syntax::END_BITS));
        writer.bits(Id::End as u64, 3);
        let data = writer.finish();
        let lines =
            self.jobs.iter().flat_map(|job| job.coded.iter().map(|coded| coded.lines(&job.grid))).sum();
        self.control.spent(data.len() as u32 * 8, lines, silent);
        data
    }

    /// Codes all elements at `price`, or dearer where they don't fit; gives their bits.
    fn search(&mut self, price: f32, bounds: Bounds, silent: bool) -> u32 {
        let mut price = price;
        let mut bits = self.run(price);
        if let (Some(wanted), false) = (self.control.wanted(), silent) {
            // Twice the price saves at most a fifth of the bits or so.
            for _ in 0..8 {
                let ratio = f64::from(bits) / wanted;
                if (0.9..1.1).contains(&ratio) {
                    break;
                }
                price = (price * (ratio.ln() * 4.0).clamp(-4.0, 4.0).exp2() as f32).clamp(1e-6, 1e7);
                bits = self.run(price);
            }
            self.control.calibrate(price);
        }
        let room = bounds.most.saturating_sub(syntax::END_BITS);
        let tried = price;
        while bits > room && price < 1e12 {
            // Twice the price saves a quarter of the bits or less; a few percent too many saved do less harm than trying often.
            price *= (f64::from(bits) / f64::from(room.max(1))).powi(4).clamp(1.5, 64.0) as f32;
            bits = self.run(price);
        }
        self.control.raise(price / tried);
        bits
    }

    fn run(&mut self, price: f32) -> u32 {
        self.jobs.iter_mut().map(|job| job.run(price)).sum()
    }
}

impl Job {
    /// Cuts the element's channels into bands of lines; says whether all was silent.
    fn analyze(&mut self, analyzer: &mut Analyzer, channels: &mut [Channel]) -> bool {
        let lfe = matches!(self.element, Element::Lfe(_));
        let need = |offset: usize| {
            !lfe && self.places.iter().any(|&place| {
                let attacks = &channels[place].attacks;
                transient::needs_short(attacks[offset], attacks[offset + 1])
            })
        };
        let previous = channels[self.places[0]].sequence;
        let sequence = Sequence::choose(previous, need(0), need(1));
        self.places.iter().for_each(|&place| analyzer.transform(sequence, &mut channels[place]));
        analyzer.cut(&mut self.grid, sequence, lfe, &self.places, channels);
        let mut silent = true;
        for (&place, block) in self.places.iter().zip(&mut self.blocks) {
            silent &= analyzer.weigh(&self.grid, &mut channels[place], block);
        }
        silent
    }

    /// Chooses how a pair is coded; noise may stand for lines from `noise_from` on.
    fn load(&mut self, price: f32, noise_from: usize) {
        if self.blocks.len() == 2 {
            self.joint = stereo::decide(&self.grid, &mut self.blocks, price);
        }
        let long = self.grid.sequence != Sequence::Short;
        let last = self.blocks.len() - 1;
        for (search, block) in self.searches.iter_mut().zip(&self.blocks) {
            search.load(&self.grid, block, |band| {
                let alone = !self.joint[band] && self.blocks[last].contents[band] == Content::Lines;
                long && alone && self.grid.lines(band).start >= noise_from
            });
        }
    }

    fn run(&mut self, price: f32) -> u32 {
        for ((search, block), coded) in self.searches.iter_mut().zip(&self.blocks).zip(&mut self.coded) {
            search.run(&self.grid, block, price, coded);
        }
        match &self.coded[..] {
            [coded] => syntax::single_bits(&self.grid, coded, &self.filters),
            coded => syntax::pair_bits(&self.grid, &self.joint, coded, &self.filters),
        }
    }

    fn write(&self, writer: &mut BitWriter) {
        let (grid, filters) = (&self.grid, &self.filters);
        match (self.element, &self.coded[..]) {
            (Element::Lfe(_), [coded]) => {
                syntax::write_single(writer, Id::Lfe, self.tag, grid, coded, filters)
            }
            (_, [coded]) => syntax::write_single(writer, Id::Single, self.tag, grid, coded, filters),
            (_, coded) => syntax::write_pair(writer, self.tag, grid, &self.joint, coded, filters),
        }
    }
}

fn check_rate(settings: &Settings, considered: usize) -> Result<()> {
    let most =
        super::rate::BUFFER as f64 * considered.max(1) as f64 * f64::from(settings.sample_rate) / LONG as f64;
    match settings.rate {
        Rate::Constant(bits) | Rate::Average(bits) => {
            let least = 4000 * considered.max(1) as u32;
            if bits < least || f64::from(bits) > most {
                return Err(Error::unsupported(format!(
                    "AAC of {bits} bit/s; {least} to {} are possible here",
                    most as u32
                )));
            }
        }
        Rate::Variable(quality) => {
            if !(0.0..=1.0).contains(&quality) {
                return Err(Error::misuse(format!("a quality of {quality}; 0.0 to 1.0 are possible")));
            }
        }
    }
    Ok(())
}

/// The highest frequency worth coding, in Hz.
fn bandwidth(settings: &Settings, considered: usize) -> f32 {
    let nyquist = settings.sample_rate as f32 / 2.0;
    if let Some(bandwidth) = settings.bandwidth {
        return (bandwidth as f32).clamp(1000.0, nyquist);
    }
    let per_channel = match settings.rate {
        Rate::Constant(bits) | Rate::Average(bits) => bits as f32 / considered.max(1) as f32,
        Rate::Variable(quality) => 16_000.0 * (quality * 4.0).exp2(),
    };
    // Hertz by bits per second of a channel, between these points.
    const POINTS: [(f32, f32); 8] = [
        (8_000.0, 5_500.0),
        (16_000.0, 9_000.0),
        (24_000.0, 13_000.0),
        (32_000.0, 15_500.0),
        (48_000.0, 17_500.0),
        (64_000.0, 18_500.0),
        (96_000.0, 20_000.0),
        (128_000.0, 20_500.0),
    ];
    let above = POINTS.iter().position(|point| point.0 >= per_channel);
    let hertz = match above {
        Some(0) => POINTS[0].1,
        Some(index) => {
            let ((x0, y0), (x1, y1)) = (POINTS[index - 1], POINTS[index]);
            y0 + (y1 - y0) * (per_channel - x0) / (x1 - x0)
        }
        None => 20_500.0,
    };
    hertz.min(nyquist)
}
