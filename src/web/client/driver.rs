//! A reader with its client. The client may tell of something while the reader is at work with it: that waits, so that neither is
//! entered twice.

use std::cell::{Ref, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::handle::Client;
use super::queue::Event;
use super::reader::Reader;

/// See the [module](self). Whoever is told of an event [pushes](Self::push) it, and then takes what is [next](Self::next).
pub struct Driver {
    /// `None` before there is one, and once it was disposed of.
    client: Rc<RefCell<Option<Client>>>,
    reader: RefCell<Reader>,
    events: RefCell<VecDeque<Event>>,
}

impl Driver {
    /// A reader whose requests go to `client`.
    pub fn new(client: Rc<RefCell<Option<Client>>>, reader: Reader) -> Self {
        Self {
            client,
            reader: RefCell::new(reader),
            events: RefCell::default(),
        }
    }

    /// The client, if there is one.
    pub fn client(&self) -> Option<Client> {
        self.client.borrow().clone()
    }

    /// Another client, with another model: what the old one told is dropped.
    pub fn start_over(&self, reader: Reader) {
        self.reader.replace(reader);
        self.events.borrow_mut().clear();
    }

    /// Puts a client in the place of the one before, which ends.
    pub fn set_client(&self, client: Client) {
        let before = self.client.replace(Some(client));
        // Outside of the borrow, for its end may be told of.
        drop(before);
    }

    /// The reader, to look at.
    pub fn reader(&self) -> Ref<'_, Reader> {
        self.reader.borrow()
    }

    /// Lets the reader work with its client; does nothing without one.
    pub fn with<T: Default>(&self, work: impl FnOnce(&mut Reader, &Client) -> T) -> T {
        match self.client() {
            Some(client) => work(&mut self.reader.borrow_mut(), &client),
            None => T::default(),
        }
    }

    /// Notes what the client has told.
    pub fn push(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    /// The next thing that the client has told, after the reader took it, and whether that changed what is known of the
    /// document. `None` while the reader is at work.
    pub fn next(&self) -> Option<(Event, bool)> {
        self.reader.try_borrow_mut().ok()?;
        let event = self.events.borrow_mut().pop_front()?;
        let has_changed = self.with(|reader, client| match &event {
            Event::Classified { seq, prediction } => reader.classified(client, *seq, prediction),
            Event::Failed { seq: Some(seq), .. } => reader.failed(client, *seq),
            Event::Failed { seq: None, .. } => {
                reader.stopped();
                false
            }
            Event::Ready(_) => {
                reader.resume(client);
                false
            }
            _ => false,
        });
        Some((event, has_changed))
    }
}
