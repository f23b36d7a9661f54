//! The cells of a table, in blocks of about a megabyte: a file of 100 MB is never one string, and takes little more here
//! than on the disk.

/// A block is full at this many bytes of text.
const BLOCK_BYTES: usize = 1 << 20;

/// What a cell holds, so that it is saved as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    Text,
    /// A number of a workbook.
    Number,
    /// A date of a workbook, with or without a time, as ISO 8601 writes it.
    Date,
    /// `true` or `false` of a workbook.
    Bool,
    /// A value of a JSON file that is no string, as it stands there.
    Json,
    /// A JSON object without this key.
    Missing,
}

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Its text.
    pub text: &'a str,
    /// What the text stands for.
    pub kind: Kind,
}

impl<'a> Cell<'a> {
    /// A cell of text.
    pub fn text(text: &'a str) -> Self {
        Self {
            text,
            kind: Kind::Text,
        }
    }

    /// A cell that is not there.
    pub const MISSING: Cell<'static> = Cell {
        text: "",
        kind: Kind::Missing,
    };
}

/// Rows of cells. Rows may differ in length.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    blocks: Vec<Block>,
    rows: usize,
    cells: usize,
    width: usize,
}

#[derive(Debug, Clone, Default)]
struct Block {
    first_row: usize,
    text: String,
    /// Where each cell ends in `text`.
    ends: Vec<u32>,
    /// Where each row ends in `ends`.
    rows: Vec<u32>,
    /// What each cell is; empty as long as all are text.
    kinds: Vec<Kind>,
}

impl Cells {
    /// Appends a row.
    pub fn push<'a>(&mut self, row: impl IntoIterator<Item = Cell<'a>>) {
        let is_full = |block: &Block| block.text.len() >= BLOCK_BYTES;
        if self.blocks.last().is_none_or(is_full) {
            if let Some(full) = self.blocks.last_mut() {
                full.text.shrink_to_fit();
                full.ends.shrink_to_fit();
                full.rows.shrink_to_fit();
            }
            self.blocks.push(Block {
                first_row: self.rows,
                ..Block::default()
            });
        }
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let before = block.ends.len();
        for cell in row {
            if cell.kind != Kind::Text && block.kinds.is_empty() {
                block.kinds.resize(block.ends.len(), Kind::Text);
            }
            if cell.kind != Kind::Text || !block.kinds.is_empty() {
                block.kinds.push(cell.kind);
            }
            block.text.push_str(cell.text);
            block.ends.push(block.text.len() as u32);
        }
        block.rows.push(block.ends.len() as u32);
        let width = block.ends.len() - before;
        self.rows += 1;
        self.cells += width;
        self.width = self.width.max(width);
    }

    /// Takes the last row away.
    pub fn pop(&mut self) {
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let Some(end) = block.rows.pop() else {
            return;
        };
        let start = block.rows.last().copied().unwrap_or(0);
        block.ends.truncate(start as usize);
        block.kinds.truncate(start as usize);
        let text = block.ends.last().copied().unwrap_or(0);
        block.text.truncate(text as usize);
        self.rows -= 1;
        self.cells -= (end - start) as usize;
        if block.rows.is_empty() {
            self.blocks.pop();
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// How many cells there are.
    pub fn count(&self) -> usize {
        self.cells
    }

    /// The number of cells of the longest row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A row by its number, from 0. Beyond the last one a row is empty.
    pub fn row(&self, row: usize) -> Row<'_> {
        let after = self.blocks.partition_point(|block| block.first_row <= row);
        let place = |block: &Block| {
            let at = row - block.first_row;
            let end = *block.rows.get(at)? as usize;
            let start = at.checked_sub(1).map_or(0, |at| block.rows[at] as usize);
            Some((start, end))
        };
        match after.checked_sub(1).map(|at| &self.blocks[at]) {
            Some(block) => match place(block) {
                Some((start, end)) => Row {
                    block: Some(block),
                    start,
                    end,
                },
                None => Row::default(),
            },
            None => Row::default(),
        }
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows).map(|row| self.row(row))
    }
}

/// A row of [`Cells`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Row<'a> {
    block: Option<&'a Block>,
    start: usize,
    end: usize,
}

impl<'a> Row<'a> {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The cell of a column, if the row is that long.
    pub fn get(&self, column: usize) -> Option<Cell<'a>> {
        let at = self.start + column;
        let block = self.block.filter(|_| at < self.end)?;
        let start = at.checked_sub(1).map_or(0, |at| block.ends[at] as usize);
        Some(Cell {
            text: &block.text[start..block.ends[at] as usize],
            kind: block.kinds.get(at).copied().unwrap_or(Kind::Text),
        })
    }

    /// The text of a column; empty if the row is not that long.
    pub fn text(&self, column: usize) -> &'a str {
        self.get(column).map_or("", |cell| cell.text)
    }

    /// Its cells.
    pub fn iter(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let row = *self;
        (0..row.len()).filter_map(move |column| row.get(column))
    }
}
