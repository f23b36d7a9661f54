//! Encodings: which one a file is in, by its byte order mark and its bytes, and reading and writing text in it.

use std::io::{self, BufRead, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    CoderResult, Decoder, EncoderResult, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE,
};

/// Bytes that are decoded at once.
const CHUNK: usize = 1 << 16;

/// In which encoding the beginning of a file is, and how long its byte order mark is.
///
/// `samples` are parts of the file, the beginning first; `is_whole` says that this is all of it.
pub fn detect(samples: &[&[u8]], is_whole: bool) -> (&'static Encoding, usize) {
    let head = samples.first().copied().unwrap_or_default();
    if let Some(found) = Encoding::for_bom(head) {
        return found;
    }
    if let Some(encoding) = utf_16(head) {
        return (encoding, 0);
    }
    if is_utf_8(samples, is_whole) {
        return (UTF_8, 0);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for (index, sample) in samples.iter().enumerate() {
        detector.feed(sample, index + 1 == samples.len());
    }
    let guess = detector.guess(None, Utf8Detection::Deny);
    // GB18030 reads all that GBK does.
    (if guess == GBK { GB18030 } else { guess }, 0)
}

/// Whether all is UTF-8, or nearly all of what is not ASCII: a file that is put together of several may hold a line of
/// another encoding.
fn is_utf_8(samples: &[&[u8]], is_whole: bool) -> bool {
    let (mut valid, mut invalid) = (0, 0);
    for (index, sample) in samples.iter().enumerate() {
        let mut chunks = sample.utf8_chunks().peekable();
        let mut is_first = true;
        while let Some(chunk) = chunks.next() {
            valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            // A part may begin within a character, and end in one.
            let is_cut = (index > 0 && is_first) || (!is_whole && chunks.peek().is_none());
            invalid += usize::from(!chunk.invalid().is_empty() && !is_cut);
            is_first = is_first && chunk.valid().is_empty();
        }
    }
    invalid * 20 <= valid
}

/// UTF-16 without a byte order mark: much of it has a zero in each second byte.
fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    let few = pairs.len() / 10;
    let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let is_text =
        |zeros: usize, others: usize| pairs.len() > 1 && zeros > pairs.len() / 3 && others <= few;
    match () {
        () if is_text(second, first) => Some(UTF_16LE),
        () if is_text(first, second) => Some(UTF_16BE),
        () => None,
    }
}

/// A file as UTF-8. What is no character of its encoding becomes U+FFFD.
pub struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    input: Vec<u8>,
    output: Vec<u8>,
    /// How much of `output` was read.
    start: usize,
    is_done: bool,
    has_replaced: bool,
    last_visible: Option<u8>,
}

impl<R: Read> Decoded<R> {
    /// Reads `reader` in an encoding. A byte order mark is left out.
    pub fn new(reader: R, encoding: &'static Encoding) -> Self {
        Self {
            reader,
            decoder: encoding.new_decoder_with_bom_removal(),
            input: vec![0; CHUNK],
            output: Vec::new(),
            start: 0,
            is_done: false,
            has_replaced: false,
            last_visible: None,
        }
    }

    /// The last byte decoded so far that ends no line.
    pub(super) fn last_visible(&self) -> Option<u8> {
        self.last_visible
    }

    /// Whether something was no character of the encoding.
    pub fn has_replaced(&self) -> bool {
        self.has_replaced
    }

    fn fill(&mut self) -> io::Result<()> {
        self.start = 0;
        self.output.clear();
        while self.output.is_empty() && !self.is_done {
            let read = match self.reader.read(&mut self.input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            self.is_done = read == 0;
            let mut from = &self.input[..read];
            let most = self
                .decoder
                .max_utf8_buffer_length(from.len())
                .unwrap_or(4 * CHUNK);
            self.output.resize(most, 0);
            let mut written = 0;
            loop {
                let (result, read, wrote, had_errors) =
                    self.decoder
                        .decode_to_utf8(from, &mut self.output[written..], self.is_done);
                from = &from[read..];
                written += wrote;
                self.has_replaced |= had_errors;
                if result == CoderResult::InputEmpty {
                    break;
                }
                self.output.resize(self.output.len() + CHUNK, 0);
            }
            self.output.truncate(written);
            let mut visible = self
                .output
                .iter()
                .rev()
                .filter(|byte| !b"\r\n".contains(byte));
            self.last_visible = visible.next().copied().or(self.last_visible);
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.output.len() {
            self.fill()?;
        }
        Ok(&self.output[self.start..])
    }

    fn consume(&mut self, amount: usize) {
        self.start = (self.start + amount).min(self.output.len());
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(to)?;
        self.consume(read);
        Ok(read)
    }
}

/// Appends `text` in an encoding. What the encoding lacks becomes a question mark.
pub fn encode(text: &str, encoding: &'static Encoding, to: &mut Vec<u8>) {
    if encoding == UTF_8 {
        to.extend_from_slice(text.as_bytes());
    } else if encoding == UTF_16LE {
        to.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    } else if encoding == UTF_16BE {
        to.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    } else {
        let mut encoder = encoding.new_encoder();
        let mut rest = text;
        loop {
            let most = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
            to.reserve(most.unwrap_or(4 * rest.len()) + 1);
            let (result, read) =
                encoder.encode_from_utf8_to_vec_without_replacement(rest, to, true);
            rest = &rest[read..];
            match result {
                EncoderResult::InputEmpty => return,
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(_) => to.push(b'?'),
            }
        }
    }
}

/// The byte order mark of an encoding that has one.
pub fn byte_order_mark(encoding: &'static Encoding) -> &'static [u8] {
    match () {
        () if encoding == UTF_8 => b"\xef\xbb\xbf",
        () if encoding == UTF_16LE => b"\xff\xfe",
        () if encoding == UTF_16BE => b"\xfe\xff",
        () => b"",
    }
}
